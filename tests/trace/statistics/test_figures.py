"""What the figures of a run say."""

import pytest

from emulator.protocol.events import (
    DownloadStarted,
    Received,
    SegmentsTaken,
    Sent,
    ThreadFailed,
    ThreadStarted,
)
from emulator.protocol.messages import Stop
from emulator.trace.statistics import SwarmStatistics, jain_index
from emulator.trace.statistics.client import FROM_PEER, FROM_SEED, OWNED
from emulator.trace.statistics.swarm import NUM_RECENT
from tests.trace.statistics.folded import figures
from tests.view.made import made_run
from tests.view.screens import barrier, finished, record, started, statistics_of, taken


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


@pytest.mark.parametrize(
    ("shares", "index"), [([], 1.0), ([0, 0], 1.0), ([5, 5, 5], 1.0), ([9, 0, 0], 1 / 3), ([1, 2, 3], 36 / 42)]
)
def test_jains_index_is_1_for_even_shares_and_one_nth_for_one_alone(shares: list[float], index: float) -> None:
    assert jain_index(shares) == pytest.approx(index)
