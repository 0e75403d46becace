"""`least-connected`: balance by a few random choices."""

from emulator.protocol.messages import ConnectionCountRequest, HoldingsRequest
from emulator.strategies.least_connected import NUM_CHOICES, LeastConnected
from tests.strategies.holders import Client, over_rng_seeds

ALL = range(12)


def test_the_least_connected_of_all_gives_the_quota_be_it_seed_or_peer() -> None:
    for idle in (2, 7):
        client = Client({2: ALL, 3: ALL}, seeds=(7,), counts={2: 4, 3: 5, 7: 6, idle: 0})
        client.play(LeastConnected(), quota=10)
        assert client.taken == [(idle, segment) for segment in range(10)]
        assert sorted(client.asked(ConnectionCountRequest)) == [2, 3, 7]


def test_it_chooses_among_three_whoever_they_are() -> None:
    clients = over_rng_seeds(
        lambda rng_seed: Client(
            dict.fromkeys(range(2, 12), ALL), counts={rank: rank for rank in range(2, 12)}, rng_seed=rng_seed
        ),
        LeastConnected,
        200,
    )
    for client in clients:
        asked = client.asked(ConnectionCountRequest)
        assert len(set(asked)) == len(asked) == NUM_CHOICES == 3
        assert client.taken[0][0] == min(asked)
    assert {client.taken[0][0] for client in clients} == set(range(2, 10))  # 10 and 11 are never the least of three


def test_ties_go_to_any() -> None:
    clients = over_rng_seeds(lambda rng_seed: Client({2: ALL, 3: ALL}, rng_seed=rng_seed), LeastConnected)
    assert {client.taken[0][0] for client in clients} == {2, 3}


def test_after_a_miss_the_next_one_is_taken_and_nobody_is_visited_twice() -> None:
    client = Client({2: {0, 1}, 3: {0, 1, 2}, 4: ()}, counts={4: 0, 2: 1, 3: 2})
    client.play(LeastConnected())
    assert client.taken == [(2, 0), (2, 1), (3, 2)]
    assert client.num_misses == 3


def test_who_is_lost_is_no_choice_as_long_as_there_is_another() -> None:
    client = Client({2: ALL, 3: ALL}, lost={2}, counts={3: 9})
    client.play(LeastConnected())
    assert {uploader for uploader, _ in client.taken} == {3}


def test_nobody_is_asked_what_it_holds() -> None:
    client = Client({2: ALL}, seeds=(7,))
    client.play(LeastConnected())
    assert client.asked(HoldingsRequest) == []


def test_without_anybody_the_round_is_over() -> None:
    assert Client({}).play(LeastConnected()).num_taken == 0
