"""`swift`: idle uplinks, rare segments, and seeds for what is not out yet."""

import pytest

from emulator.comparison.grid import Job
from emulator.comparison.measure import measure
from emulator.comparison.subjects import Subject
from emulator.protocol.messages import ConnectionCountRequest, HoldingsRequest, SegmentRequest
from emulator.scenario.plan_network import NetworkFlags
from emulator.strategies.swift import NUM_SOURCES, Swift
from tests.strategies.holders import Client, over_rng_seeds

ALL = range(12)
MANY = dict.fromkeys(range(2, 2 + NUM_SOURCES), ())
"""Peers that have nothing yet, as many as there are sources."""


def test_a_busy_uploader_is_not_asked_for_a_segment() -> None:
    client = Client({2: ALL, 3: ALL}, counts={2: 1})
    client.play(Swift())
    assert set(client.asked(SegmentRequest)) == {3}


def test_where_all_are_busy_the_round_ends_soon_with_nothing() -> None:
    client = Client({2: ALL, 3: ALL}, counts={2: 1, 3: 1})
    assert client.play(Swift()).num_taken == 0
    assert len(client.asked(ConnectionCountRequest)) == 20


def test_the_rarest_of_what_an_idle_uploader_has_comes_first() -> None:
    """What 2 and 3 have in common is known by then: all are asked what they hold, busy or not."""
    common = {0, 1, 2, 3}
    clients = over_rng_seeds(
        lambda rng_seed: Client({2: common, 3: common, 4: {*common, 9}}, counts={2: 1, 3: 1}, rng_seed=rng_seed), Swift
    )
    is_informed = [bool({2, 3} & set(client.asked(HoldingsRequest)[:2])) for client in clients]
    assert any(is_informed)
    informed = [client for client in clients if client.asked(HoldingsRequest)[:3] in ([2, 3, 4], [3, 2, 4])]
    assert informed
    assert {client.taken[0] for client in informed} == {(4, 9)}


def test_every_visit_is_for_one_segment() -> None:
    client = Client({2: ALL, 3: ALL})
    client.play(Swift())
    assert [len(visit.segments) for visit in client.visits] == [1] * 10


def test_after_many_rounds_with_nothing_a_busy_uploader_will_do_and_sooner_the_next_time() -> None:
    """It may have missed the end of a connection."""
    client = Client(dict.fromkeys(range(2, 12), ALL), counts=dict.fromkeys(range(2, 12), 1))
    strategy = Swift()
    empty: list[int] = []
    for _ in range(3):
        empty.append(0)
        while client.play(strategy, quota=3).num_taken == 0:
            empty[-1] += 1
    assert 40 <= empty[0] < 80
    assert 20 <= empty[1] < 40
    assert 10 <= empty[2] < 30


# Seeds


def test_who_is_alone_takes_one_segment_and_looks_for_others() -> None:
    client = Client({}, seeds=(7,))
    strategy = Swift()
    for number in range(12):
        assert client.play(strategy).num_taken == 1
        assert client.taken[-1] == (7, number)


@pytest.mark.parametrize("num_others", [1, 3, 5])
def test_who_comes_after_n_others_begins_with_a_segment_of_its_own(num_others: int) -> None:
    client = Client(dict.fromkeys(range(2, 2 + num_others), ()), seeds=(30,))
    strategy = Swift()
    while not client.taken:
        client.play(strategy)
    assert client.taken[0] == (30, num_others)


def test_of_its_share_it_fetches_more_when_the_others_shares_are_out_as_far() -> None:
    """Of 12 segments, the last of four sources has 3, 7 and 11."""
    client = Client({2: (), 3: (), 4: ()}, seeds=(30,), counts={2: 1, 3: 1, 4: 1})
    strategy = Swift()
    while not client.taken:
        client.play(strategy)
    client.held |= {2: {0}, 3: {1}, 4: {2}}
    while len(client.taken) < 2:
        client.play(strategy)
    assert client.taken == [(30, 3), (30, 7)]


def test_who_comes_after_all_sources_leaves_seeds_alone() -> None:
    clients = over_rng_seeds(lambda rng_seed: Client(MANY, seeds=(30,), rng_seed=rng_seed), Swift, 20)
    assert sum(len(client.taken) for client in clients) < 20


def test_it_fetches_in_the_end_what_is_another_ones_share_which_may_be_dead() -> None:
    client = Client(MANY, seeds=(30,), num_segments=3)
    strategy = Swift()
    for _ in range(2_000):
        if client.holding.num_missing:
            client.play(strategy)
    assert client.holding.is_complete


def test_a_busy_seed_is_left_to_others() -> None:
    client = Client({2: ()}, seeds=(7,), counts={7: 1})
    client.play(Swift())
    assert client.asked(SegmentRequest) == []


def test_seeds_are_not_asked_for_what_is_out() -> None:
    client = Client({2: range(11), 3: ()}, seeds=(7,), counts={2: 1})
    strategy = Swift()
    for _ in range(40):
        client.play(strategy)
    assert (7, 11) in client.taken
    assert next(segment for uploader, segment in client.taken if uploader == 7) == 11


def test_when_all_is_out_seeds_are_uploaders_like_others() -> None:
    client = Client({2: ALL}, seeds=(7,), counts={2: 1})
    client.play(Swift())
    assert {uploader for uploader, _ in client.taken} == {7}


def test_peers_that_have_become_seeds_serve_like_peers() -> None:
    client = Client({2: (), 3: ()}, seeds=(7,), counts={7: 1})
    strategy = Swift()
    client.play(strategy)
    client.become_seed(2)
    client.play(strategy)
    assert {uploader for uploader, _ in client.taken} == {2}


def test_another_file_is_begun_anew() -> None:
    strategy = Swift()
    first = Client({}, seeds=(7,))
    first.play(strategy)
    second = Client({2: ()}, seeds=(8,), name="file2")
    while not second.taken:
        second.play(strategy)
    assert second.taken[0] == (8, 1)  # its place is now that after one other


# How fast it is


def ratio(num_leechers: int, num_segments: int, rng_seed: int = 0) -> float:
    """Makespan over the lower bound, where a message takes a thousandth of a segment's time."""
    lines = NetworkFlags(up=1_000.0, segment_bytes=1_000, delay_s=0.001)
    subject = Subject(num_clients=num_leechers + 1, num_seeds=1, num_segments=num_segments, lines=lines)
    row = measure(Job(subject=subject, strategy="swift", rng_seed=rng_seed))
    assert row.is_proven
    assert row.makespan_s is not None
    assert row.bound_s is not None
    return row.makespan_s / row.bound_s


@pytest.mark.parametrize(("num_leechers", "num_segments"), [(15, 50), (40, 50)])
def test_it_is_within_a_quarter_of_the_bound(num_leechers: int, num_segments: int) -> None:
    """Mundinger, Weber and Weiss: no strategy needs fewer than M + log2 N segment times. It is the same every time."""
    assert 1.0 <= ratio(num_leechers, num_segments) <= 1.25
