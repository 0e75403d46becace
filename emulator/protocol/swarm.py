"""The tracker's table: which files exist, and who is seed or peer of each. Pure."""

import random
from collections.abc import Iterable, Iterator

from emulator.protocol.events import Role
from emulator.protocol.files import FileMetadata
from emulator.protocol.stuck import Advice, Report, StuckPeers

FEW_TIMES = 8
"""Of a set that is so many times as large as what is drawn from it, hardly any rank is drawn twice by chance."""
SPARE_DRAWS = 16


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
        """As many draws, without those that came twice: as fair as `rng.sample`, in a third of the time."""
        ranks, random = self._ranks, rng.random
        size = len(ranks)
        return dict.fromkeys([ranks[int(random() * size)] for _ in range(count)])


class Swarm:
    """Everybody who takes part in one file; whoever wants it and is in neither set is a leecher."""

    def __init__(self, metadata: FileMetadata) -> None:
        self.metadata = metadata
        self.seeds = RankSet()
        self.peers = RankSet()
        self.stuck = StuckPeers()

    def forget(self, rank: int) -> None:
        """The client is no longer there."""
        self.seeds.discard(rank)
        self.peers.discard(rank)
        self.stuck.forget(rank)


class SwarmTable:
    """All swarms by file name. Raises `KeyError` for a name that nobody has reported."""

    def __init__(self) -> None:
        self._swarms: dict[str, Swarm] = {}

    def report(self, owner: int, metadata: FileMetadata) -> None:
        """T1: `owner` seeds this file. Raises `ValueError` where an earlier owner gave other hashes."""
        swarm = self._swarms.setdefault(metadata.name, Swarm(metadata))
        if swarm.metadata != metadata:
            other = f"rank {min(swarm.seeds)}" if len(swarm.seeds) else "an owner that is lost"
            raise ValueError(f"rank {owner} gives other hashes for {metadata.name!r} than {other}")
        swarm.seeds.add(owner)

    def metadata(self, names: Iterable[str]) -> tuple[FileMetadata, ...]:
        """T3: the metadata of these files, in this order; without those whose owners died before they told of them."""
        return tuple(self._swarms[name].metadata for name in names if name in self._swarms)

    def role(self, file: str, rank: int) -> Role:
        swarm = self._swarms[file]
        return "seed" if rank in swarm.seeds else "peer" if rank in swarm.peers else "leecher"

    def join(self, file: str, rank: int) -> bool:
        """T6: a client that asks for a swarm becomes a peer of it. True if it was not in it before."""
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
        """T7: the client turns into a seed of the file. True if it was none before."""
        swarm = self._swarms[file]
        if rank in swarm.seeds:
            return False
        swarm.peers.discard(rank)
        swarm.seeds.add(rank)
        return True

    def forget(self, rank: int) -> None:
        """The client is no longer in any swarm: it is lost, or has departed."""
        for swarm in self._swarms.values():
            swarm.forget(rank)

    def report_stuck(self, file: str, rank: int, report: Report) -> Advice | None:
        """What the client has been told already, if this question is one that has had its answer.

        Raises `ValueError` where it misses segments that the file does not have.
        """
        swarm = self._swarms[file]
        if report.missing.bit_length() > swarm.metadata.num_segments:
            raise ValueError(f"it misses more than the {swarm.metadata.num_segments} segments of {file!r}")
        return swarm.stuck.report(rank, report)

    def advise(self, file: str) -> list[Advice]:
        """What to tell the clients that are stuck in this file, if anything."""
        swarm = self._swarms[file]
        return swarm.stuck.judge(list(swarm.seeds), list(swarm.peers)) if swarm.stuck else []

    def stuck_files(self) -> list[str]:
        """The files that somebody is stuck in."""
        return [file for file, swarm in self._swarms.items() if swarm.stuck]
