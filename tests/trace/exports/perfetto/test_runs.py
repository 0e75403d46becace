"""Perfetto's view of a real run, and of what other programs write."""

from collections import Counter
from pathlib import Path

import pytest

from emulator.protocol.events import (
    BarrierOpened,
    ClientFinished,
    ConnectionClosed,
    ConnectionOpened,
    DownloadStarted,
    FileWritten,
    PeerChosen,
    Received,
    RoleChanged,
    RoundBegan,
    SegmentsTaken,
    Sent,
)
from emulator.protocol.messages import (
    TRACKER,
    ConnectionCountRequest,
    Hit,
    Metadata,
    MetadataRequest,
    Miss,
    SegmentRequest,
    SwarmRequest,
)
from tests.checker.histories import HandWritten
from tests.protocol.scripted import file_of
from tests.trace.exports.perfetto.timelines import Slice, Timeline, timeline
from tests.trace.exports.traces import as_foreign, entries, header_of, write

REQUESTS = (MetadataRequest, SwarmRequest, SegmentRequest, ConnectionCountRequest)


@pytest.fixture(scope="module")
def sample(sample_trace: Path) -> Timeline:
    return timeline(sample_trace)


def told_by(slices: list[Slice]) -> Counter[tuple[str, str]]:
    return Counter((slice.process, slice.thread) for slice in slices)


def rounds(shown: Timeline) -> set[tuple[str, str, str]]:
    found = [slice for slice in shown.slices if slice.name.startswith("round ")]
    return {(slice.process, slice.args["file"], slice.name) for slice in found}


def test_each_rank_is_a_process_and_each_thread_a_track(sample: Timeline) -> None:
    assert set(sample.processes.values()) == {"tracker", "client 1", "client 2", "client 3", "client 4", "client 5"}
    assert Counter(sample.threads.values()) == {"main": 6, "download": 5, "upload": 5}
    lives = {name: sample.named(f"{name} thread") for name in ("main", "download", "upload")}
    assert {name: len(slices) for name, slices in lives.items()} == {"main": 6, "download": 5, "upload": 5}
    assert all(slice.parents == () and slice.thread == name for name in lives for slice in lives[name])


def test_an_arrow_joins_each_sending_with_its_receipt(sample: Timeline, sample_trace: Path) -> None:
    sent = [(line, stamp, event) for line, stamp, event in entries(sample_trace) if isinstance(event, Sent)]
    assert len(sample.arrows) == len(sent) > 1_000
    assert sample.in_flight == []
    for begin, end in sample.arrows:
        assert begin.name == end.name
        assert begin.end_us < end.begin_us
        assert process_name(begin.args["to"]) == end.process
        assert process_name(end.args["source"]) == begin.process
        assert begin.args.keys().isdisjoint(end.args), "Chrome keeps only one of two values"
    # Between two ranks, on one communicator, messages arrive in the order in which they were sent.
    for from_, to in {(arrow.begin[:2], arrow.end[:2]) for arrow in sample.arrows}:
        between = [arrow for arrow in sample.arrows if (arrow.begin[:2], arrow.end[:2]) == (from_, to)]
        between.sort(key=lambda arrow: arrow.begin.begin_us)
        assert between == sorted(between, key=lambda arrow: arrow.end.begin_us)


def process_name(rank: int) -> str:
    return "tracker" if rank == TRACKER else f"client {rank}"


def test_a_request_lasts_until_its_answer_and_is_served_meanwhile(sample: Timeline, sample_trace: Path) -> None:
    messages = Counter(type(e.event.message) for e in entries(sample_trace) if isinstance(e.event, Sent))
    for kind in REQUESTS:
        waits, serves = sample.named(kind.__name__), sample.named(f"serve {kind.__name__}")
        assert len(waits) == len(serves) == messages[kind] > 0
        assert all(slice.thread == "download" and "answer" in slice.args for slice in waits)
    answers = Counter(slice.args["answer"] for slice in sample.named("SegmentRequest"))
    assert answers == Counter({"Hit": messages[Hit], "Miss": messages[Miss]})
    assert {begin.parents[-1] for begin, _ in sample.arrows if begin.name == "Hit"} == {"serve SegmentRequest"}


def test_rounds_contain_visits_and_visits_contain_requests(sample: Timeline, sample_trace: Path) -> None:
    events = [entry.event for entry in entries(sample_trace)]
    rounds = [slice for slice in sample.slices if slice.name.startswith("round ")]
    assert len(rounds) == sum(isinstance(event, RoundBegan) for event in events)
    assert all(slice.parents == ("download thread", slice.args["file"]) for slice in rounds)
    taken = [event for event in events if isinstance(event, SegmentsTaken)]
    assert sum(slice.args.get("hits", 0) for slice in rounds) == sum(len(event.segments) for event in taken)
    visits = [slice for slice in sample.slices if slice.name.startswith("visit to ")]
    assert Counter((slice.name, slice.args.get("hits", 0), slice.args.get("misses", 0)) for slice in visits) == Counter(
        (f"visit to client {event.uploader}", len(event.segments), int(event.is_missed)) for event in taken
    )
    for request in sample.named("SegmentRequest"):
        assert request.parents[-1] == f"visit to client {request.args['to']}"
        assert request.parents[1] == request.args["file"]


def test_a_visit_ends_with_its_close_and_before_the_next_choice(sample: Timeline) -> None:
    visits = {(slice.process, slice.begin_us): slice for slice in sample.slices if slice.name.startswith("visit to ")}
    with_close = 0
    for visit in visits.values():
        closes = [slice for slice in sample.slices if is_inside(slice, visit) and slice.name == "Close"]
        assert len(closes) == ("hits" in visit.args)
        assert all(visit.end_us - close.end_us < 0.01 for close in closes)
        with_close += len(closes)
        choices = sample.instants_named("PeerChosen") + sample.instants_named("SeedChosen")
        there = [record["ts"] for record in choices if sample.processes[record["pid"]] == visit.process]
        assert not any(visit.begin_us <= time_us <= visit.end_us for time_us in there)
    assert with_close == sum(begin.name == "Close" for begin, _ in sample.arrows) > 0


def is_inside(inner: Slice, outer: Slice) -> bool:
    return inner[:2] == outer[:2] and outer.begin_us <= inner.begin_us and inner.end_us <= outer.end_us


def test_waiting_at_barriers_is_seen(sample: Timeline) -> None:
    everybody = {f"client {rank}" for rank in range(1, 6)}
    for number, thread in ((1, "main"), (2, "download")):
        waits = sample.named(f"wait for barrier {number}")
        assert {slice.process for slice in waits} == everybody
        assert len(waits) == 5
        opened = sample.instants_named(f"barrier {number} opens")[0]["ts"]
        assert all(slice.thread == thread and slice.begin_us < opened < slice.end_us for slice in waits)


def test_connections_are_counted_as_the_uploaders_count_them_and_none_is_left(
    sample: Timeline, sample_trace: Path
) -> None:
    for rank in range(1, 6):
        told = [
            event.num_open
            for _, stamp, event in entries(sample_trace)
            if stamp.rank == rank and isinstance(event, ConnectionOpened | ConnectionClosed)
        ]
        drawn = sample.counters[f"client {rank}", "connections open"]
        assert drawn == [0, *told]
        assert drawn[-1] == 0


def test_progress_climbs_one_by_one_from_what_is_owned_to_all(sample: Timeline, sample_trace: Path) -> None:
    owned, wanted = Counter[int](), Counter[int]()
    for _, stamp, event in entries(sample_trace):
        if isinstance(event, Sent) and isinstance(event.message, Metadata):
            owned[stamp.rank] = sum(metadata.num_segments for metadata in event.message.files)
        elif isinstance(event, DownloadStarted):
            wanted[stamp.rank] += event.num_segments - event.num_present
    for rank in range(1, 6):
        held = sample.counters[f"client {rank}", "segments held"]
        assert held == list(range(owned[rank], owned[rank] + wanted[rank] + 1))


def test_what_became_of_clients_and_what_went_wrong_are_instants(sample: Timeline, sample_trace: Path) -> None:
    seen = Counter((sample.processes[record["pid"]], record["name"]) for record in sample.instants)
    expected = Counter[tuple[str, str]]()
    for _, stamp, event in entries(sample_trace):
        match event:
            case RoleChanged(client, file, role):
                expected[f"client {client}", f"{role} of {file}"] += 1
            case ClientFinished(client):
                expected[f"client {client}", "finished"] += 1
            case FileWritten(file):
                expected[f"client {stamp.rank}", f"{file} complete"] += 1
            case Received(_, _, Miss()):
                expected[f"client {stamp.rank}", "miss"] += 1
            case BarrierOpened(number):
                expected["tracker", f"barrier {number} opens"] += 1
            case PeerChosen():
                expected[f"client {stamp.rank}", "PeerChosen"] += 1
    assert {kind: num for kind, num in seen.items() if kind[1] != "SeedChosen"} == expected


def test_the_file_says_what_ran_and_how_the_trace_ends(sample: Timeline, sample_trace: Path, tmp_path: Path) -> None:
    assert sample.about["scenario"] == header_of(sample_trace).scenario
    assert sample.about["end"] == "complete"
    assert timeline(write(tmp_path / "empty.jsonl", [])).about["end"] == "cut"


@pytest.mark.parametrize("digits", [9, 3, 1])
def test_a_trace_of_messages_alone_by_a_coarse_clock_shows_the_same(
    sample: Timeline, sample_trace: Path, tmp_path: Path, digits: int
) -> None:
    foreign = timeline(as_foreign(sample_trace, tmp_path / "foreign.jsonl", digits))
    assert len(foreign.arrows) == len(sample.arrows)
    assert all(arrow.begin.end_us < arrow.end.begin_us for arrow in foreign.arrows)
    assert foreign.counters == sample.counters
    for kind in REQUESTS:
        for name in (kind.__name__, f"serve {kind.__name__}"):
            assert told_by(foreign.named(name)) == told_by(sample.named(name))
    assert rounds(foreign) == rounds(sample)
    for request in foreign.named("SegmentRequest"):
        assert request.parents[-1] == f"visit to client {request.args['to']}"
    for begin, _ in foreign.arrows:
        if begin.name in ("FileCompleted", "Finished"):
            assert begin.parents == (), "a file's slice ends before its completion is told"
    assert {slice.parents[-1][:5] for slice in foreign.named("ConnectionCountRequest")} == {"round"}
    for name in ("miss", *(f"file{number} complete" for number in range(1, 6))):
        assert len(foreign.instants_named(name)) == len(sample.instants_named(name))


def test_a_whole_download_looks_like_this(tmp_path: Path) -> None:
    history = HandWritten(2)
    history.begin({1: [file_of(2)]}, {2: ["file1"]})
    began = len(history.records)
    history.download(2, 1, "file1")
    history.end()
    shown = timeline(history.write(tmp_path / "trace.jsonl"))
    mine = [slice for slice in shown.slices if (slice.process, slice.thread) == ("client 2", "download")]
    lines = [
        (
            " / ".join((*slice.parents, slice.name)),
            int(slice.begin_us / 1000) - began,
            int(slice.end_us / 1000) - began,
        )
        for slice in mine
        if slice.end_us > slice.begin_us and slice.begin_us >= began * 1000
    ]
    assert sorted(lines, key=lambda line: (line[1], -line[2])) == [
        ("file1", 0, 19),
        ("file1 / round 1", 0, 17),
        ("file1 / round 1 / SwarmRequest", 0, 4),
        ("file1 / round 1 / ConnectionCountRequest", 5, 8),
        ("file1 / round 1 / visit to client 1", 9, 17),
        ("file1 / round 1 / visit to client 1 / SegmentRequest", 9, 12),
        ("file1 / round 1 / visit to client 1 / SegmentRequest", 13, 16),
    ]
