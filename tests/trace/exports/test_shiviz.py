"""ShiViz's log: its published grammar, and clocks that know what happened before what, no less and no more."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest
from hypothesis import given

from emulator.protocol.events import FileWritten, Received, Sent
from emulator.protocol.messages import TRACKER, Close, SegmentRequest
from emulator.trace.exports.shiviz import export, host
from emulator.trace.reader import Entry, Trace
from emulator.trace.records import Record
from tests.checker.histories import HandWritten
from tests.protocol.scripted import file_of
from tests.trace.exports.traces import entries, histories, write

DEFAULT = r"(?<event>.*)\n(?<host>\S*) (?<clock>{.*})"
"""The regular expression that ShiViz's own page gives as its default."""


class Event(NamedTuple):
    host: str
    clock: dict[str, int]
    text: str


def log_of(path: Path) -> str:
    return b"".join(export(Trace(path))).decode()


def parse(log: str) -> list[Event]:
    """What ShiViz takes from a log, as it documents it, and its complaints about clocks as assertions."""
    # Its expressions are JavaScript's: a name in front of a group is written differently, and a dot takes less.
    in_python = DEFAULT.replace("(?<", "(?P<").replace(".*", r"[^\n\r\u2028\u2029]*")
    events = [Event(match["host"], json.loads(match["clock"]), match["event"]) for match in re.finditer(in_python, log)]
    own: dict[str, int] = {}
    for event in events:
        assert event.clock[event.host] == own.get(event.host, 0) + 1, "the first is 1, and each next one more"
        own[event.host] = event.clock[event.host]
    for event in events:
        assert all(1 <= time <= own[other] for other, time in event.clock.items()), "only events that are there"
    return events


def clocks_due(traced: Sequence[Entry]) -> list[dict[str, int]]:
    """For each event and each host, how many events of the host happened before it, or are this one.

    What happened before an event is what its process did before, what it received, and what happened before those:
    sets of events, each a number with a bit for every event in it.
    """
    due: list[dict[str, int]] = []
    before: list[int] = []
    latest: dict[int, int] = {}
    waiting: dict[tuple[str, int, int], list[tuple[int, object]]] = {}
    members: dict[int, int] = {}
    for index, (_, stamp, event) in enumerate(traced):
        causes = [latest[stamp.rank]] if stamp.rank in latest else []
        if isinstance(event, Sent):
            waiting.setdefault((event.on, stamp.rank, event.to), []).append((index, event.message))
        elif isinstance(event, Received):
            queue = waiting.get((event.on, event.source, stamp.rank), [])
            found = next((each for each in queue if each[1] == event.message), None)
            if found is not None:
                queue.remove(found)
                causes.append(found[0])
        past = 1 << index
        for cause in causes:
            past |= before[cause]
        before.append(past)
        latest[stamp.rank] = index
        members[stamp.rank] = members.get(stamp.rank, 0) | 1 << index
        counts = {host(rank): (past & own).bit_count() for rank, own in members.items()}
        due.append({name: count for name, count in counts.items() if count})
    return due


def test_a_log_begins_with_what_shiviz_looks_for_in_a_file(sample_trace: Path) -> None:
    assert log_of(sample_trace).split("\n")[:2] == [DEFAULT, ""]


def test_every_event_of_a_real_run_is_found_at_its_rank(sample_trace: Path) -> None:
    traced = entries(sample_trace)
    found = parse(log_of(sample_trace))
    assert [event.host for event in found] == [host(stamp.rank) for _, stamp, _ in traced]
    assert {event.host for event in found} == {"tracker", "client1", "client2", "client3", "client4", "client5"}


def test_the_clocks_of_a_real_run_know_exactly_what_happened_before(sample_trace: Path) -> None:
    assert [event.clock for event in parse(log_of(sample_trace))] == clocks_due(entries(sample_trace))


@given(histories())
def test_the_clocks_of_any_history_know_exactly_what_happened_before(records: list[Record]) -> None:
    with TemporaryDirectory() as folder:
        path = write(Path(folder) / "trace.jsonl", records)
        assert [event.clock for event in parse(log_of(path))] == clocks_due(entries(path))


def test_what_a_message_says_is_read_as_text(tmp_path: Path) -> None:
    history = HandWritten(2)
    history.own(1, [file_of(3)])
    history.message(2, 1, SegmentRequest("file1", 2))
    found = [event for event in parse(log_of(history.write(tmp_path / "trace.jsonl"))) if "client2" in event.clock]
    assert [(event.host, event.clock, event.text) for event in found] == [
        ("client2", {"client2": 1}, "download : send SegmentRequest file=file1 segment=2 to client1"),
        (
            "client1",
            {"client1": 2, "client2": 1},
            "upload : receive SegmentRequest file=file1 segment=2 from client2",
        ),
    ]


def test_contents_of_segments_stay_out(sample_trace: Path) -> None:
    assert not re.search("[0-9a-f]{32}", log_of(sample_trace))


def test_serving_a_segment_comes_after_another_thread_got_it(tmp_path: Path) -> None:
    history = HandWritten(3)
    history.begin({1: [file_of(2)]}, {2: ["file1"], 3: ["file1"]})
    history.hit(2, 1, "file1", 0)
    taken = len(history.records) - 1
    history.hit(3, 2, "file1", 0)
    served = next(
        index
        for index, record in enumerate(history.records)
        if index > taken and record.rank == 2 and isinstance(record.event, Sent)
    )
    clocks = [event.clock for event in parse(log_of(history.write(tmp_path / "trace.jsonl")))]
    assert history.records[taken].thread == "download"
    assert history.records[served].thread == "upload"
    assert clocks[served]["client2"] > clocks[taken]["client2"]
    assert clocks[served]["client1"] >= clocks[taken]["client1"] > 0


@pytest.mark.parametrize("name", ["two\nlines", "a {b} c", 'x\r\n"{}"\nclient1 {}', "\u2028", ""])
def test_a_file_of_any_name_stays_on_its_line(name: str, tmp_path: Path) -> None:
    path = write(tmp_path / "trace.jsonl", [Record(0.0, 1, "download", "D7", FileWritten(name, 3))] * 2)
    assert [event.clock for event in parse(log_of(path))] == [{"client1": 1}, {"client1": 2}]


def test_a_message_that_nobody_sent_brings_no_knowledge(tmp_path: Path) -> None:
    history = HandWritten(2)
    history.sent(1, 2, Close())
    history.received(TRACKER, 1, Close())
    events = parse(log_of(history.write(tmp_path / "trace.jsonl")))
    assert [event.clock for event in events] == [{"client1": 1}, {"tracker": 1}]


def test_a_trace_without_events_gives_a_log_without_events(tmp_path: Path) -> None:
    assert log_of(write(tmp_path / "trace.jsonl", [])) == f"{DEFAULT}\n\n"
