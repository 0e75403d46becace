"""The tracker's table: which files exist, and which clients are seeds and peers of each. Pure."""

import random
from collections.abc import Iterable, Iterator

from emulator.protocol.files import FileMetadata

FEW_TIMES = 8
"""A set more than this many times as large as the draw rarely yields the same rank twice, so repeats are cheap."""
SPARE_DRAWS = 16
"""Extra draws, which make up for repeats."""


class RankSet:
    """A set of ranks from which a few are drawn in time that does not depend on its size."""

    def __init__(self) -> None:
        self._ranks: list[int] = []
        self._places: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._ranks)

    def __contains__(self, rank: int) -> bool:
        return rank in self._places

    def __iter__(self) -> Iterator[int]:
        return iter(self._ranks)

    def add(self, rank: int) -> None:
        if rank not in self._places:
            self._places[rank] = len(self._ranks)
            self._ranks.append(rank)

    def discard(self, rank: int) -> None:
        place = self._places.pop(rank, None)
        if place is None:
            return
        last = self._ranks.pop()
        if last != rank:
            self._ranks[place] = last
            self._places[last] = place

    def draw(self, count: int, without: int, rng: random.Random) -> tuple[int, ...]:
        """Up to `count` ranks other than `without`, each as likely as any other, in ascending order."""
        if len(self._ranks) <= count:
            return tuple(sorted(rank for rank in self._ranks if rank != without))
        drawn = self._draw_with_repeats(count + SPARE_DRAWS, rng) if len(self._ranks) > FEW_TIMES * count else {}
        drawn.pop(without, None)
        if len(drawn) < count:
            # One more than needed: whether or not `without` is among them, `count` are left.
            drawn = dict.fromkeys(rng.sample(self._ranks, min(count + 1, len(self._ranks))))
            drawn.pop(without, None)
        return tuple(sorted(list(drawn)[:count]))

    def _draw_with_repeats(self, count: int, rng: random.Random) -> dict[int, None]:
        """Draw with replacement and drop repeats: as fair as `rng.sample`, in a third of the time."""
        ranks, random = self._ranks, rng.random
        size = len(ranks)
        return dict.fromkeys([ranks[int(random() * size)] for _ in range(count)])


class Swarm:
    """The clients that take part in one file. A client that wants it and is in neither set is a leecher."""

    def __init__(self, metadata: FileMetadata) -> None:
        self.metadata = metadata
        self.seeds = RankSet()
        self.peers = RankSet()


class SwarmTable:
    """All swarms by file name. Raises `KeyError` for a name that no client has reported."""

    def __init__(self) -> None:
        self._swarms: dict[str, Swarm] = {}

    def __iter__(self) -> Iterator[str]:
        """The names of all files, in the order of the first reports."""
        return iter(self._swarms)

    def __getitem__(self, file: str) -> Swarm:
        return self._swarms[file]

    def report(self, owner: int, metadata: FileMetadata) -> None:
        """T1: `owner` seeds this file. Raises `ValueError` if an earlier owner reported other hashes."""
        swarm = self._swarms.setdefault(metadata.name, Swarm(metadata))
        if swarm.metadata != metadata:
            other = f"rank {min(swarm.seeds)}" if len(swarm.seeds) else "an owner that is lost"
            raise ValueError(f"rank {owner} gives other hashes for {metadata.name!r} than {other}")
        swarm.seeds.add(owner)

    def metadata(self, names: Iterable[str]) -> tuple[FileMetadata, ...]:
        """T3: the metadata of these files, in this order, without those that no client has reported."""
        return tuple(self._swarms[name].metadata for name in names if name in self._swarms)

    def join(self, file: str, rank: int) -> bool:
        """T6: a client that asks for a swarm becomes a peer of it. True if it was not in the swarm before."""
        swarm = self._swarms[file]
        if rank in swarm.seeds or rank in swarm.peers:
            return False
        swarm.peers.add(rank)
        return True

    def draw(self, file: str, asker: int, numwant: int, rng: random.Random) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """T6: at most `numwant` seeds and `numwant` peers of the file (BEP 3's numwant), never the asker."""
        swarm = self._swarms[file]
        return swarm.seeds.draw(numwant, asker, rng), swarm.peers.draw(numwant, asker, rng)

    def complete(self, file: str, rank: int) -> bool:
        """T7: the client turns into a seed of the file. True if it was not a seed before."""
        swarm = self._swarms[file]
        if rank in swarm.seeds:
            return False
        swarm.peers.discard(rank)
        swarm.seeds.add(rank)
        return True

    def forget(self, rank: int) -> None:
        """Remove the client from all swarms: it is lost, or has departed."""
        for swarm in self._swarms.values():
            swarm.seeds.discard(rank)
            swarm.peers.discard(rank)
