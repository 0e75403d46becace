"""Medians, their intervals against the definition of what they promise, and verdicts."""

from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.comparison.intervals import (
    CONFIDENCE,
    MIN_MEASUREMENTS,
    Estimate,
    Verdict,
    estimate,
    interval_rank,
    judge,
)

values = st.lists(st.floats(0, 1e6), min_size=1, max_size=40)


def confidence(num: int, rank: int) -> Fraction:
    """How often, of all ways in which `num` values fall above and below a median, it is between these two of them."""
    inside = sum(rank <= sum(falls) <= num - rank for falls in product((0, 1), repeat=num))
    return Fraction(inside, 2**num)


@pytest.mark.parametrize("num", range(1, 15))
def test_the_interval_is_the_narrowest_that_keeps_its_promise(num: int) -> None:
    rank = interval_rank(num)
    assert rank == 0 or confidence(num, rank) >= CONFIDENCE
    assert confidence(num, rank + 1) < CONFIDENCE


def test_the_ranks_are_those_of_the_tables_for_the_median() -> None:
    assert {num: interval_rank(num) for num in (5, 6, 8, 9, 10, 20, 30, 50, 100)} == {
        5: 0,
        6: 1,
        8: 1,
        9: 2,
        10: 2,
        20: 6,
        30: 10,
        50: 18,
        100: 40,
    }
    assert interval_rank(MIN_MEASUREMENTS) > interval_rank(MIN_MEASUREMENTS - 1)


def test_six_values_are_bounded_by_the_least_and_the_largest() -> None:
    assert estimate([3.0, 1.0, 2.0, 9.0, 5.0, 4.0]) == Estimate(3.5, 1.0, 9.0, 6)


def test_fewer_values_have_a_median_and_no_interval() -> None:
    assert estimate([3.0, 1.0, 2.0]) == Estimate(2.0, None, None, 3)
    assert estimate([]) is None


@given(values)
def test_an_estimate_does_not_depend_on_the_order_and_is_made_of_what_was_measured(
    measured: list[float],
) -> None:
    found = estimate(measured)
    assert found is not None
    assert found == estimate(sorted(measured))
    if found.low is not None and found.high is not None:
        assert {found.low, found.high} <= set(measured)
        assert found.low <= found.median <= found.high


def test_a_verdict_says_by_how_much_at_least_and_at_most() -> None:
    fast, slow = Estimate(5.0, 4.0, 6.0, 6), Estimate(10.0, 8.0, 16.0, 6)
    assert judge(fast, slow) == Verdict(0.25, 0.75)
    assert judge(slow, fast) is None


def test_intervals_that_touch_allow_no_verdict() -> None:
    assert judge(Estimate(5.0, 4.0, 6.0, 6), Estimate(9.0, 6.0, 12.0, 6)) is None
    assert judge(Estimate(5.0, 4.0, 6.0, 6), Estimate(5.0, 4.0, 6.0, 6)) is None


def test_without_intervals_there_is_no_verdict() -> None:
    bare, full = Estimate(1.0, None, None, 5), Estimate(9.0, 8.0, 10.0, 6)
    assert judge(bare, full) is None
    assert judge(full, bare) is None


@given(
    values.filter(lambda some: len(some) >= MIN_MEASUREMENTS), values.filter(lambda some: len(some) >= MIN_MEASUREMENTS)
)
def test_a_verdict_holds_for_every_pair_within_the_intervals(one: list[float], other: list[float]) -> None:
    less, more = estimate(one), estimate(other)
    assert less is not None
    assert more is not None
    verdict = judge(less, more)
    assert less.low is not None and less.high is not None and more.low is not None and more.high is not None  # noqa: PT018
    assert (verdict is not None) == (less.high < more.low)
    if verdict is not None:
        for a, b in product((less.low, less.median, less.high), (more.low, more.median, more.high)):
            assert verdict.least - 1e-12 <= 1 - a / b <= verdict.most + 1e-12
