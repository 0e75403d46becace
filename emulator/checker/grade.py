"""Points for rules kept, for those who grade programs by their traces."""

from pathlib import Path

import msgspec

from emulator.checker.report import Report
from emulator.checker.rules import RULES
from emulator.checker.toml import read_table, shown
from emulator.errors import InputError

MAX_POINTS = 1_000_000
ADVICE = "write a table [points] with lines such as quota = 2"


class RulePoints(msgspec.Struct, frozen=True):
    """The points of one rule: all of them where it is valid, else none."""

    earned: float
    possible: float


class Grade(msgspec.Struct, frozen=True):
    """The points of a report."""

    earned: float
    possible: float
    rules: dict[str, RulePoints]
    """By name, all rules that have points."""
    not_checked: tuple[str, ...]
    """Those among them that the report has no verdict for: nothing is earned by them."""
    not_exercised: tuple[str, ...] = ()
    """Those among them for which the run gave no occasion: nothing is earned by them either."""


def read_points(path: Path) -> dict[str, float]:
    """Read a TOML file whose table `points` gives a number to rules by name. Raises `InputError`."""
    points = read_table(path, "points", ADVICE)
    if not isinstance(points, dict) or not points:
        raise InputError([f"{path}: has no table of points; {ADVICE}"])
    known = [rule.name for rule in RULES]
    problems = [f"{path}: unknown rule {name!r:.60}; known: {', '.join(known)}" for name in points if name not in known]
    problems += [
        f"{path}: the points of {name!r:.60} are {shown(value)}; give a number from 0 to {MAX_POINTS:,}"
        for name, value in points.items()
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MAX_POINTS
    ]
    if problems:
        raise InputError(problems)
    return {name: float(value) for name, value in points.items()}


def grade(report: Report, points: dict[str, float]) -> Grade:
    """What a report earns, where `points` says how many each rule is worth."""
    verdicts = {judged.rule: judged.verdict for judged in report.rules}
    rules = {name: RulePoints(value if verdicts.get(name) == "valid" else 0.0, value) for name, value in points.items()}
    earned, possible = (sum(each.earned for each in rules.values()), sum(points.values()))
    not_checked = tuple(name for name in points if name not in verdicts)
    not_exercised = tuple(name for name in points if verdicts.get(name) == "not exercised")
    return Grade(earned, possible, rules, not_checked, not_exercised)
