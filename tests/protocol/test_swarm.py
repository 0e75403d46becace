"""The tracker's table against dictionaries of sets, and its draws against what they promise."""

import random
from collections import Counter
from collections.abc import Callable
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from emulator.protocol.files import FileMetadata
from emulator.protocol.swarm import RankSet, SwarmTable
from tests.protocol.scripted import file_of

RANKS = st.integers(1, 12)
FILES = [file_of(num_segments, f"file{num_segments}") for num_segments in range(3)]
NAMES = st.sampled_from([metadata.name for metadata in FILES])


class RankSetAgainstSet(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.ranks = RankSet()
        self.model: set[int] = set()

    @rule(rank=RANKS)
    def add(self, rank: int) -> None:
        self.ranks.add(rank)
        self.model.add(rank)

    @rule(rank=RANKS)
    def discard(self, rank: int) -> None:
        self.ranks.discard(rank)
        self.model.discard(rank)

    @rule(count=st.integers(1, 14), without=RANKS, rng=st.randoms(use_true_random=False))
    def draw(self, count: int, without: int, rng: random.Random) -> None:
        others = self.model - {without}
        drawn = self.ranks.draw(count, without, rng)
        assert list(drawn) == sorted(set(drawn))
        assert set(drawn) <= others
        assert len(drawn) == min(count, len(others))

    @invariant()
    def holds_what_the_set_holds(self) -> None:
        assert sorted(self.ranks) == sorted(self.model)
        assert len(self.ranks) == len(self.model)
        assert {rank for rank in range(14) if rank in self.ranks} == self.model


TestRankSetAgainstSet = RankSetAgainstSet.TestCase


class SwarmTableAgainstDicts(RuleBasedStateMachine):
    """The model is two dictionaries of sets, and the rule that nobody is both a seed and a peer of a file."""

    def __init__(self) -> None:
        super().__init__()
        self.table = SwarmTable()
        self.seeds: dict[str, set[int]] = {metadata.name: {1} for metadata in FILES}
        self.peers: dict[str, set[int]] = {metadata.name: set() for metadata in FILES}

    @initialize()
    def one_client_owns_all(self) -> None:
        for metadata in FILES:
            self.table.report(1, metadata)

    @rule(owner=RANKS, metadata=st.sampled_from(FILES))
    def report(self, owner: int, metadata: FileMetadata) -> None:
        if owner not in self.peers[metadata.name]:
            self.table.report(owner, metadata)
            self.seeds[metadata.name].add(owner)

    @rule(file=NAMES, rank=RANKS)
    def join(self, file: str, rank: int) -> None:
        is_new = rank not in self.seeds[file] | self.peers[file]
        assert self.table.join(file, rank) is is_new
        if is_new:
            self.peers[file].add(rank)

    @rule(file=NAMES, rank=RANKS)
    def complete(self, file: str, rank: int) -> None:
        assert self.table.complete(file, rank) is (rank not in self.seeds[file])
        self.peers[file].discard(rank)
        self.seeds[file].add(rank)

    @rule(rank=RANKS)
    def forget(self, rank: int) -> None:
        self.table.forget(rank)
        for ranks in (*self.seeds.values(), *self.peers.values()):
            ranks.discard(rank)

    @rule(file=NAMES, asker=RANKS, numwant=st.integers(1, 14), rng=st.randoms(use_true_random=False))
    def draw(self, file: str, asker: int, numwant: int, rng: random.Random) -> None:
        seeds, peers = self.table.draw(file, asker, numwant, rng)
        for drawn, all_ranks in ((seeds, self.seeds[file]), (peers, self.peers[file])):
            assert set(drawn) <= all_ranks - {asker}
            assert len(set(drawn)) == len(drawn) == min(numwant, len(all_ranks - {asker}))

    @invariant()
    def knows_every_seed_and_peer(self) -> None:
        assert {file: set(self.table[file].seeds) for file in self.table} == self.seeds
        assert {file: set(self.table[file].peers) for file in self.table} == self.peers


TestSwarmTableAgainstDicts = SwarmTableAgainstDicts.TestCase


@pytest.mark.parametrize(
    ("size", "count", "without"),
    [(10, 1, 3), (10, 1, 99), (10, 4, 3), (10, 4, 99), (10, 8, 3), (60, 7, 3), (60, 7, 99)],
)
def test_each_member_is_drawn_as_often_as_any_other(size: int, count: int, without: int) -> None:
    ranks, rng = RankSet(), random.Random(0)
    for rank in range(1, size + 1):
        ranks.add(rank)
    others = set(range(1, size + 1)) - {without}
    num_draws = 4_000

    drawn = [rank for _ in range(num_draws) for rank in ranks.draw(count, without, rng)]

    mean = num_draws * count / len(others)
    for rank in others:
        # Six standard deviations: with a seeded generator the outcome is fixed, a biased draw is far outside.
        assert abs(drawn.count(rank) - mean) < 6 * mean**0.5
    assert set(drawn) == others


@pytest.mark.parametrize("size", [10, 60])
def test_every_two_members_are_drawn_together_as_often_as_any_other_two(size: int) -> None:
    ranks, rng = RankSet(), random.Random(0)
    for rank in range(size + 1):
        ranks.add(rank)
    num_draws, count = 20_000, 7

    together = Counter(pair for _ in range(num_draws) for pair in combinations(ranks.draw(count, 0, rng), 2))

    mean = num_draws * count * (count - 1) / (size * (size - 1))
    assert len(together) == size * (size - 1) // 2
    assert all(abs(number - mean) < 6 * mean**0.5 for number in together.values())


def test_all_are_drawn_where_the_excluded_one_leaves_exactly_enough() -> None:
    ranks = RankSet()
    for rank in (5, 2, 9, 7):
        ranks.add(rank)
    assert ranks.draw(3, 9, random.Random(0)) == (2, 5, 7)


@given(st.permutations([metadata.name for metadata in FILES]))
def test_metadata_comes_in_the_order_asked_for(names: list[str]) -> None:
    table = SwarmTable()
    for metadata in FILES:
        table.report(1, metadata)
    assert [metadata.name for metadata in table.metadata(names)] == names


def test_metadata_comes_without_the_files_that_nobody_has_reported() -> None:
    table = SwarmTable()
    table.report(1, FILES[2])
    assert table.metadata(["file1", "file2", "file9"]) == (FILES[2],)


@pytest.mark.parametrize("ask", [SwarmTable.join, SwarmTable.complete])
def test_the_swarm_of_a_file_that_nobody_has_reported_is_unknown(ask: Callable[[SwarmTable, str, int], object]) -> None:
    with pytest.raises(KeyError, match="file9"):
        ask(SwarmTable(), "file9", 1)


def test_owners_who_disagree_are_named() -> None:
    table = SwarmTable()
    table.report(4, file_of(2, "file1"))
    table.report(3, file_of(2, "file1"))
    with pytest.raises(ValueError, match=r"^rank 5 gives other hashes for 'file1' than rank 3$"):
        table.report(5, file_of(3, "file1"))
    assert sorted(table["file1"].seeds) == [3, 4]


def test_a_file_outlives_its_owners_and_so_do_its_hashes() -> None:
    table = SwarmTable()
    table.report(3, file_of(2, "file1"))
    table.forget(3)
    assert table.metadata(["file1"]) == (file_of(2, "file1"),)
    with pytest.raises(ValueError, match=r"^rank 5 gives other hashes for 'file1' than an owner that is lost$"):
        table.report(5, file_of(3, "file1"))
