"""What messages show where a trace lacks the events: the same as the events of a program that records them."""

from collections import Counter
from pathlib import Path

import pytest

from emulator import Options, read_scenario, run
from emulator.protocol.events import (
    BarrierOpened,
    BarrierPassed,
    ClientFinished,
    ConnectionClosed,
    ConnectionOpened,
    DownloadsFinished,
    DownloadStarted,
    FileWritten,
    PeerChosen,
    Received,
    Reported,
    RoleChanged,
    RoundBegan,
    SeedChosen,
    SegmentsTaken,
    Sent,
)
from emulator.trace.derived.derivation import DERIVED, Derivation, filled
from emulator.trace.format import Header
from emulator.trace.reader import Trace
from emulator.trace.records import Record
from emulator.trace.sources import TraceSource
from emulator.trace.survey import Survey, survey
from tests.conftest import SAMPLES
from tests.trace.exports.traces import as_foreign, entries, write

EXACT = (
    Reported,
    BarrierOpened,
    BarrierPassed,
    RoleChanged,
    ClientFinished,
    DownloadStarted,
    RoundBegan,
    FileWritten,
    DownloadsFinished,
    ConnectionOpened,
    ConnectionClosed,
)
"""Kinds that messages show to the last field."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    run(read_scenario(SAMPLES), folder / "out", Options(engine="virtual"), trace=folder / "run.jsonl")
    return folder / "run.jsonl"


@pytest.fixture(scope="module")
def derived(whole: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Record]:
    """What is derived from the messages of that run."""
    foreign = as_foreign(whole, tmp_path_factory.mktemp("foreign") / "trace.jsonl", 9)
    return [
        Record(stamp.t, stamp.rank, stamp.thread, stamp.step, event)
        for (_, stamp, event), is_derived in filled(Trace(foreign))
        if is_derived
    ]


@pytest.mark.parametrize("kind", EXACT)
def test_messages_show_what_the_events_say(kind: type, whole: Path, derived: list[Record]) -> None:
    recorded = [(stamp.rank, event) for _, stamp, event in entries(whole) if isinstance(event, kind)]
    shown = [(record.rank, record.event) for record in derived if isinstance(record.event, kind)]
    assert sorted(map(repr, shown)) == sorted(map(repr, recorded)) != []


def test_segments_are_shown_one_by_one_and_with_their_source(whole: Path, derived: list[Record]) -> None:
    recorded, shown = Counter[object](), Counter[object]()
    events = [(stamp.rank, event) for _, stamp, event in entries(whole)]
    for counter, pairs in ((recorded, events), (shown, [(record.rank, record.event) for record in derived])):
        for rank, event in pairs:
            if isinstance(event, SegmentsTaken):
                counter.update((rank, event.file, event.uploader, event.is_seed, each) for each in event.segments)
                counter[rank, "misses"] += event.is_missed
    assert shown == recorded


def test_choices_are_shown_with_their_reasons(whole: Path, derived: list[Record]) -> None:
    seeds = [event for _, _, event in entries(whole) if isinstance(event, SeedChosen)]
    assert sorted(map(repr, seeds)) == sorted(
        repr(each.event) for each in derived if isinstance(each.event, SeedChosen)
    )
    peers = [(event.file, event.peer) for _, _, event in entries(whole) if isinstance(event, PeerChosen)]
    shown = [(each.event.file, each.event.peer) for each in derived if isinstance(each.event, PeerChosen)]
    assert Counter(shown) == Counter(peers)


def test_nothing_is_derived_where_all_is_recorded(whole: Path) -> None:
    assert not [entry for entry, is_derived in filled(Trace(whole)) if is_derived]


@pytest.mark.parametrize(
    ("promised", "kinds", "is_lacking"),
    [
        (None, {"Sent"}, True),
        (None, {"Sent", "RoleChanged"}, False),
        (("RoleChanged",), {"Sent"}, True),
        (("RoleChanged", "FileWritten"), {"Sent", "FileWritten"}, False),
        (("FileWritten",), {"Sent", "FileWritten"}, True),
    ],
)
def test_a_header_is_believed_as_far_as_the_trace_keeps_its_promise(
    promised: tuple[str, ...] | None, kinds: set[str], is_lacking: bool
) -> None:
    header = Header(format="swarm-trace", version=1, clients=2, events=promised)
    assert (RoleChanged in Derivation(header, kinds).lacking) == is_lacking


def test_kinds_are_found_whatever_names_and_blanks_a_trace_has(tmp_path: Path) -> None:
    path = write(tmp_path / "trace.jsonl", [Record(0.0, 1, "main", "", FileWritten('"event":"Died"', 1))])
    assert survey(TraceSource(path)) == Survey(frozenset({"FileWritten"}), 1)
    path.write_bytes(path.read_bytes().replace(b'"event":"File', b'"event" : "File'))
    assert survey(TraceSource(path)) == Survey(frozenset({"FileWritten"}), 1)


def test_messages_themselves_are_no_derived_events() -> None:
    assert not {Sent, Received} & set(DERIVED.values())
