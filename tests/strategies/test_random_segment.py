"""`random-segment`: chance alone."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from emulator.protocol.messages import ConnectionCountRequest
from emulator.strategies.random_segment import RandomSegment
from tests.strategies.holders import Client, over_rng_seeds


def test_any_missing_segment_may_come_first_from_anybody_who_holds_it() -> None:
    clients = over_rng_seeds(
        lambda rng_seed: Client({2: {0, 1}, 3: {2}}, seeds=(7,), num_segments=4, rng_seed=rng_seed), RandomSegment, 200
    )
    assert {client.taken[0] for client in clients} == {(2, 0), (2, 1), (3, 2), (7, 0), (7, 1), (7, 2), (7, 3)}


def test_seeds_are_no_more_likely_than_peers() -> None:
    clients = over_rng_seeds(
        lambda rng_seed: Client({2: range(12), 3: range(12)}, seeds=(7,), rng_seed=rng_seed), RandomSegment, 150
    )
    first = Counter(client.taken[0][0] for client in clients)
    assert set(first) == {2, 3, 7}
    assert min(first.values()) > 25


def test_who_has_nothing_new_is_not_asked_again_in_the_round() -> None:
    client = Client({2: (), 3: {5}, 4: ()})
    client.play(RandomSegment())
    assert client.taken == [(3, 5)]
    assert client.num_misses == 0


def test_who_is_lost_is_left_out() -> None:
    client = Client({2: range(12), 3: range(12)}, lost={2})
    assert client.play(RandomSegment()).num_taken == 10
    assert {uploader for uploader, _ in client.taken} == {3}


@given(
    st.dictionaries(st.integers(2, 5), st.sets(st.integers(0, 11))),
    st.sets(st.integers(0, 11)),
    st.integers(1, 15),
    st.integers(0, 9),
)
def test_a_round_ends_at_the_quota_or_when_nobody_has_more(
    held: dict[int, set[int]], have: set[int], quota: int, rng_seed: int
) -> None:
    client = Client(held, have=have, rng_seed=rng_seed)
    if len(have) < 12:
        client.play(RandomSegment(), quota)
        there = set().union(*held.values()) - have
        assert len(client.taken) == min(quota, len(there))
        assert client.num_misses == 0
        assert client.asked(ConnectionCountRequest) == []
