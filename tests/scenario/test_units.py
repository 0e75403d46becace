"""Quantities are read exactly, in all their units, and nothing else is."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.scenario.units import SIZES, TIMES, parse_rate, parse_size, parse_time


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1", 1),
        ("262144", 262_144),
        ("1 B", 1),
        ("256 KiB", 262_144),
        ("256KiB", 262_144),
        ("1.5 kB", 1_500),
        ("1 GiB", 2**30),
        ("4 TiB", 2**42),
        ("8 bit", 1),
        ("1 Mbit", 125_000),
        ("1 Mibit", 131_072),
    ],
)
def test_sizes(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(
    ("text", "rate"),
    [("12.5 MB/s", 12.5e6), ("100 Mbit/s", 12.5e6), ("10 Gbit/s", 1.25e9), ("0.1 kB/s", 100.0), ("7", 7.0)],
)
def test_rates(text: str, rate: float) -> None:
    assert parse_rate(text) == rate


@pytest.mark.parametrize(
    ("text", "time_s"),
    [("20 ms", 0.02), ("1.5 s", 1.5), ("250us", 0.00025), ("250 µs", 0.00025), ("2 min", 120.0), ("1 h", 3600.0)],
)
def test_times(text: str, time_s: float) -> None:
    assert parse_time(text) == time_s


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "'' is not a size such as 256 KiB or 1 MB"),
        ("-1", "'-1' is not a size such as 256 KiB or 1 MB"),
        ("1e6", "'1e6' is not a size such as 256 KiB or 1 MB"),
        ("nan", "'nan' is not a size such as 256 KiB or 1 MB"),
        ("１ B", "'１ B' is not a size such as 256 KiB or 1 MB"),
        ("1\n", "'1\\n' is not a size such as 256 KiB or 1 MB"),
        ("9" * 5_000, "'999999999999999999999999999999999999999 is not a size such as 256 KiB or 1 MB"),
        ("1.5 B", "'1.5 B' is not a whole number of bytes; take another size"),
        ("4 bit", "'4 bit' is not a whole number of bytes; take another size"),
    ],
)
def test_what_is_no_size_is_refused(text: str, problem: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        parse_size(text)
    assert str(caught.value) == problem


def test_an_unknown_unit_is_told_with_the_known_ones() -> None:
    with pytest.raises(
        ValueError, match=r"'5 m' is not a time such as 20 ms or 1\.5 s; the units are us, µs, ms, s, min, h"
    ):
        parse_time("5 m")
    with pytest.raises(
        ValueError, match=r"'5 MB' is not a rate such as 12\.5 MB/s or 100 Mbit/s; the units are B/s, .*"
    ):
        parse_rate("5 MB")


@given(st.integers(0, 10**15), st.integers(0, 10**6), st.sampled_from(sorted(SIZES)), st.sampled_from(sorted(TIMES)))
def test_a_number_is_rounded_once_at_the_end(whole: int, parts: int, size: str, time: str) -> None:
    number = Fraction(f"{whole}.{parts:06}")
    assert parse_rate(f"{whole}.{parts:06} {size}/s") == float(number * SIZES[size])
    assert parse_time(f"{whole}.{parts:06} {time}") == float(number * TIMES[time])
