"""`seeds-only`: clients and servers."""

from emulator.protocol.messages import ConnectionCountRequest, HoldingsRequest, SegmentRequest
from emulator.strategies.seeds_only import SeedsOnly
from tests.strategies.holders import Client, over_rng_seeds

EVERYTHING = range(12)


def test_one_seed_gives_the_whole_quota_and_no_peer_is_asked_anything() -> None:
    client = Client({2: EVERYTHING, 3: EVERYTHING}, seeds=(7, 8))
    client.play(SeedsOnly(), quota=10)
    (seed,) = {uploader for uploader, _ in client.taken}
    assert seed in (7, 8)
    assert client.taken == [(seed, segment) for segment in range(10)]
    assert client.asked(ConnectionCountRequest) == client.asked(HoldingsRequest) == []
    assert set(client.asked(SegmentRequest)) == {seed}


def test_every_seed_may_be_the_one() -> None:
    clients = over_rng_seeds(lambda rng_seed: Client({}, seeds=(7, 8, 9), rng_seed=rng_seed), SeedsOnly)
    assert {client.taken[0][0] for client in clients} == {7, 8, 9}


def test_without_seeds_nobody_is_asked() -> None:
    client = Client({2: EVERYTHING})
    assert client.play(SeedsOnly()).num_taken == 0
    assert client.node.sent == []
