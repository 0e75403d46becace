"""Perfetto's view of traces that end early or are wrong, and of faults; and that the rules for its files are kept."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given

from emulator.protocol.events import (
    Received,
    RoleChanged,
    RoundEnded,
    Sent,
    ThreadFailed,
    ThreadStarted,
)
from emulator.protocol.messages import (
    TRACKER,
    Close,
    Finished,
    Hit,
    SegmentRequest,
)
from emulator.trace.records import Record
from tests.checker.histories import HandWritten
from tests.protocol.scripted import file_of
from tests.trace.exports.perfetto.timelines import timeline
from tests.trace.exports.traces import entries, histories, write


def test_what_was_going_on_when_a_trace_was_cut_ends_with_it(tmp_path: Path) -> None:
    history = HandWritten(2)
    history.begin({1: [file_of(3)]}, {2: ["file1"]})
    history.swarm(2, "file1")
    history.hit(2, 1, "file1", 0)
    history.sent(2, 1, SegmentRequest("file1", 1))
    history.received(1, 2, SegmentRequest("file1", 1))
    history.record(TRACKER, RoleChanged(2, "file1", "peer"))
    shown = timeline(history.write(tmp_path / "trace.jsonl", "cut"))
    last_us = (len(history.records) - 1) * 1000
    unanswered = shown.named("SegmentRequest")[-1]
    assert "answer" not in unanswered.args
    going_on = [unanswered, *shown.named("visit to client 1"), *shown.named("round 1"), *shown.named("file1")]
    assert [slice.end_us for slice in going_on] == [pytest.approx(last_us, abs=1)] * 4
    assert shown.named("serve SegmentRequest")[-1].end_us < last_us, "what it did is not known to have lasted longer"
    assert shown.about["end"] == "cut"
    assert shown.counters["client 1", "connections open"][-1] == 1


def test_a_round_that_ended_does_not_last_as_long_as_the_pause_after_it(tmp_path: Path) -> None:
    history = HandWritten(2)
    history.swarm(2, "file1")
    ended_us = len(history.records) * 1000
    history.record(2, RoundEnded("file1", 1, 0), "download")
    history.record(1, ThreadStarted(7))
    shown = timeline(history.write(tmp_path / "trace.jsonl", "cut"))
    assert [slice.end_us for slice in shown.named("round 1")] == [pytest.approx(ended_us, abs=0.01)]
    assert [slice.end_us for slice in shown.named("file1")] == [pytest.approx(ended_us + 1000, abs=0.01)]


def test_a_message_on_its_way_at_the_end_has_no_arrow(tmp_path: Path) -> None:
    history = HandWritten(2)
    history.message(1, 2, SegmentRequest("file1", 0))
    history.sent(1, 2, Close())
    shown = timeline(history.write(tmp_path / "trace.jsonl", None))
    assert [arrow.begin.name for arrow in shown.arrows] == ["SegmentRequest"]
    assert [slice.name for slice in shown.in_flight] == ["Close"]


def test_a_receipt_of_what_was_never_sent_has_no_arrow(tmp_path: Path) -> None:
    history = HandWritten(2)
    history.received(1, 2, SegmentRequest("file1", 0))
    shown = timeline(history.write(tmp_path / "trace.jsonl"))
    assert shown.arrows == []
    assert [slice.name for slice in shown.slices] == ["SegmentRequest", "serve SegmentRequest"]


def test_a_segment_counts_once_and_only_if_it_is_right_and_wanted(tmp_path: Path) -> None:
    history = HandWritten(2)
    wanted = file_of(2)
    history.begin({1: [wanted], 2: [file_of(4, "mine")]}, {2: ["file1", "mine"]})
    for hit in (
        Hit("file1", 0, wanted.segment(1)),  # wrong
        Hit("file1", 0, wanted.segment(0)),
        Hit("file1", 0, wanted.segment(0)),  # again
        Hit("file1", 2, wanted.segment(0)),  # beyond the file
        Hit("file1", -1, wanted.segment(1)),
        Hit("mine", 0, file_of(4, "mine").segment(0)),  # its own
        Hit("other", 0, wanted.segment(0)),
    ):
        history.message(1, 2, hit)
    shown = timeline(history.write(tmp_path / "trace.jsonl"))
    assert shown.counters["client 2", "segments held"] == [4, 5]


def test_connections_that_a_stop_overtook_are_gone_with_it(tmp_path: Path) -> None:
    history = HandWritten(3)
    history.begin({1: [file_of(2)]}, {2: ["file1"], 3: ["file1"]})
    history.hit(2, 1, "file1", 0)
    history.hit(3, 1, "file1", 0)
    history.close(2, 1)
    history.stop(1)
    shown = timeline(history.write(tmp_path / "trace.jsonl"))
    assert shown.counters["client 1", "connections open"] == [0, 1, 2, 1, 0]


def test_a_thread_that_failed_says_so_and_ends(tmp_path: Path) -> None:
    records = [
        Record(0.0, 1, "download", "P4", ThreadStarted(7)),
        Record(0.5, 1, "download", "D1", Sent("download", 0, Finished())),
        Record(1.0, 1, "download", "D1", ThreadFailed("ValueError: no", "…")),
        Record(2.0, 2, "main", "P1", ThreadStarted(8)),
    ]
    shown = timeline(write(tmp_path / "trace.jsonl", records))
    assert [(record["ts"], record["args"]) for record in shown.instants] == [(1e6, {"error": "ValueError: no"})]
    [life] = shown.named("download thread")
    assert life.end_us == pytest.approx(1e6)
    assert life.args == {"pid": 7, "error": "ValueError: no"}


@given(histories())
def test_whatever_is_in_a_trace_the_file_keeps_the_rules(records: list[Record]) -> None:
    with TemporaryDirectory() as folder:
        path = write(Path(folder) / "trace.jsonl", records)
        shown = timeline(path)
        sent = [entry for entry in entries(path) if isinstance(entry.event, Sent)]
        points = [record for record in shown.slices if record.begin_us == record.end_us]
    assert len(shown.arrows) + len(shown.in_flight) == len(sent)
    assert len(points) == sum(isinstance(record.event, Sent | Received) for record in records)
    assert all(arrow.begin.end_us < arrow.end.begin_us for arrow in shown.arrows)


def test_all_that_a_client_was_doing_ends_with_its_death(tmp_path: Path) -> None:
    history = HandWritten(3)
    history.begin({1: [file_of(3)]}, {2: ["file1"]})
    history.swarm(2, "file1")
    history.hit(2, 1, "file1", 0)
    history.sent(2, 1, SegmentRequest("file1", 1))
    died_us = (history.die(2) - 2) * 1000
    shown = timeline(history.write(tmp_path / "trace.jsonl"))
    going_on = [shown.named("SegmentRequest")[-1], *shown.named("visit to client 1"), *shown.named("file1")]
    assert [slice.end_us for slice in going_on] == [pytest.approx(died_us, abs=1)] * 3
    assert [record["ts"] for record in shown.instants_named("died")] == [died_us]


def test_a_death_that_is_told_interrupts_no_request(tmp_path: Path) -> None:
    history = HandWritten(3)
    history.begin({1: [file_of(3)]}, {2: ["file1"]})
    history.swarm(2, "file1")
    history.message(2, 1, SegmentRequest("file1", 0))
    history.die(3)
    history.message(1, 2, history.right("file1", 0))
    shown = timeline(history.write(tmp_path / "trace.jsonl"))
    assert [slice.args["answer"] for slice in shown.named("SegmentRequest")] == ["Hit"]
    assert shown.named("serve Lost") == []


def test_a_message_that_is_dropped_has_no_arrow_and_one_that_is_doubled_has_two_ends(tmp_path: Path) -> None:
    history = HandWritten(2)
    history.sent(1, 2, Close())
    history.fault(1, 2, Close(), "dropped")
    history.sent(1, 2, SegmentRequest("file1", 0))
    history.fault(1, 2, SegmentRequest("file1", 0), "duplicated")
    history.received(2, 1, SegmentRequest("file1", 0))
    shown = timeline(history.write(tmp_path / "trace.jsonl"))
    assert [arrow.begin.name for arrow in shown.arrows] == ["SegmentRequest"]
    assert [record["args"]["message"] for record in shown.instants_named("dropped")] == ["Close"]
    assert len(shown.instants_named("duplicated")) == 1
