"""Points for rules kept, for those who grade programs by their traces."""

import tomllib
from pathlib import Path

import msgspec

from emulator.errors import InputError
from emulator.trace.checker import Report
from emulator.trace.rules import RULES


class Grade(msgspec.Struct, frozen=True):
    """The points of a report: a rule's points are earned where it is valid."""

    earned: float
    possible: float
    points: dict[str, float]
    """Points earned by rule, 0 for those that were not valid."""


def read_points(path: Path) -> dict[str, float]:
    """Read a TOML file whose table `points` gives a number to rules by name. Raises `InputError`."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError([f"{path}: cannot be read ({error.strerror}); give a TOML file"]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError([f"{path}: not TOML ({error}); write a table [points] with lines such as quota = 2"]) from None
    points = table.get("points")
    if not isinstance(points, dict) or not points:
        raise InputError([f"{path}: has no table [points]; write one, with lines such as quota = 2"])
    known = [rule.name for rule in RULES]
    problems = [f"{path}: unknown rule {name!r}; known: {', '.join(known)}" for name in points if name not in known]
    problems += [
        f"{path}: the points of {name!r} are {value!r}; give a number from 0 on"
        for name, value in points.items()
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e9
    ]
    if problems:
        raise InputError(problems)
    return {name: float(value) for name, value in points.items()}


def grade(report: Report, points: dict[str, float]) -> Grade:
    valid = {judged.rule for judged in report.rules if judged.verdict == "valid"}
    earned = {name: value if name in valid else 0.0 for name, value in points.items()}
    return Grade(sum(earned.values()), sum(points.values()), earned)
