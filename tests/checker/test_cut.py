"""Traces that end too early: what was settled, and who waits for whom."""

from pathlib import Path

import pytest

from emulator.checker import rules
from emulator.checker.report import Report
from emulator.protocol.events import Died
from emulator.protocol.messages import TRACKER, Barrier, Finished, Metadata, MetadataRequest, SegmentRequest, Stop
from tests.checker.corpus import RIGHT
from tests.checker.corpus.beginnings import FILE, F, crowd
from tests.checker.histories import HandWritten, unknown


def verdicts(report: Report) -> dict[str, str]:
    return {judged.rule: judged.verdict for judged in report.rules}


def waits(h: HandWritten) -> list[tuple[str, int]]:
    return [(wait.text, wait.line) for wait in h.judge_first(len(h.records)).waits]


def test_a_barrier_that_all_have_passed_stays_valid() -> None:
    h = HandWritten(2)
    h.report({1: [FILE]})
    said = verdicts(h.judge_first(len(h.records)))
    assert (said["first-barrier"], said["second-barrier"], said["delivery"]) == ("valid", "unknown", "unknown")
    assert verdicts(h.judge_first(len(h.records) - 1))["first-barrier"] == "unknown"
    h.ask({2: [F]})
    said = verdicts(h.judge_first(len(h.records)))
    assert (said["second-barrier"], said["metadata"], said["quota"]) == ("valid", "valid", "unknown")


def test_the_rules_of_downloading_are_settled_when_all_clients_have_finished() -> None:
    whole = RIGHT["a client downloads from the only seed"]()
    finished = whole.at_received(TRACKER, 2, Finished())
    said = verdicts(whole.judge_first(finished - 1, whole.inputs()))
    assert {rule for rule, verdict in said.items() if verdict == "unknown"} >= {"delivery", "stop", "finished"}
    assert {said[rule.name] for rule in (rules.QUOTA, rules.RIGHT_HASH, rules.COMPLETION, rules.INPUTS)} == {"valid"}
    assert rules.QUOTA.name in unknown(whole.judge_first(finished - 2, whole.inputs()))


def test_who_waits_for_the_answer_to_what_since_when() -> None:
    h = crowd()
    h.swarm(2, F)
    line = h.sent(2, 1, SegmentRequest(F, 0))
    assert waits(h) == [("client 2 waits for rank 1 to answer a request for segment 0 of 'file1'", line)]
    assert h.judge_first(len(h.records)).outcome == "cut"


def test_who_waits_at_a_barrier_for_whom() -> None:
    h = HandWritten(3)
    first, second = (h.message(rank, TRACKER, Metadata(())) for rank in (1, 2))
    text = "waits for the signal of the first barrier: client 3 has not come to it"
    assert waits(h) == [(f"client 1 {text}", first), (f"client 2 {text}", second)]
    h.message(3, TRACKER, Metadata(()))
    text = "client 3 waits for the signal of the first barrier: every client has come to it"
    assert text in [said for said, _ in waits(h)]
    h.barrier(1)
    line = h.message(1, TRACKER, MetadataRequest(()))
    assert waits(h) == [("client 1 waits for the tracker to answer a request for the metadata of nothing", line)]


def test_a_run_hangs_where_every_client_waits_and_nothing_is_on_its_way() -> None:
    h = HandWritten(2)
    h.begin({1: [FILE]}, {})
    line = h.message(1, TRACKER, Finished())
    text = "client 1 waits for the stop: client 2 is not finished"
    assert waits(h) == [(text, line)]
    assert h.judge_first(len(h.records)).outcome == "cut", "client 2 waits for nothing"
    h.finish(2)
    report = h.judge_first(len(h.records))
    assert (report.outcome, len(report.waits), report.exit_status) == ("hung", 2, 3)
    assert report.waits[0].text == "client 1 waits for the stop: all clients are finished"
    h.sent(TRACKER, 1, Stop())
    assert h.judge_first(len(h.records)).outcome == "cut", "a stop is on its way"


def test_the_dead_wait_for_nothing() -> None:
    h = HandWritten(2)
    for rank in (1, 2):
        h.message(rank, TRACKER, Metadata(()))
    h.record(2, Died("was killed"))
    assert [text for text, _ in waits(h)] == [
        "client 1 waits for the signal of the first barrier: every client has come to it"
    ]


@pytest.mark.parametrize("outcome", ["complete", "cut", None])
def test_a_client_that_is_never_heard_of_is_waited_for(outcome: str | None, tmp_path: Path) -> None:
    h = HandWritten(2)
    h.message(1, TRACKER, Metadata(()))
    h.sent(TRACKER, 1, Barrier(1))
    report = h.check(tmp_path, outcome=outcome)  # type: ignore[arg-type]
    assert report.outcome == ("complete" if outcome == "complete" else "cut")
    assert bool(report.waits) == (outcome != "complete")
