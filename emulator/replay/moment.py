"""A place in a run, as a person names it."""

import re
from typing import NamedTuple

MOMENT = re.compile(r"([0-9]{1,12}(?:\.[0-9]{0,12})?|\.[0-9]{1,12})\s*(%|s|)")


class Moment(NamedTuple):
    """A share of a run, or seconds since it began."""

    number: float
    is_share: bool
    """Whether the number is a percentage of the run's time; else it is seconds since the run began."""


def parse_moment(text: str) -> Moment:
    """`40%`, `0.12` or `0.12 s`. Raises `ValueError` for anything else."""
    match = MOMENT.fullmatch(text.strip())
    if match is None or (match[2] == "%" and float(match[1]) > 100):
        raise ValueError(f"{text!r:.40} is neither a percentage such as 40% nor a time in seconds such as 0.12")
    return Moment(float(match[1]), match[2] == "%")
