"""One round of D3, as a strategy sees it: a fresh swarm list, and up to a quota of segments of one file.

A strategy decides D4 to D6: which segment next, and from whom. It cannot break the rest: a `Round` asks one
question at a time, checks every answer and every segment, keeps to the quota, and closes what it opened.
"""

import random
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
        self.seeds = swarm.seeds
        self.peers = swarm.peers
        self.num_taken = 0
        self._node = node
        self._holding = holding
        self._quota = quota

    @property
    def file(self) -> str:
        return self._holding.metadata.name

    @property
    def random(self) -> random.Random:
        return self._node.random

    @property
    def is_open(self) -> bool:
        """Whether anything is left to take: the quota is not reached, and segments are missing."""
        return self.num_taken < self._quota and self._holding.num_missing > 0

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
        return Connection(self, uploader)

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

    def _ask(self, uploader: int, segment: int) -> Hit | Miss:
        node = self._node
        node.upload.send(SegmentRequest(self.file, segment), uploader)
        source, answer = node.download.recv()
        if (
            source != uploader
            or not isinstance(answer, Hit | Miss)
            or answer.segment != segment
            or answer.file != self.file
        ):
            raise unexpected(node, source, answer)
        return answer

    def _keep(self, hit: Hit, uploader: int) -> bool:
        """Keep the segment if it matches its hash; if not, it is recorded and never passed on."""
        if not self._holding.add(hit.segment, hit.data):
            self._node.record(SegmentRejected(self.file, hit.segment, uploader))
            return False
        self.num_taken += 1
        return True

    def _close(self, visit: "Connection") -> None:
        if visit.is_open:
            self._node.upload.send(Close(), visit.uploader)
        self._node.record(
            SegmentsTaken(
                self.file, visit.uploader, visit.uploader in self.seeds, tuple(visit.segments), visit.is_missed
            )
        )


class Connection:
    """A visit to one uploader. Its first hit opens a connection there (U2); leaving the visit closes it (U4)."""

    def __init__(self, round: Round, uploader: int) -> None:
        self.uploader = uploader
        self.segments: list[int] = []
        self.is_open = False
        self.is_missed = False
        self._round = round

    def take(self, segment: int | None = None) -> bool:
        """Ask for a segment: the first missing one, where none is named. True for a hit.

        A segment that does not match its hash counts as a miss. Raises `RuntimeError` where the round has
        nothing left to take.
        """
        round = self._round
        if not round.is_open:
            raise RuntimeError(f"the round of {round.file!r} is over: test round.is_open before take()")
        answer = round._ask(self.uploader, round.first_missing if segment is None else segment)
        if isinstance(answer, Hit):
            self.is_open = True
            if round._keep(answer, self.uploader):
                self.segments.append(answer.segment)
                return True
        self.is_missed = True
        return False

    def take_until_miss(self) -> None:
        """Take segments in file order until a miss, or until the round has nothing left to take."""
        while self._round.is_open and self.take():
            pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        if error is None:
            self._round._close(self)
