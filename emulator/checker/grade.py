"""Points for rules kept, for those who grade programs by their traces."""

import stat
import tomllib
from pathlib import Path

import msgspec

from emulator.checker.report import Report
from emulator.checker.rules import RULES
from emulator.errors import InputError

MOST_BYTES = 1 << 18
MOST_DOTS = 200
"""In one line. `tomllib` takes time and memory that grow with the square of the parts of a dotted key."""
MOST_POINTS = 1_000_000
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


def read_points(path: Path) -> dict[str, float]:
    """Read a TOML file whose table `points` gives a number to rules by name. Raises `InputError`."""
    points = _read_table(path)
    if not isinstance(points, dict) or not points:
        raise InputError([f"{path}: has no table of points; {ADVICE}"])
    known = [rule.name for rule in RULES]
    problems = [f"{path}: unknown rule {name!r:.60}; known: {', '.join(known)}" for name in points if name not in known]
    problems += [
        f"{path}: the points of {name!r:.60} are {_shown(value)}; give a number from 0 to {MOST_POINTS:,}"
        for name, value in points.items()
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MOST_POINTS
    ]
    if problems:
        raise InputError(problems)
    return {name: float(value) for name, value in points.items()}


def _read_table(path: Path) -> object:
    try:
        # Reading a pipe or a device as if it were a file would wait for ever.
        if not stat.S_ISREG(path.stat().st_mode):
            raise InputError([f"{path}: not a regular file; give a TOML file"])
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise InputError([f"{path}: cannot be read ({error.strerror}); give a TOML file"]) from error
    if len(data) > MOST_BYTES:
        raise InputError([f"{path}: more than {MOST_BYTES:,} bytes; give a TOML file with points for rules"])
    if any(line.count(b".") > MOST_DOTS for line in data.split(b"\n")):
        raise InputError([f"{path}: more than {MOST_DOTS} dots in one line; {ADVICE}"])
    try:
        return tomllib.loads(data.decode()).get("points")
    except (ValueError, RecursionError) as error:  # also for what is not UTF-8, and for numbers of thousands of digits
        raise InputError([f"{path}: not TOML ({error}); {ADVICE}"]) from None


def _shown(value: object) -> str:
    try:
        return f"{value!r:.60}"
    except ValueError:
        return "a number of thousands of digits"  # which Python refuses to write


def grade(report: Report, points: dict[str, float]) -> Grade:
    """What a report earns, where `points` says how many each rule is worth."""
    verdicts = {judged.rule: judged.verdict for judged in report.rules}
    rules = {name: RulePoints(value if verdicts.get(name) == "valid" else 0.0, value) for name, value in points.items()}
    earned, possible = (sum(each.earned for each in rules.values()), sum(points.values()))
    return Grade(earned, possible, rules, tuple(name for name in points if name not in verdicts))
