"""What the checker says to a person, of reports made by hand."""

import msgspec
import pytest

from emulator.checker.findings import Violation
from emulator.checker.grade import grade
from emulator.checker.report import Report, RuleVerdict, Verdict
from emulator.checker.rule import Rule
from emulator.checker.rules import CLOSED_ONCE, EVERYTHING_COMPLETE, INPUTS, LEAST_CONNECTED, QUOTA, RULES
from emulator.checker.waits import Wait
from emulator.view.summary.verdict import report_summary, shown_lines
from tests.view.screens import HOSTILE, HOSTILE_SHOWN, lines_of

QUOTED = {number: f'{{"event":"Sent","number":{number}}}' for number in range(1, 100)}


def violation(rule: Rule, *lines: int, text: str = "client 2 does it", expected: str = "it does not") -> Violation:
    return Violation(rule.name, rule.steps, text, expected, lines)


def judged(rule: Rule, verdict: Verdict, *violations: Violation, count: int = 0, reason: str = "") -> RuleVerdict:
    num = count or len(violations)
    return RuleVerdict(rule.name, rule.steps, rule.text, verdict, num, violations, reason)


def report(*rules: RuleVerdict, end: str = "complete") -> Report:
    said = {rule.verdict for rule in rules}
    worst: Verdict = "invalid" if "invalid" in said else "unknown" if "unknown" in said else "valid"
    return Report(worst, rules, 1234, end != "complete", end)


VALID = report(judged(QUOTA, "valid"), judged(CLOSED_ONCE, "valid"))
MIXED = report(
    judged(QUOTA, "valid"),
    judged(CLOSED_ONCE, "invalid", violation(CLOSED_ONCE, 7, 12)),
    judged(EVERYTHING_COMPLETE, "unknown", reason="the trace ends before the run did"),
    end="cut: ended by SIGINT",
)


def test_every_rule_has_a_row_with_its_verdict_what_must_be_true_and_its_steps() -> None:
    told: dict[str, tuple[str, str]] = {}
    rule = ""
    for row in (line for line in lines_of(report_summary(MIXED, QUOTED), width=120) if line.startswith("│")):
        name, verdict, text = (cell.strip() for cell in row.strip("│").split("│"))
        rule = name or rule
        before = told.get(rule, ("", ""))
        told[rule] = (before[0] + verdict, f"{before[1]} {text}".strip())
    assert told == {
        "quota": ("valid", f"{QUOTA.text} (D3)"),
        "closed-once": ("invalid (1)", f"{CLOSED_ONCE.text} (D4, D6, U4)"),
        "everything-complete": (
            "unknown",
            f"{EVERYTHING_COMPLETE.text} (D7, D8, T9) the trace ends before the run did",
        ),
    }


@pytest.mark.parametrize("width", [80, 120])
def test_the_table_of_all_rules_fits_and_loses_no_word(width: int) -> None:
    everything = report(*(judged(rule, "invalid", count=1000) for rule in RULES))
    points = grade(everything, {rule.name: 100.5 for rule in RULES})
    lines = lines_of(report_summary(everything, {}, points), width=width)
    table = lines[: next(number for number, line in enumerate(lines) if line.startswith("└")) + 1]
    assert max(map(len, table)) == width
    words = " ".join(line.strip("│").split("│")[-1].strip() for line in table if line.startswith("│"))
    assert words == " ".join(f"{rule.text} ({', '.join(rule.steps)})" for rule in RULES)
    assert "…" not in "".join(table)


def test_a_violation_is_what_happened_what_should_have_and_the_lines() -> None:
    lines = lines_of(report_summary(MIXED, QUOTED))
    assert lines[:5] + lines[-1:] == [
        "closed-once (D4, D6, U4)",
        "  client 2 does it",
        "  instead: it does not",
        '       7  {"event":"Sent","number":7}',
        '      12  {"event":"Sent","number":12}',
        "invalid: 1 of 3 rules of the protocol are valid, 1 invalid, 1 unknown, over 1,234 events; "
        "the trace is cut: ended by SIGINT",
    ]


def test_of_many_violations_the_first_are_shown_and_all_are_counted() -> None:
    found = [violation(QUOTA, number, text=f"breach {number}") for number in range(21, 1, -1)]
    many = report(judged(QUOTA, "invalid", *found))
    lines = lines_of(report_summary(many, QUOTED, is_brief=True))
    assert [line for line in lines if "breach" in line] == [f"  breach {number}" for number in range(2, 14)]
    assert "and 8 violations more; --json has them all" in lines
    assert shown_lines(many) == set(range(2, 14))
    assert shown_lines(MIXED) == {7, 12}


def test_a_violation_says_how_often_it_was_found_and_the_earliest_is_marked() -> None:
    first = msgspec.structs.replace(violation(QUOTA, 9), count=4_321, is_earliest=True)
    never = violation(CLOSED_ONCE, text="this program never sends a close")
    both = report(judged(CLOSED_ONCE, "invalid", never), judged(QUOTA, "invalid", first))
    lines = lines_of(report_summary(both, QUOTED, is_brief=True))
    assert lines[0] == "quota (D3), 4,321 times, first, the earliest of all: mend this first"
    assert lines[4:6] == ["closed-once (D4, D6, U4)", "  this program never sends a close"]


def test_who_waits_for_whom_is_told_where_a_run_did_not_end() -> None:
    waits = tuple(Wait(rank, 0, f"client {rank} waits for the stop", rank) for rank in range(1, 13))
    cut = msgspec.structs.replace(VALID, waits=waits, outcome="cut")
    lines = lines_of(report_summary(cut, QUOTED, is_brief=True))
    assert lines[0] == "at the end of the trace these clients wait:"
    assert lines[1:3] == ["  client 1 waits for the stop, since line 1", '       1  {"event":"Sent","number":1}']
    assert "  and 2 more; --json has them all" in lines
    assert shown_lines(cut) == set(range(1, 11))
    hung = lines_of(report_summary(msgspec.structs.replace(cut, outcome="hung"), QUOTED))
    assert hung[0] == "the run hangs: every client that is alive waits, and nothing is on its way to it"


def test_a_run_that_had_to_exercise_a_rule_and_did_not_is_told() -> None:
    reason = "a run of these clients has to, and this one did not"
    lacking = report(judged(QUOTA, "not exercised", reason=reason), judged(CLOSED_ONCE, "valid"))
    lacking = msgspec.structs.replace(lacking, verdict="not exercised")
    assert lines_of(report_summary(lacking, {}, is_brief=True)) == [
        f"quota was not exercised: {reason}",
        "not exercised: 1 of 2 rules of the protocol are valid, 1 not exercised, over 1,234 events; "
        "the trace is complete",
    ]
    graded = grade(lacking, {QUOTA.name: 2.0})
    assert "quota was not exercised by this run: 0 of 2 points" in lines_of(report_summary(lacking, {}, graded))


def test_after_a_run_only_what_is_not_valid_is_told() -> None:
    assert lines_of(report_summary(VALID, {}, is_brief=True)) == [
        "valid: 2 of 2 rules of the protocol are valid, over 1,234 events; the trace is complete"
    ]
    lines = lines_of(report_summary(MIXED, QUOTED, is_brief=True))
    assert lines[0] == "closed-once (D4, D6, U4)"
    assert lines[-2] == "everything-complete is unknown: the trace ends before the run did"


def test_points_stand_beside_their_rules_and_are_summed_up() -> None:
    graded = grade(MIXED, {QUOTA.name: 2.0, CLOSED_ONCE.name: 1.5, INPUTS.name: 1.0, LEAST_CONNECTED.name: 4.0})
    lines = lines_of(report_summary(MIXED, QUOTED, graded), width=120)
    cells = [[cell.strip() for cell in line.split("│")] for line in lines if line.startswith("│")]
    assert {row[1]: row[3] for row in cells if row[1]} == {
        "quota": "2/2",
        "closed-once": "0/1.5",
        "everything-complete": "",
    }
    assert lines[-3:-1] == [
        "inputs was not checked (give --inputs): 0 of 1 point",
        "least-connected was not checked (the strategy has its own way): 0 of 4 points",
    ]
    assert lines[-1].endswith("; the trace is cut: ended by SIGINT · 2 of 8.5 points")


def test_one_rule_is_not_called_rules() -> None:
    (line,) = lines_of(report_summary(report(judged(QUOTA, "valid")), {}, is_brief=True))
    assert line.startswith("valid: 1 of 1 rule of the protocol ")


def test_what_a_trace_says_cannot_move_the_cursor() -> None:
    found = violation(QUOTA, 3, text=f"client {HOSTILE}", expected=f"not {HOSTILE}")
    hostile = report(judged(QUOTA, "invalid", found), end=f"cut: {HOSTILE}")
    lines = lines_of(report_summary(hostile, {3: HOSTILE}, is_brief=True))
    assert lines[1:4] == [f"  client {HOSTILE_SHOWN}", f"  instead: not {HOSTILE_SHOWN}", f"       3  {HOSTILE_SHOWN}"]
    assert lines[-1].endswith(f"the trace is cut: {HOSTILE_SHOWN}")


def test_a_long_line_is_quoted_in_part_and_says_so() -> None:
    lines = lines_of(report_summary(MIXED, {7: "x" * 240, 12: "y" * 200}), width=300)
    assert lines[3:5] == ["       7  " + "x" * 200 + "…", "      12  " + "y" * 200]
