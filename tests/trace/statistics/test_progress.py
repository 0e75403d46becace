"""Progress is a segment: what arrives counts at once, and the end of a visit has the last word."""

import random

from hypothesis import given
from hypothesis import strategies as st

from emulator.protocol.events import Died, Received, RoundBegan, SegmentRejected, SegmentsTaken
from emulator.protocol.messages import Hit
from emulator.trace.records import Record
from emulator.trace.statistics import SwarmStatistics
from emulator.trace.statistics.client import FROM_PEER, FROM_SEED
from tests.trace.statistics.folded import figures
from tests.view.screens import record, started, statistics_of

BEGUN = (started(0.1, 2), record(0.2, 2, RoundBegan("file1", 1, (1,), (3,))))


def hit(time_s: float, segment: int, uploader: int = 1) -> Record:
    return record(time_s, 2, Received("download", uploader, Hit("file1", segment, "")))


def test_a_segment_counts_as_soon_as_it_is_there() -> None:
    statistics = statistics_of(3, *BEGUN, hit(0.3, 0), hit(0.4, 1, 3))
    client = statistics.clients[1]
    assert (client.num_from_seeds, client.num_from_peers, client.num_held, client.latest_s) == (1, 1, 2, 0.4)
    assert list(client.files["file1"].present[:3]) == [FROM_SEED, FROM_PEER, 0]
    assert (statistics.given, statistics.clients[0].num_given) == ({(1, 2): 1, (3, 2): 1}, 1)


def test_the_end_of_a_visit_has_the_last_word() -> None:
    taken = record(0.6, 2, SegmentsTaken("file1", 1, True, (0, 2), False))
    watched = statistics_of(3, *BEGUN, hit(0.3, 0), hit(0.4, 1), hit(0.5, 2), taken)
    assert figures(watched) == figures(statistics_of(3, *BEGUN, taken))


def test_a_wrong_segment_is_taken_back() -> None:
    wrong = record(0.4, 2, SegmentRejected("file1", 1, 1))
    statistics = statistics_of(3, *BEGUN, hit(0.3, 0), hit(0.4, 1), wrong)
    assert (statistics.clients[1].num_got, statistics.clients[1].num_rejected) == (1, 1)
    assert list(statistics.clients[1].files["file1"].present[:2]) == [FROM_SEED, 0]


def test_what_was_underway_when_a_client_died_does_not_count() -> None:
    died = record(0.5, 2, Died("was killed"))
    assert figures(statistics_of(3, *BEGUN, hit(0.3, 0), died)) == figures(statistics_of(3, *BEGUN, died))


@given(st.lists(st.tuples(st.integers(-1, 12), st.integers(0, 4)), max_size=30), st.randoms(use_true_random=False))
def test_hits_in_any_order_leave_no_trace_once_the_next_round_begins(
    hits: list[tuple[int, int]], order: random.Random
) -> None:
    """Late, double and nonsensical ones too."""
    heard = [hit(0.3, segment, uploader) for segment, uploader in hits]
    heard += [record(0.3, 2, SegmentsTaken("file1", 1, True, (4, 5), False)) for _ in range(order.randint(0, 1))]
    order.shuffle(heard)
    after = record(0.9, 2, RoundBegan("file1", 2, (1,), (3,)))
    without = [each for each in heard if not isinstance(each.event, Received)]
    watched, expected = statistics_of(3, *BEGUN, *heard, after), statistics_of(3, *BEGUN, *without, after)
    assert figures(watched) == figures(expected)
    assert isinstance(watched, SwarmStatistics)
    assert not watched.clients[1].underway
