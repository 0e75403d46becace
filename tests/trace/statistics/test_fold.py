"""The fold over records: consistent at every moment, the same live and from a file, and proof against nonsense."""

import random
from pathlib import Path
from typing import Any, get_args

from hypothesis import given
from hypothesis import strategies as st

from emulator.protocol.events import (
    AnyEvent,
    ConnectionClosed,
    DownloadStarted,
    FileWritten,
    MessageFaulted,
    Received,
    RoundBegan,
    SegmentsTaken,
    Sent,
    ThreadEnded,
)
from emulator.running.run import run
from emulator.scenario.generate import Shape
from emulator.trace.reader import Trace
from emulator.trace.records import Record
from emulator.trace.statistics import SwarmStatistics
from tests.conftest import MakeScenario
from tests.engines.swarms import Recorder
from tests.trace.statistics.folded import MADE_RUNS, assert_consistent, figures, folded, interleaved
from tests.view.made import MadeRun
from tests.view.screens import record, started, statistics_of, taken


@given(MADE_RUNS, st.floats(0, 1), st.none() | st.randoms(use_true_random=False))
def test_any_prefix_of_a_run_is_consistent_in_whatever_order_it_arrives(
    made: MadeRun, share: float, order: random.Random | None
) -> None:
    records = interleaved(made.records, order) if order else made.records
    assert_consistent(folded(len(made.facts.goals), records[: int(share * len(records))]))


@given(MADE_RUNS, st.randoms(use_true_random=False))
def test_the_order_in_which_ranks_are_heard_changes_no_figure(made: MadeRun, order: random.Random) -> None:
    num_clients = len(made.facts.goals)
    assert figures(folded(num_clients, interleaved(made.records, order))) == figures(folded(num_clients, made.records))


@given(MADE_RUNS, st.floats(0, 1))
def test_the_figures_are_those_that_a_count_of_the_records_gives(made: MadeRun, share: float) -> None:
    records = made.records[: int(share * len(made.records))]
    statistics = folded(len(made.facts.goals), records)
    for client in statistics.clients:
        mine = [each.event for each in records if each.rank == client.rank]
        visits = [event for event in mine if isinstance(event, SegmentsTaken)]
        assert client.num_from_peers == sum(len(visit.segments) for visit in visits if not visit.is_seed)
        assert client.num_from_seeds == sum(len(visit.segments) for visit in visits if visit.is_seed)
        assert client.num_misses == sum(visit.is_missed for visit in visits)
        assert client.num_rounds == sum(isinstance(event, RoundBegan) for event in mine)
        assert client.num_uploaded == sum(event.num_segments for event in mine if isinstance(event, ConnectionClosed))
        assert list(client.written_s) == [event.file for event in mine if isinstance(event, FileWritten)]
        assert list(client.files) == [event.file for event in mine if isinstance(event, DownloadStarted)]
    assert statistics.num_records == len(records)


@given(MADE_RUNS)
def test_when_all_is_over_everybody_has_all_and_what_was_given_was_got(made: MadeRun) -> None:
    statistics = folded(len(made.facts.goals), made.records)
    assert [client.num_got for client in statistics.clients] == list(made.facts.goals)
    assert [set(client.written_s) for client in statistics.clients] == [set(wanted) for wanted in made.facts.wanted]
    assert all(client.num_given == client.num_uploaded and not client.num_open for client in statistics.clients)
    assert {client.state for client in statistics.clients} == {"ended"}
    assert statistics.num_finished == len(statistics.clients)


def test_a_run_that_was_watched_and_its_trace_give_the_same_figures(
    make_scenario: MakeScenario, tmp_path: Path
) -> None:
    scenario = make_scenario(Shape(clients=6, files=5, segments=(20, 50)))
    live: list[SwarmStatistics] = []

    def watch(statistics: SwarmStatistics) -> Recorder:
        live.append(statistics)
        return Recorder()

    result = run(scenario, tmp_path / "out", watch=watch, trace=tmp_path / "run.jsonl")
    trace = Trace(tmp_path / "run.jsonl")
    replayed = SwarmStatistics(trace.header.clients)
    for _, stamp, event in trace.entries():
        replayed.add(Record(stamp.t, stamp.rank, stamp.thread, stamp.step, event))
        assert_consistent(replayed) if replayed.num_records % 50 == 0 else None
    assert replayed.num_transferred == result.num_segments > 0
    assert figures(replayed) == figures(live[0])


NUMBERS = st.integers(-3, 6) | st.sampled_from([-(10**9), 10**18])
RANKS = st.lists(NUMBERS, max_size=4).map(tuple)
BY_NAME: dict[str, st.SearchStrategy[Any]] = {
    "file": st.sampled_from(["file1", "", "\x1b[2J"]),
    "segments": RANKS,
    "seeds": RANKS,
    "peers": RANKS,
    "candidates": RANKS,
    "asked": RANKS,
    "counts": RANKS,
    "role": st.sampled_from(["seed", "peer", "leecher"]),
    "is_seed": st.booleans(),
    "is_missed": st.booleans(),
    "error": st.just("OSError()"),
    "traceback": st.just(""),
    "cause": st.just("was killed"),
    "fault": st.sampled_from(["kill client 1 at 40%", "drop 10% of messages", ""]),
    "is_state_kept": st.booleans(),
}
KINDS = [kind for kind in get_args(AnyEvent) if kind not in (Sent, Received, MessageFaulted)]
EVENTS = st.sampled_from(KINDS).flatmap(
    lambda kind: st.builds(kind, **{name: BY_NAME.get(name, NUMBERS) for name in kind.__struct_fields__})
)
NONSENSE = st.lists(
    st.builds(
        Record,
        st.floats(0, 100),
        st.integers(0, 4),
        st.sampled_from(["main", "download", "upload"]),
        st.just("D3"),
        EVENTS,
    ),
    max_size=60,
)


@given(NONSENSE)
def test_records_that_make_no_sense_are_folded_without_a_word(records: list[Record]) -> None:
    statistics = folded(4, records)
    assert statistics.num_records == len(records)
    for client in statistics.clients:
        for progress in client.files.values():
            assert progress.num_present == progress.num_segments - progress.present.count(0)


def test_a_segment_that_was_got_twice_is_there_once() -> None:
    statistics = statistics_of(2, started(0.1, 2), taken(0.2, 2, 4), taken(0.3, 2, 6))
    assert statistics.clients[1].files["file1"].num_present == 6
    assert statistics.clients[1].num_got == 10


def test_an_end_of_an_uploading_client_is_told() -> None:
    assert statistics_of(1, record(1.0, 1, ThreadEnded(), "main")).clients[0].state == "ended"
    assert statistics_of(1, record(1.0, 1, ThreadEnded(), "upload")).clients[0].state == "starting"
