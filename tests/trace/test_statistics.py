"""The fold over records: consistent at every moment, the same live and from a file, and proof against nonsense."""

import random
from collections import Counter, defaultdict, deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.protocol.events import (
    AnyEvent,
    Arrived,
    ClientFinished,
    ClientLeft,
    ConnectionClosed,
    ConnectionOpened,
    Died,
    DownloadStarted,
    FaultBegan,
    FaultEnded,
    FileUnavailable,
    FileWritten,
    MessageFaulted,
    Received,
    Restarted,
    RoleChanged,
    RoundBegan,
    SegmentsTaken,
    Sent,
    ThreadEnded,
    ThreadFailed,
    ThreadStarted,
)
from emulator.protocol.messages import Stop
from emulator.running.runner import run
from emulator.scenario.generate import Shape
from emulator.trace.reader import Trace
from emulator.trace.records import Record
from emulator.trace.statistics import SwarmStatistics, jain_index
from emulator.trace.statistics.client import FROM_PEER, FROM_SEED, OWNED
from emulator.trace.statistics.swarm import NUM_RECENT
from tests.conftest import MakeScenario
from tests.engines.swarms import Recorder
from tests.view.made import MadeRun, made_run
from tests.view.screens import barrier, finished, record, started, statistics_of, taken

MADE_RUNS = st.builds(
    made_run,
    num_clients=st.integers(1, 12),
    num_files=st.integers(1, 5),
    num_segments=st.integers(1, 40),
    rng_seed=st.integers(0, 1_000),
)


def folded(num_clients: int, records: Sequence[Record]) -> SwarmStatistics:
    return statistics_of(num_clients, *records)


def figures(statistics: SwarmStatistics) -> dict[str, Any]:
    """All that does not depend on the order in which different ranks' records arrive."""
    own = {name: value for name, value in vars(statistics).items() if name != "recent"}
    return own | {"clients": [msgspec.structs.asdict(client) for client in statistics.clients]}


def assert_consistent(statistics: SwarmStatistics) -> None:
    clients = statistics.clients
    assert sum(client.num_got for client in clients) == sum(client.num_given for client in clients)
    assert statistics.num_transferred == statistics.given.total()
    for client in clients:
        assert client.num_got == sum(number for (_, to), number in statistics.given.items() if to == client.rank)
        assert client.num_given == sum(number for (by, _), number in statistics.given.items() if by == client.rank)
        assert 0 <= client.num_open <= client.most_connections
        assert client.num_uploaded >= 0
        assert client.latest_s <= statistics.latest_s
        for progress in client.files.values():
            present = Counter(progress.present)
            assert progress.num_present == progress.num_segments - present[0] <= progress.num_segments
            assert 0 <= progress.share <= 1
        maps = [Counter(progress.present) for progress in client.files.values()]
        assert client.num_from_peers == sum(present[FROM_PEER] for present in maps)
        assert client.num_from_seeds == sum(present[FROM_SEED] for present in maps)
        assert client.written_s.keys() <= client.files.keys()
        assert client.downloading is None or client.downloading in client.files
    roles = defaultdict[str, Counter[str]](Counter)
    for client in clients:
        for file, role in client.roles.items():
            roles[file][role] += 1
    assert {file: +counts for file, counts in statistics.roles.items()} == roles
    assert (statistics.makespan_s is not None) == (statistics.num_finished == len(clients))


def interleaved(records: Sequence[Record], random_: random.Random) -> list[Record]:
    """As they might arrive live: each rank's in its order, those of different ranks in any."""
    queues = defaultdict[int, deque[Record]](deque)
    for each in records:
        queues[each.rank].append(each)
    arrived: list[Record] = []
    while queues:
        rank = random_.choice(list(queues))
        arrived.append(queues[rank].popleft())
        if not queues[rank]:
            del queues[rank]
    return arrived


# At every moment


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


# Live and from a file


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


# What it says


def test_what_a_client_does_is_said_in_the_words_of_the_protocol() -> None:
    made = made_run(2, num_files=2, num_segments=10)
    states: list[str] = []
    statistics = SwarmStatistics(2)
    for each in made.records:
        statistics.add(each)
        if not states or statistics.clients[0].state != states[-1]:
            states.append(statistics.clients[0].state)
    assert (
        states
        == [
            "starting",
            "reading its input",
            "waiting at barrier 1",
            "waiting at barrier 2",
            "downloading",
            "finished, uploading",
            "ended",
        ][states[0] != "starting" :]
    )


def test_a_thread_that_fails_is_said_to() -> None:
    statistics = statistics_of(1, record(1.0, 1, ThreadFailed("OSError()", ""), "upload"))
    assert statistics.clients[0].state == "failed in its upload thread"


def test_a_map_tells_where_each_segment_came_from() -> None:
    statistics = statistics_of(
        3,
        started(0.1, 2, num_segments=4),
        record(0.2, 2, SegmentsTaken("file1", 1, True, (0, 3), False)),
        record(0.3, 2, SegmentsTaken("file1", 3, False, (1,), True)),
        record(0.1, 3, DownloadStarted("file1", 2, 2)),
    )
    assert list(statistics.clients[1].files["file1"].present) == [FROM_SEED, FROM_PEER, 0, FROM_SEED]
    assert list(statistics.clients[2].files["file1"].present) == [OWNED, OWNED]
    assert statistics.given == {(1, 2): 2, (3, 2): 1}


def test_times_count_from_the_second_barrier() -> None:
    statistics = statistics_of(2, barrier(1.0, 1), barrier(1.5, 2), finished(2.0, 1), finished(3.5, 2))
    assert (statistics.makespan_s, statistics.elapsed_s) == (2.0, 2.0)
    assert SwarmStatistics(2).elapsed_s == 0.0


def test_only_so_many_of_the_last_records_are_kept_and_no_routine() -> None:
    statistics = statistics_of(2, *(taken(float(time_s), 2, 0) for time_s in range(100)))
    statistics.add(record(200.0, 1, ThreadStarted(1), "main"))
    assert [each.time_s for each in statistics.recent] == list(range(100 - NUM_RECENT, 100))


def test_single_messages_count_for_nothing() -> None:
    statistics = statistics_of(
        2, record(1.0, 1, Sent("upload", 2, Stop())), record(2.0, 2, Received("upload", 1, Stop()))
    )
    assert figures(statistics) == figures(SwarmStatistics(2))


# Nonsense, as in a trace that somebody else wrote

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


# How even shares are


@pytest.mark.parametrize(
    ("shares", "index"), [([], 1.0), ([0, 0], 1.0), ([5, 5, 5], 1.0), ([9, 0, 0], 1 / 3), ([1, 2, 3], 36 / 42)]
)
def test_jains_index_is_1_for_even_shares_and_one_nth_for_one_alone(shares: list[float], index: float) -> None:
    assert jain_index(shares) == pytest.approx(index)


# Who dies, comes back, departs and gives up


def seeding(time_s: float, rank: int) -> Record:
    return record(time_s, 0, RoleChanged(rank, "file1", "seed"))


def died(time_s: float, rank: int) -> Record:
    return record(time_s, rank, Died("was killed"))


def test_the_dead_do_nothing_are_in_no_swarm_and_hold_nobody_up() -> None:
    told = [barrier(1.0, 2), seeding(1.1, 1), record(1.1, 1, ConnectionOpened(2, 1)), finished(1.5, 2)]
    statistics = statistics_of(2, *told)
    assert (statistics.makespan_s, statistics.num_dead) == (None, 0)
    statistics = statistics_of(2, *told, died(2.0, 1))
    assert (statistics.makespan_s, statistics.num_dead, statistics.num_finished) == (0.5, 1, 1)
    [dead, _] = statistics.clients
    assert (dead.state, dead.is_dead, dead.died_s, dead.num_open, dead.roles) == ("died", True, 2.0, 0, {})
    assert statistics.roles["file1"]["seed"] == 0


def test_who_has_given_a_file_up_comes_to_no_end_that_counts_until_it_begins_anew() -> None:
    told = [barrier(1.0, 2), record(1.5, 1, FileUnavailable("file1", 4, 6)), finished(2.0, 1), finished(3.0, 2)]
    assert statistics_of(2, *told).makespan_s is None
    assert statistics_of(2, *told, died(4.0, 1)).makespan_s == 2.0
    returned = [died(4.0, 1), record(5.0, 1, Restarted(False)), finished(6.0, 1)]
    assert statistics_of(2, *told, *returned).makespan_s == 5.0


def test_an_end_before_a_death_counts_for_nothing() -> None:
    statistics = statistics_of(2, barrier(1.0, 2), finished(1.5, 2), finished(3.0, 1), died(4.0, 1))
    assert statistics.makespan_s == 0.5
    assert statistics_of(1, barrier(1.0, 2), finished(3.0, 1), died(4.0, 1)).makespan_s is None


def test_who_is_started_again_has_its_end_before_it() -> None:
    told = [barrier(1.0, 2), finished(2.0, 1), started(1.2, 1), died(3.0, 1), record(4.0, 1, Restarted(True))]
    statistics = statistics_of(1, *told)
    [client] = statistics.clients
    assert (client.state, client.is_dead, client.num_restarts, client.files) == ("restarted", False, 1, {})
    assert (statistics.makespan_s, statistics.num_finished) == (None, 0)
    statistics.add(finished(6.0, 1))
    assert statistics.makespan_s == 5.0


@pytest.mark.parametrize("is_state_kept", [True, False])
def test_outputs_are_gone_where_the_state_is(is_state_kept: bool) -> None:
    written = record(1.0, 1, FileWritten("file1", 3))
    [client] = statistics_of(1, written, died(2.0, 1), record(3.0, 1, Restarted(is_state_kept))).clients
    assert client.written_s == ({"file1": 1.0} if is_state_kept else {})


def test_a_file_that_is_given_up_is_counted_until_the_client_begins_anew() -> None:
    given_up = [record(2.0, rank, FileUnavailable("file1", 4, 6)) for rank in (1, 2)]
    statistics = statistics_of(2, started(1.0, 1), *given_up)
    assert statistics.unavailable == {"file1": 2}
    assert [client.unavailable for client in statistics.clients] == [{"file1": 6}, {"file1": 6}]
    assert statistics.clients[0].downloading is None
    statistics.add_all([died(3.0, 2), record(4.0, 2, Restarted(False))])
    assert statistics.unavailable == {"file1": 1}


def test_who_departs_is_in_no_swarm() -> None:
    statistics = statistics_of(2, seeding(1.0, 1), seeding(1.0, 2), record(2.0, 0, ClientLeft(1)))
    assert (statistics.num_left, statistics.clients[0].left_s) == (1, 2.0)
    assert statistics.roles["file1"]["seed"] == 1


def test_who_comes_late_is_known_by_its_time() -> None:
    assert statistics_of(1, record(2.0, 1, Arrived())).clients[0].arrived_s == 2.0


def test_faults_are_in_effect_from_their_beginning_to_their_end() -> None:
    began = [record(1.0, rank, FaultBegan("slow clients 1-2 by 4")) for rank in (1, 2)]
    drop = record(1.0, 0, FaultBegan("drop 10% of messages"))
    statistics = statistics_of(2, *began, drop, record(1.0, 1, FaultBegan("kill client 1 at 1s")))
    assert statistics.faults == {"slow clients 1-2 by 4": 2, "drop 10% of messages": 1}
    ended = [record(2.0, rank, FaultEnded("slow clients 1-2 by 4")) for rank in (1, 2)]
    statistics.add_all(ended)
    assert statistics.faults == {"drop 10% of messages": 1}
    assert statistics.faults_begun == {"slow clients 1-2 by 4", "drop 10% of messages", "kill client 1 at 1s"}


FATES = [
    *(seeding(time_s, 1) for time_s in (1.0, 3.0, 7.0)),
    record(2.0, 0, ClientFinished(1)),
    record(6.0, 0, ClientFinished(1)),
    record(6.5, 0, ClientLeft(1)),
    died(4.0, 1),
    record(5.0, 1, Restarted(True)),
]


@given(st.randoms(use_true_random=False))
def test_a_death_and_what_the_tracker_says_may_be_heard_in_any_order(order: random.Random) -> None:
    in_time = sorted(FATES, key=lambda each: each.time_s)
    assert figures(statistics_of(1, *interleaved(in_time, order))) == figures(statistics_of(1, *in_time))


def test_a_feed_is_the_same_whether_records_come_one_by_one_or_many() -> None:
    records = [record(number / 10, 0, RoleChanged(1, "file1", "seed")) for number in range(NUM_RECENT + 20)]
    quiet = [record(number / 10, 1, ConnectionOpened(1, 1)) for number in range(200)]
    one_by_one, many = SwarmStatistics(1), SwarmStatistics(1)
    for each in records + quiet:
        one_by_one.add(each)
    for first in range(0, len(records + quiet), 7):
        many.add_all((records + quiet)[first : first + 7])
    assert list(one_by_one.recent) == list(many.recent) == records[20:]
