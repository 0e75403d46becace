"""Deaths, returns, departures, files that are given up, and faults, as the figures show them."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.protocol.events import (
    Arrived,
    ClientFinished,
    ClientLeft,
    ConnectionOpened,
    Died,
    FaultBegan,
    FaultEnded,
    FileUnavailable,
    FileWritten,
    Restarted,
    RoleChanged,
)
from emulator.trace.records import Record
from emulator.trace.statistics import SwarmStatistics
from emulator.trace.statistics.swarm import NUM_RECENT
from tests.trace.statistics.folded import figures, interleaved
from tests.view.screens import barrier, finished, record, started, statistics_of


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
