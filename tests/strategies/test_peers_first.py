"""`peers-first`, step by step: D4, D5 and D6 as the protocol has them."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.protocol.events import PeerChosen, SeedChosen, SegmentsTaken
from emulator.protocol.library import HeldFile
from emulator.protocol.messages import (
    AnyMessage,
    Close,
    ConnectionCountRequest,
    SegmentRequest,
)
from emulator.protocol.questions import Questions
from emulator.protocol.round import Round
from emulator.strategies.peers_first import PeersFirst
from tests.protocol.scripted import ScriptedNode, ScriptedUploaders, file_of


class Played:
    """One round that was played with uploaders that answer by a script."""

    def __init__(self, node: ScriptedNode, round: Round, uploaders: ScriptedUploaders) -> None:
        self.node = node
        self.num_taken = round.num_taken
        self.visited = uploaders.visited
        """Who was asked for segments, in order."""
        self.taken = node.events(SegmentsTaken)
        self.chosen = node.events(PeerChosen)
        self.asked = [dest for _, message, dest in node.sent if message == ConnectionCountRequest()]
        """Who was asked for its number of connections, in order."""
        self.seeds = [event.seed for event in node.events(SeedChosen)]

    def closes(self) -> list[int]:
        return [dest for _, message, dest in self.node.sent if message == Close()]


def play(
    visits: Iterable[str],
    *,
    peers: tuple[int, ...] = (2, 3, 4),
    seeds: tuple[int, ...] = (),
    counts: dict[int, int] | None = None,
    num_segments: int = 30,
    quota: int = 10,
    rng_seed: int = 0,
) -> Played:
    """One round: whoever is visited n-th answers as `visits` says (`h`it, `m`iss, `w`rong), whichever rank it is."""
    metadata = file_of(num_segments)
    uploaders = ScriptedUploaders([metadata], [(seeds, peers)], visits, counts)
    node = ScriptedNode(answer=uploaders, rng_seed=rng_seed)
    round = Round(node, Questions(node, None), HeldFile(metadata), (seeds, peers), quota)
    PeersFirst().run_round(round)
    return Played(node, round, uploaders)


# D4


def test_d4_peers_are_tried_before_seeds() -> None:
    played = play(["hm", "m"], seeds=(7,))
    assert set(played.visited[:-1]) <= {2, 3, 4}
    assert played.visited[-1] == 7


def test_d4_a_peer_is_kept_until_it_misses() -> None:
    played = play(["hhhhm", "hhm", "m", "m"])
    assert [event.segments for event in played.taken] == [(0, 1, 2, 3), (4, 5), ()]
    assert all(event.is_missed for event in played.taken)


@pytest.mark.parametrize("rng_seed", range(5))
def test_d4_two_misses_in_a_row_from_two_peers_end_the_search(rng_seed: int) -> None:
    played = play(["m", "m"], rng_seed=rng_seed)
    assert len(played.visited) == 2
    assert played.visited[0] != played.visited[1]
    assert played.num_taken == 0


def test_d4_a_miss_as_the_very_first_answer_still_allows_a_second_peer() -> None:
    played = play(["m", "h" * 10])
    assert len(played.visited) == 2
    assert played.num_taken == 10


def test_d4_a_hit_in_between_starts_the_count_again() -> None:
    """A misses; B hits, then misses: the first miss in a row; C misses: the second."""
    played = play(["m", "hm", "m", "hhhh"])
    assert len(played.visited) == 3
    assert [event.num_misses for event in played.chosen] == [0, 1, 1]


def test_d4_hits_in_every_visit_let_the_search_go_on_for_ever() -> None:
    played = play(["hm"] * 9 + ["h"])
    assert len(played.visited) == 10
    assert played.num_taken == 10


def test_d4_misses_that_end_visits_with_hits_do_not_add_up() -> None:
    """A hits and misses (one), B misses at once (two): over, although A gave something."""
    played = play(["hm", "m", "hhhh"])
    assert len(played.visited) == 2
    assert [event.num_misses for event in played.chosen] == [0, 1]


def test_d4_a_wrong_segment_counts_as_a_miss() -> None:
    played = play(["w", "m", "hhhh"])
    assert len(played.visited) == 2


@given(st.lists(st.from_regex(r"h{0,3}m", fullmatch=True), min_size=1, max_size=12), st.integers(0, 99))
def test_d4_the_same_peer_is_never_visited_twice_in_a_row(visits: list[str], rng_seed: int) -> None:
    played = play(visits, rng_seed=rng_seed)
    assert all(first != second for first, second in zip(played.visited, played.visited[1:], strict=False))


def test_d4_the_only_peer_is_not_asked_again_after_its_miss() -> None:
    played = play(["hhm", "hhhh"], peers=(2,), seeds=(7,))
    assert played.visited == [2, 7]
    assert [len(event.segments) for event in played.taken] == [2, 4]


def test_d4_two_peers_may_take_turns() -> None:
    played = play(["hm", "hm", "hm", "m", "m"], peers=(2, 3))
    first, second = played.visited[:2]
    assert played.visited == [first, second, first, second]
    assert [len(event.segments) for event in played.taken] == [1, 1, 1, 0]


def test_d4_without_peers_the_search_is_over_at_once() -> None:
    played = play(["hh"], peers=(), seeds=(7,))
    assert played.visited == [7]
    assert played.chosen == []


def test_d4_every_peer_may_be_picked_first_and_every_other_one_second() -> None:
    pairs = {tuple(play(["m", "m"], rng_seed=rng_seed).visited) for rng_seed in range(100)}
    assert pairs == {(first, second) for first in (2, 3, 4) for second in (2, 3, 4) if first != second}


def test_d4_the_pick_is_among_all_but_the_peer_that_missed_last() -> None:
    played = play(["hm", "m"])
    first, second = played.chosen
    assert first.candidates == (2, 3, 4)
    assert second.candidates == tuple(peer for peer in (2, 3, 4) if peer != first.peer)
    assert [event.peer for event in played.chosen] == played.visited
    assert played.node.steps_of(PeerChosen) == {"D4"}


def test_d4_close_on_reaching_the_quota_and_no_seed_is_asked() -> None:
    played = play(["h" * 10], seeds=(7, 8))
    (peer,) = played.visited
    assert played.node.sent == [
        *(("upload", SegmentRequest("file1", segment), peer) for segment in range(10)),
        ("upload", Close(), peer),
    ]
    assert played.node.sent_to(7) == played.node.sent_to(8) == []


def test_d4_close_on_leaving_a_peer_after_a_miss() -> None:
    played = play(["hm", "m"])
    left, missed = played.visited
    assert played.node.sent == [
        ("upload", SegmentRequest("file1", 0), left),
        ("upload", SegmentRequest("file1", 1), left),
        ("upload", Close(), left),
        ("upload", SegmentRequest("file1", 1), missed),
    ]


def test_d4_close_on_completing_the_file() -> None:
    played = play(["hhh"], num_segments=3, seeds=(7,))
    assert played.num_taken == 3
    assert played.closes() == played.visited
    assert played.node.sent_to(7) == []


# D5


@pytest.mark.parametrize("num_seeds", [1, 2, 3, 4, 9])
@pytest.mark.parametrize("rng_seed", range(3))
def test_d5_three_seeds_are_asked_or_all_where_there_are_fewer(num_seeds: int, rng_seed: int) -> None:
    seeds = tuple(range(11, 11 + num_seeds))
    played = play([], peers=(), seeds=seeds, rng_seed=rng_seed)
    assert len(played.asked) == len(set(played.asked)) == min(3, num_seeds)
    assert set(played.asked) <= set(seeds)


def test_d5_every_seed_may_be_asked() -> None:
    asked = {seed for rng_seed in range(30) for seed in play([], peers=(), seeds=(5, 6, 7, 8), rng_seed=rng_seed).asked}
    assert asked == {5, 6, 7, 8}


@given(st.dictionaries(st.integers(11, 20), st.integers(0, 4), min_size=1), st.integers(0, 99))
def test_d5_the_seed_with_the_fewest_connections_is_taken(counts: dict[int, int], rng_seed: int) -> None:
    played = play([], peers=(), seeds=tuple(counts), counts=counts, rng_seed=rng_seed)
    (event,) = played.node.events(SeedChosen)
    assert event.asked == tuple(played.asked)
    assert event.counts == tuple(counts[seed] for seed in played.asked)
    assert counts[event.seed] == min(event.counts)
    assert played.visited == [event.seed]
    assert played.node.steps_of(SeedChosen) == {"D5"}


def test_d5_ties_are_broken_at_random_among_those_with_the_fewest() -> None:
    counts = {7: 2, 8: 1, 9: 1}
    seeds = {
        seed
        for rng_seed in range(40)
        for seed in play([], seeds=(7, 8, 9), counts=counts, rng_seed=rng_seed, peers=()).seeds
    }
    assert seeds == {8, 9}


def test_d5_is_reached_after_two_misses_with_what_is_left_of_the_quota() -> None:
    played = play(["hhm", "m", "h" * 10], seeds=(7,))
    assert played.asked == [7]
    assert [len(event.segments) for event in played.taken] == [2, 0, 8]


def test_d5_nobody_is_asked_where_the_quota_was_reached_among_peers() -> None:
    assert play(["h" * 10], seeds=(7, 8, 9)).asked == []


def test_d5_nobody_is_asked_where_there_is_no_seed() -> None:
    played = play(["m", "m"])
    assert played.asked == []
    assert played.seeds == []


# D6


def test_d6_the_rest_of_the_quota_comes_from_that_seed_and_it_is_closed() -> None:
    played = play(["hhhm", "m", "h" * 10], seeds=(7,))
    messages: list[AnyMessage] = [ConnectionCountRequest()]
    messages += [SegmentRequest("file1", segment) for segment in range(3, 10)]
    assert played.node.sent_to(7) == [*messages, Close()]
    assert played.num_taken == 10


def test_d6_the_rest_of_the_file_where_that_is_less() -> None:
    played = play([], peers=(), seeds=(7,), num_segments=4)
    assert played.num_taken == 4
    assert played.closes() == [7]


def test_d6_no_other_seed_is_tried_in_the_same_round() -> None:
    played = play(["hw", "hhh"], peers=(), seeds=(7, 8, 9))
    assert len(played.visited) == 1
    assert played.num_taken == 1
    assert played.closes() == played.visited


# The three together


@given(
    peers=st.integers(0, 4).map(lambda n: tuple(range(2, 2 + n))),
    seeds=st.integers(0, 5).map(lambda n: tuple(range(11, 11 + n))),
    visits=st.lists(st.text("hmw", max_size=6), max_size=8),
    num_segments=st.integers(1, 14),
    quota=st.integers(1, 12),
    rng_seed=st.integers(0, 99),
)
def test_a_round_ends_only_for_a_reason(
    peers: tuple[int, ...], seeds: tuple[int, ...], visits: list[str], num_segments: int, quota: int, rng_seed: int
) -> None:
    """Against a model of D4 to D6 that is told who was picked, and says whether to go on."""
    played = play(visits, peers=peers, seeds=seeds, num_segments=num_segments, quota=quota, rng_seed=rng_seed)
    most, num_taken, misses_in_a_row, last = min(num_segments, quota), 0, 0, 0
    taken = list(played.taken)
    while num_taken < most and misses_in_a_row < 2 and set(peers) - {last}:
        visit = taken.pop(0)
        assert visit.uploader in set(peers) - {last}
        assert not visit.is_seed
        num_taken += len(visit.segments)
        misses_in_a_row = (0 if visit.segments else misses_in_a_row) + visit.is_missed
        last = visit.uploader
    if num_taken < most and seeds:
        visit = taken.pop(0)
        assert visit.is_seed
        assert [visit.uploader] == played.seeds
        assert visit.is_missed is (num_taken + len(visit.segments) < most)
    else:
        assert played.asked == []
    assert taken == []


@given(st.lists(st.text("hm", max_size=6), max_size=8), st.integers(0, 99))
def test_the_choices_are_repeatable(visits: list[str], rng_seed: int) -> None:
    first, second = (play(visits, seeds=(7, 8, 9, 10), rng_seed=rng_seed) for _ in range(2))
    assert first.node.log == second.node.log
