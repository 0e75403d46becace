"""`rarest-first`: what few hold is got before it is gone."""

from hypothesis import given
from hypothesis import strategies as st

from emulator.protocol.messages import HoldingsRequest, SegmentRequest
from emulator.strategies.rarest_first import NUM_PEERS_ASKED, RarestFirst
from tests.strategies.holders import Client, over_rng_seeds


def test_what_the_fewest_hold_comes_first() -> None:
    client = Client({2: {0, 1, 2}, 3: {0, 1}, 4: {0}})
    client.play(RarestFirst())
    assert [segment for _, segment in client.taken] == [2, 1, 0]
    assert client.taken[0] == (2, 2)


def test_of_equally_rare_ones_any_may_come_first_from_anybody_who_holds_it() -> None:
    clients = over_rng_seeds(lambda rng_seed: Client({2: {3, 4}, 3: {3, 4}}, rng_seed=rng_seed), RarestFirst)
    assert {client.taken[0] for client in clients} == {(2, 3), (2, 4), (3, 3), (3, 4)}


def test_seeds_give_what_none_of_the_asked_holds_and_only_then() -> None:
    client = Client({2: {0, 1}, 3: {1}}, seeds=(7,), num_segments=6)
    client.play(RarestFirst(), quota=5)
    assert client.taken[:2] == [(2, 0), client.taken[1]]
    assert client.taken[1][1] == 1
    assert [uploader for uploader, _ in client.taken[2:]] == [7, 7, 7]
    assert {segment for _, segment in client.taken[2:]} < {2, 3, 4, 5}


def test_clients_begin_with_different_segments_of_a_seed() -> None:
    clients = over_rng_seeds(lambda rng_seed: Client({}, seeds=(7,), rng_seed=rng_seed), RarestFirst, 120)
    assert {client.taken[0][1] for client in clients} == set(range(12))


def test_no_seed_is_asked_where_peers_offer_the_whole_quota() -> None:
    client = Client({2: range(12)}, seeds=(7,))
    client.play(RarestFirst(), quota=10)
    assert {uploader for uploader, _ in client.taken} == {2}


def test_a_few_peers_are_asked_what_they_hold_and_each_once_a_round() -> None:
    client = Client({rank: range(12) for rank in range(2, 20)}, seeds=(30,))
    client.play(RarestFirst())
    asked = client.asked(HoldingsRequest)
    assert len(asked) == len(set(asked)) == NUM_PEERS_ASKED == 5
    assert set(client.asked(SegmentRequest)) <= set(asked)


def test_who_dies_in_the_round_costs_what_only_it_offered() -> None:
    client = Client({2: {0, 1}, 3: {1, 2}}, dying={2})
    client.play(RarestFirst())
    assert {uploader for uploader, _ in client.taken} == {3}
    assert (3, 2) in client.taken


@given(
    st.dictionaries(st.integers(2, 5), st.sets(st.integers(0, 11))),
    st.booleans(),
    st.integers(1, 15),
    st.integers(0, 9),
)
def test_the_order_is_that_of_availability_and_nobody_misses(
    held: dict[int, set[int]], has_seed: bool, quota: int, rng_seed: int
) -> None:
    client = Client(held, seeds=(7,) if has_seed else (), rng_seed=rng_seed)
    client.play(RarestFirst(), quota)
    of_peers = [segment for uploader, segment in client.taken if uploader != 7]
    counts = [sum(segment in segments for segments in held.values()) for segment in of_peers]
    assert counts == sorted(counts)
    there = set(range(12)) if has_seed else set().union(*held.values())
    assert len(client.taken) == min(quota, len(there))
    assert client.num_misses == 0
