"""Small pieces of text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.view.text import index, plural, printable, seconds


@given(st.text())
def test_nothing_that_is_shown_can_move_a_cursor_or_end_a_line(text: str) -> None:
    assert printable(text).isprintable()
    if text.isprintable():
        assert printable(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31m", r"\x1b[31m"),
        ("a\nb\tc\0", r"a\nb\tc\x00"),
        ("\u202e", r"\u202e"),
        ("\udcff", r"\udcff"),
        ("naïve файл", "naïve файл"),
        ("it's", "it's"),
    ],
)
def test_what_a_terminal_might_obey_is_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown


@pytest.mark.parametrize(
    ("duration_s", "shown"),
    [
        (None, "–"),
        (0, "0.0000 s"),
        (0.01234, "0.0123 s"),
        (0.1, "0.100 s"),
        (1.234, "1.23 s"),
        (12.34, "12.3 s"),
        (3600, "3600.0 s"),
    ],
)
def test_a_duration_has_about_three_digits_that_matter(duration_s: float | None, shown: str) -> None:
    assert seconds(duration_s) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1.0, "1.00"),
        (0.914, "0.91"),
        (0.1, "0.10"),
        (0.0999, "0.100"),
        (1 / 22, "0.045"),
        (1 / 1301, "0.00077"),
        (0, "0.00"),
    ],
)
def test_an_index_has_two_digits_that_matter_however_small_it_is(value: float, shown: str) -> None:
    assert index(value) == shown


def test_one_is_singular_and_thousands_are_grouped() -> None:
    assert [plural(count, "file") for count in (0, 1, 2, 12345)] == ["0 files", "1 file", "2 files", "12,345 files"]
