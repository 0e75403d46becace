"""Points for rules: every file of points is either read or refused in one line, and sums are right."""

import os
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.checker.grade import MAX_POINTS, Grade, RulePoints, grade, read_points
from emulator.checker.report import Report, RuleVerdict, Verdict
from emulator.checker.rules import RULES
from emulator.errors import InputError

KNOWN = ", ".join(rule.name for rule in RULES)
VERDICTS: list[Verdict] = ["valid", "invalid", "unknown"]


def report_of(verdicts: dict[str, Verdict]) -> Report:
    judged = tuple(RuleVerdict(name, (), "", verdict, 0, ()) for name, verdict in verdicts.items())
    return Report("valid", judged, 0, False, "complete")


def problem_of(path: Path) -> str:
    """The one problem of a file of points, after its name."""
    with pytest.raises(InputError) as caught:
        read_points(path)
    (problem,) = caught.value.problems
    assert "\n" not in problem
    return problem.removeprefix(f"{path}: ")


# Grading


@given(
    st.dictionaries(st.sampled_from([rule.name for rule in RULES]), st.sampled_from(VERDICTS)),
    st.dictionaries(st.sampled_from([rule.name for rule in RULES]), st.integers(0, 100).map(float)),
)
def test_a_rule_earns_all_its_points_where_it_is_valid_and_none_elsewhere(
    verdicts: dict[str, Verdict], points: dict[str, float]
) -> None:
    graded = grade(report_of(verdicts), points)
    assert graded.earned == sum(points[name] for name in points if verdicts.get(name) == "valid")
    assert graded.possible == sum(points.values())
    assert {name: each.possible for name, each in graded.rules.items()} == points
    assert sum(each.earned for each in graded.rules.values()) == graded.earned
    assert set(graded.not_checked) == points.keys() - verdicts.keys()


def test_a_grade_says_which_rule_earned_what() -> None:
    graded = grade(report_of({"quota": "valid", "stop": "unknown"}), {"stop": 1.0, "quota": 2.5, "inputs": 4.0})
    rules = {"stop": RulePoints(0.0, 1.0), "quota": RulePoints(2.5, 2.5), "inputs": RulePoints(0.0, 4.0)}
    assert graded == Grade(2.5, 7.5, rules, ("inputs",))
    assert msgspec.to_builtins(graded)["rules"]["quota"] == {"earned": 2.5, "possible": 2.5}


# Reading


@given(st.dictionaries(st.sampled_from([rule.name for rule in RULES]), st.floats(0, MAX_POINTS), min_size=1))
def test_any_points_are_read_as_they_were_written(
    tmp_path_factory: pytest.TempPathFactory, points: dict[str, float]
) -> None:
    path = tmp_path_factory.getbasetemp() / "points.toml"
    path.write_text("[points]\n" + "".join(f"{name} = {value!r}\n" for name, value in points.items()))
    assert read_points(path) == points


def test_whole_numbers_comments_and_other_tables_are_fine(tmp_path: Path) -> None:
    path = tmp_path / "points.toml"
    path.write_text('title = "exercise 3"\n[points]\nquota = 2  # D3\n"two-misses" = 0.5\n[other]\nquota = -1\n')
    assert read_points(path) == {"quota": 2.0, "two-misses": 0.5}


ADVICE = "write a table [points] with lines such as quota = 2"
RANGE = "give a number from 0 to 1,000,000"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", f"has no table of points; {ADVICE}"),
        ("[points]", f"has no table of points; {ADVICE}"),
        ("points = 3", f"has no table of points; {ADVICE}"),
        ("quota = 3", f"has no table of points; {ADVICE}"),
        ("[points]\nquotas = 3", f"unknown rule 'quotas'; known: {KNOWN}"),
        ("[points]\nquota = -1", f"the points of 'quota' are -1; {RANGE}"),
        ("[points]\nquota = 1000000.5", f"the points of 'quota' are 1000000.5; {RANGE}"),
        ("[points]\nquota = nan", f"the points of 'quota' are nan; {RANGE}"),
        ("[points]\nquota = inf", f"the points of 'quota' are inf; {RANGE}"),
        ("[points]\nquota = true", f"the points of 'quota' are True; {RANGE}"),
        ("[points]\nquota = '2'", f"the points of 'quota' are '2'; {RANGE}"),
        (f"[points]\nquota = '{'2' * 99}'", f"the points of 'quota' are '{'2' * 59}; {RANGE}"),
        ("[points.quota]\nvalue = 2", f"the points of 'quota' are {{'value': 2}}; {RANGE}"),
        (f"[points]\nquota = 0x{'f' * 5000}", f"the points of 'quota' are a number of thousands of digits; {RANGE}"),
    ],
)
def test_what_are_no_points_is_said_in_one_line(tmp_path: Path, content: str, problem: str) -> None:
    path = tmp_path / "points.toml"
    path.write_text(content)
    assert problem_of(path) == problem


@pytest.mark.parametrize(
    "content",
    [b"points", b"[points]\nquota = 2\nquota = 3", b"\xff", b"quota = " + b"9" * 5000, b"quota = " + b"[" * 100_000],
    ids=["no value", "twice", "not UTF-8", "too many digits", "too deep"],
)
def test_what_is_not_toml_is_said_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "points.toml"
    path.write_bytes(content)
    problem = problem_of(path)
    assert problem.startswith("not TOML (")
    assert problem.endswith(f"); {ADVICE}")


def test_all_that_is_wrong_with_points_is_said_at_once(tmp_path: Path) -> None:
    path = tmp_path / "points.toml"
    path.write_text("[points]\nquota = -1\nluck = 3\nstop = false\n")
    with pytest.raises(InputError) as caught:
        read_points(path)
    assert [problem.split("; ")[0].removeprefix(f"{path}: ") for problem in caught.value.problems] == [
        "unknown rule 'luck'",
        "the points of 'quota' are -1",
        "the points of 'stop' are False",
    ]


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    assert problem_of(tmp_path / "gone") == "cannot be read (No such file or directory); give a TOML file"


@pytest.mark.parametrize("kind", ["folder", "pipe", "device"])
def test_what_is_no_file_is_told_and_not_waited_for(tmp_path: Path, kind: str) -> None:
    path = {"folder": tmp_path, "pipe": tmp_path / "pipe", "device": Path("/dev/zero")}[kind]
    os.mkfifo(tmp_path / "pipe")
    assert problem_of(path) == "not a regular file; give a TOML file"


def test_a_file_that_is_far_too_long_is_not_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "points.toml"
    path.touch()
    os.truncate(path, 1 << 40)
    assert problem_of(path) == f"more than 262,144 bytes; {ADVICE}"


def test_a_key_of_thousands_of_parts_is_refused_before_it_takes_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "points.toml"
    path.write_text("[points]\n" + "a." * 100_000 + "a = 1\n")
    assert problem_of(path) == f"more than 200 dots in one line; {ADVICE}"
