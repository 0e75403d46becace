"""The checker on the corpus: right histories keep every rule; each wrong one breaks one rule, and no other."""

from pathlib import Path

import pytest

from emulator.checker import rules
from emulator.checker.findings import Violation
from emulator.protocol.events import Died
from emulator.protocol.messages import SegmentRequest
from tests.checker.corpus import RIGHT, WRONG_ONES, Wrong
from tests.checker.corpus.beginnings import F, asked, crowd, lossy, right_of
from tests.checker.corpus.files import completion_is_told_twice
from tests.checker.histories import blame, invalid, unknown, violations


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_history_is_valid(name: str, tmp_path: Path) -> None:
    h = RIGHT[name]()
    report = h.check(tmp_path, h.inputs())
    assert violations(report) == []
    assert {judged.verdict for judged in report.rules} <= {"valid", "not exercised"}
    assert (report.verdict, report.exit_status, report.end) == ("valid", 0, "complete")
    assert report.num_events == len(h.records)


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_history_that_is_cut_anywhere_is_unknown_and_never_invalid(name: str, tmp_path: Path) -> None:
    whole = RIGHT[name]()
    # Until a client dies, nothing says why messages of it are received of which nothing says that they were sent.
    is_silent = name == "the last lines of the dead are lost with them"
    died = next((number for number, each in enumerate(whole.records, 1) if isinstance(each.event, Died)), 0)
    for length in range(died if is_silent else 0, len(whole.records)):
        report = whole.judge_first(length, whole.inputs())
        assert violations(report) == []
        assert rules.STOP.name in unknown(report)
        assert (report.verdict, report.exit_status, report.num_events) == ("unknown", 3, length)
    assert whole.check(tmp_path, whole.inputs(), None).end == "cut, without a last line"


@pytest.mark.parametrize("case", WRONG_ONES, ids=lambda case: case.name)
def test_a_wrong_history_is_condemned_by_one_rule(case: Wrong, tmp_path: Path) -> None:
    h = case.start()
    expected = case.write(h)
    report = h.check(tmp_path, h.inputs(), h.outcome)
    assert violations(report) == ([expected] if isinstance(expected, Violation) else expected)
    assert invalid(report) == {case.rule.name}
    assert (report.verdict, report.exit_status) == ("invalid", 1)


def test_every_rule_condemns_a_history_that_no_other_rule_does() -> None:
    assert {case.rule for case in WRONG_ONES} == set(rules.RULES)


def test_a_violation_says_its_rule_and_the_steps_it_comes_from(tmp_path: Path) -> None:
    h = crowd()
    completion_is_told_twice(h)
    [violation] = violations(h.check(tmp_path))
    assert (violation.rule, violation.steps) == ("completion", ("D7", "T7"))


def test_a_doubled_answer_that_comes_altered_is_blamed_on_the_way(tmp_path: Path) -> None:
    h = lossy()
    h.swarm(2, F)
    asked(h, 2, 1, 0, 1)
    h.sent(1, 2, right_of(0, 1))
    h.fault(1, 2, right_of(0, 1), "duplicated")
    line = h.received(2, 1, right_of(1, 1))
    report = h.check(tmp_path, h.inputs(), None)
    [found, *_] = violations(report)
    assert (report.verdict, found.lines[-1]) == ("invalid", line)


def test_the_strategy_of_the_protocol_does_not_race(tmp_path: Path) -> None:
    h = crowd(3, seeds=2)
    h.swarm(3, F)
    h.count(3, 1, 0)
    h.count(3, 2, 0)
    first = h.message(3, 1, SegmentRequest(F, 0, 1))
    line = h.message(3, 2, SegmentRequest(F, 0, 2))
    assert blame(
        rules.ONE_OUTSTANDING,
        "client 3 asks rank 2 while rank 1 has not answered",
        "it waits for the answer before it asks again",
        first,
        line,
    ) in violations(h.check(tmp_path, outcome="cut"))
