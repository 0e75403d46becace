"""`endgame`: the last segments are raced for."""

import pytest

from emulator.protocol.messages import SegmentRequest
from emulator.strategies.endgame import NUM_LAST, NUM_RACING, Endgame
from tests.strategies.holders import Client

EIGHT = {rank: range(12) for rank in range(2, 6)}


def asked_for(client: Client) -> dict[int, int]:
    """By segment, how many were asked for it."""
    segments = [message.segment for _, message, _ in client.node.sent if isinstance(message, SegmentRequest)]
    return {segment: segments.count(segment) for segment in dict.fromkeys(segments)}


def test_until_the_last_five_each_segment_is_asked_of_one_and_then_of_three() -> None:
    client = Client(EIGHT)
    client.play(Endgame(), quota=12)
    assert list(asked_for(client).values()) == [1] * 7 + [3] * 5
    assert (NUM_LAST, NUM_RACING) == (5, 3)
    assert sorted(segment for _, segment in client.taken) == list(range(12))


def test_a_round_that_does_not_come_to_the_end_has_no_race() -> None:
    client = Client(EIGHT)
    client.play(Endgame(), quota=7)
    assert set(asked_for(client).values()) == {1}


@pytest.mark.parametrize("rng_seed", range(5))
def test_the_first_that_gives_wins_whoever_else_was_asked(rng_seed: int) -> None:
    client = Client({2: {11}, 3: {11}, 4: {11}}, lost={2}, have=range(11), rng_seed=rng_seed)
    client.play(Endgame())
    ((winner, segment),) = client.taken
    assert segment == 11
    assert winner in (3, 4)


def test_only_who_holds_a_segment_takes_part_in_its_race() -> None:
    client = Client({2: {11}, 3: {10}}, seeds=(7, 8), have=range(10))
    client.play(Endgame())
    assert sorted(client.taken) == [(2, 11), (3, 10)]


def test_seeds_race_for_what_no_peer_has() -> None:
    client = Client({2: ()}, seeds=(7, 8, 9), have=range(11))
    client.play(Endgame())
    assert asked_for(client) == {11: 3}
