"""Places in a run, as a person names them."""

import pytest

from emulator.replay.moment import Moment, parse_moment


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("40%", Moment(40.0, True)),
        (" 12.5 % ", Moment(12.5, True)),
        ("0.12", Moment(0.12, False)),
        (".5 s", Moment(0.5, False)),
        ("3", Moment(3.0, False)),
    ],
)
def test_a_moment_is_a_percentage_or_a_time(text: str, moment: Moment) -> None:
    assert parse_moment(text) == moment


@pytest.mark.parametrize(
    "text", ["", "%", "101%", "-1", "1e3", "nan", "now", "1_0", "٣", "1.2.3", f"1{' ' * 300_000}x"]
)
def test_anything_else_is_no_moment(text: str) -> None:
    with pytest.raises(ValueError, match=r"is neither a percentage such as 40% nor a time in seconds such as 0\.12"):
        parse_moment(text)
