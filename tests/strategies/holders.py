"""Uploaders that hold what a test says, and answer by the protocol: the swarm around one client's strategy."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from emulator.protocol.events import SegmentsTaken
from emulator.protocol.library import HeldFile
from emulator.protocol.messages import (
    AnyMessage,
    ConnectionCount,
    ConnectionCountRequest,
    Hit,
    Holdings,
    HoldingsRequest,
    Lost,
    Miss,
    SegmentRequest,
)
from emulator.protocol.questions import Questions
from emulator.protocol.round import Round, Strategy
from tests.protocol.scripted import Incoming, ScriptedNode, bits_of, file_of


class Client:
    """A client that wants one file, and everybody else: `held` by rank, and how many connections each has open.

    Seeds hold everything. Ranks in `lost` are dead: a question to them is answered by the engine's word of it; those in
    `dying` die when a segment is asked of them.
    """

    def __init__(
        self,
        held: Mapping[int, Iterable[int]],
        *,
        seeds: tuple[int, ...] = (),
        counts: Mapping[int, int] | None = None,
        lost: Iterable[int] = (),
        dying: Iterable[int] = (),
        num_segments: int = 12,
        have: Iterable[int] = (),
        rng_seed: int = 0,
        name: str = "file1",
    ) -> None:
        self.metadata = file_of(num_segments, name)
        self.holding = HeldFile(self.metadata)
        self.held = {rank: set(segments) for rank, segments in held.items()}
        self.held |= {seed: set(range(num_segments)) for seed in seeds}
        self.seeds = seeds
        self.counts = dict(counts or {})
        self.lost = frozenset(lost)
        self.dying = frozenset(dying)
        self.node = ScriptedNode(answer=self._answer, rng_seed=rng_seed)
        self._questions = Questions(self.node, None)
        for segment in have:
            self.holding.add(segment, self.metadata.segment(segment))

    def play(self, strategy: Strategy, quota: int = 10) -> Round:
        """One round with everybody in its list."""
        peers = tuple(rank for rank in sorted(self.held) if rank not in self.seeds)
        round = Round(self.node, self._questions, self.holding, (self.seeds, peers), quota)
        strategy.run_round(round)
        return round

    def become_seed(self, peer: int) -> None:
        self.held[peer] = set(range(self.metadata.num_segments))
        self.seeds = (*self.seeds, peer)

    def _answer(self, dest: int, message: AnyMessage) -> Iterator[Incoming]:
        if dest in self.lost or (dest in self.dying and isinstance(message, SegmentRequest)):
            yield dest, Lost()
            return
        match message:
            case ConnectionCountRequest(number):
                yield dest, ConnectionCount(self.counts.get(dest, 0), number)
            case HoldingsRequest(file, number):
                yield dest, Holdings(file, bits_of(self.held[dest], self.metadata.num_segments), number)
            case SegmentRequest(file, segment, number) if segment in self.held[dest]:
                yield dest, Hit(file, segment, self.metadata.segment(segment), number)
            case SegmentRequest(file, segment, number):
                yield dest, Miss(file, segment, number)

    # What it did

    @property
    def visits(self) -> list[SegmentsTaken]:
        return self.node.events(SegmentsTaken)

    @property
    def taken(self) -> list[tuple[int, int]]:
        """Uploader and segment, in order."""
        return [(visit.uploader, segment) for visit in self.visits for segment in visit.segments]

    @property
    def num_misses(self) -> int:
        return sum(visit.is_missed for visit in self.visits)

    def asked(self, kind: type[AnyMessage]) -> list[int]:
        """Who was asked a question of this kind, in order."""
        return [dest for _, message, dest in self.node.sent if isinstance(message, kind)]


def over_rng_seeds(make: Callable[[int], Client], strategy: Callable[[], Strategy], num: int = 60) -> list[Client]:
    """The same round with many a generator."""
    clients = [make(rng_seed) for rng_seed in range(num)]
    for client in clients:
        client.play(strategy())
    return clients
