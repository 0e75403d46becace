"""One round of D3, as a strategy sees it: a fresh swarm list, and up to a quota of segments of one file.

A strategy decides D4 to D6: which segment next, and from whom. It cannot break the rest: a `Round` asks one
question at a time, checks every answer and every segment, keeps to the quota, and closes what it opened.
"""

from collections.abc import Iterator
from typing import Protocol, Self

from emulator.protocol.events import AnyEvent, SegmentRejected, SegmentsTaken
from emulator.protocol.library import Holding
from emulator.protocol.messages import (
    Close,
    ConnectionCount,
    ConnectionCountRequest,
    Hit,
    Miss,
    SegmentRequest,
    SwarmAnswer,
)
from emulator.protocol.node import Node, unexpected


class Strategy(Protocol):
    """A way of downloading: what to do with one round."""

    def run_round(self, round: "Round") -> None:
        """Take segments until `round.is_open` is false, or until there is nobody left worth asking."""


class Round:
    """The swarm list of one file, and what is left of the quota.

    `seeds` and `peers` are ranks, never this client's own; `random` is the thread's generator, which makes a
    strategy's choices repeatable.
    """

    def __init__(self, node: Node, holding: Holding, swarm: SwarmAnswer, quota: int) -> None:
        self.file = holding.metadata.name
        self.seeds = swarm.seeds
        self.peers = swarm.peers
        self.random = node.random
        self.num_taken = 0
        self._node = node
        self._holding = holding
        self._most = min(quota, holding.num_missing)

    @property
    def is_open(self) -> bool:
        """Whether anything is left to take: the quota is not reached, and segments are missing."""
        return self.num_taken < self._most

    @property
    def first_missing(self) -> int:
        """The first segment in file order that is missing; -1 where none is."""
        return self._holding.first_missing

    def missing(self) -> Iterator[int]:
        """All missing segments, in file order."""
        return self._holding.missing()

    def connect(self, uploader: int) -> "Connection":
        """A visit to one peer (D4) or seed (D6): a context manager, which closes what it opened."""
        self._node.step = "D6" if uploader in self.seeds else "D4"
        return Connection(self, uploader, self._node, self._holding)

    def count_connections(self, uploader: int) -> int:
        """D5: ask a seed or peer how many connections it has open (U3)."""
        self._node.step = "D5"
        self._node.upload.send(ConnectionCountRequest(), uploader)
        source, answer = self._node.download.recv()
        if source != uploader or not isinstance(answer, ConnectionCount):
            raise unexpected(self._node, source, answer)
        return answer.count

    def record(self, event: AnyEvent) -> None:
        """Add an event to the run's stream: what was chosen, and why."""
        self._node.record(event)


class Connection:
    """A visit to one uploader. Its first hit opens a connection there (U2); leaving the visit closes it (U4)."""

    def __init__(self, round: Round, uploader: int, node: Node, holding: Holding) -> None:
        self.uploader = uploader
        self.segments: list[int] = []
        """What the uploader gave, in order."""
        self.is_missed = False
        self._is_open = False
        self._round = round
        self._node = node
        self._holding = holding

    def take(self, segment: int | None = None) -> bool:
        """Ask for a segment: the first missing one, where none is named. True for a hit.

        A segment that does not match its hash counts as a miss, is recorded and never passed on. Raises
        `RuntimeError` where the round has nothing left to take.
        """
        node, file = self._node, self._round.file
        if not self._round.is_open:
            raise RuntimeError(f"the round of {file!r} is over: test round.is_open before take()")
        if segment is None:
            segment = self._holding.first_missing
        node.upload.send(SegmentRequest(file, segment), self.uploader)
        source, answer = node.download.recv()
        if (
            source != self.uploader
            or not isinstance(answer, (Hit, Miss))
            or answer.segment != segment
            or answer.file != file
        ):
            raise unexpected(node, source, answer)
        if isinstance(answer, Hit):
            self._is_open = True
            if self._holding.add(segment, answer.data):
                self.segments.append(segment)
                self._round.num_taken += 1
                return True
            node.record(SegmentRejected(file, segment, self.uploader))
        self.is_missed = True
        return False

    def take_until_miss(self) -> None:
        """Take segments in file order until a miss, or until the round has nothing left to take."""
        while self._round.is_open and self.take():
            pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        if error is not None:
            return
        if self._is_open:
            self._node.upload.send(Close(), self.uploader)
        is_seed = self.uploader in self._round.seeds
        self._node.record(SegmentsTaken(self._round.file, self.uploader, is_seed, tuple(self.segments), self.is_missed))
