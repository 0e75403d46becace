"""One round of D3, as a strategy sees it: a fresh swarm list, and up to a quota of segments of one file.

A strategy decides D4 to D6: which segment next, and from whom. It cannot break the rest: a `Round` asks one
question at a time, checks every answer and every segment, keeps to the quota, and closes what it opened.
"""

from collections.abc import Iterable, Iterator
from typing import Protocol, Self

from emulator.protocol.events import AnyEvent, SegmentRejected, SegmentsTaken
from emulator.protocol.library import Holding, segments_of
from emulator.protocol.messages import (
    Close,
    ConnectionCount,
    ConnectionCountRequest,
    Hit,
    Holdings,
    HoldingsRequest,
    Miss,
    SegmentRequest,
)
from emulator.protocol.node import Node, unexpected
from emulator.protocol.questions import Questions
from emulator.protocol.trust import Visit


class Strategy(Protocol):
    """A way of downloading: what to do with one round."""

    def run_round(self, round: "Round") -> None:
        """Take segments until `round.is_open` is false, or until there is nobody left worth asking."""


class Round:
    """The swarm list of one file, and what is left of the quota.

    `seeds` and `peers` are ranks, never this client's own; `random` is the thread's generator, which makes a
    strategy's choices repeatable.
    """

    def __init__(
        self,
        node: Node,
        questions: Questions,
        holding: Holding,
        uploaders: tuple[tuple[int, ...], tuple[int, ...]],
        quota: int,
    ) -> None:
        self.file = holding.metadata.name
        self.seeds, self.peers = uploaders
        self.random = node.random
        self.num_taken = 0
        self.visits: list[Visit] = []
        """What came of each visit so far."""
        self._node = node
        self._questions = questions
        self._holding = holding
        self._most = min(quota, holding.num_missing)
        self._store = node.storage.store if node.storage.keeps_segments else None

    @property
    def is_open(self) -> bool:
        """Whether anything is left to take: the quota is not reached, and segments are missing."""
        return self.num_taken < self._most

    @property
    def quota_left(self) -> int:
        """How many segments may still be taken in this round."""
        return self._most - self.num_taken

    @property
    def num_segments(self) -> int:
        return self._holding.metadata.num_segments

    @property
    def num_missing(self) -> int:
        return self._holding.num_missing

    @property
    def first_missing(self) -> int:
        """The first segment in file order that is missing; -1 where none is."""
        return self._holding.first_missing

    def missing(self) -> Iterator[int]:
        """All missing segments, in file order."""
        return self._holding.missing()

    def connect(self, uploader: int) -> "Connection":
        """A visit to one peer (D4) or seed (D6): a context manager, which closes what it opened.

        Raises `ValueError`, as all that asks somebody does, for a rank that is not in the round's list.
        """
        self._check_listed(uploader)
        self._node.step = "D6" if uploader in self.seeds else "D4"
        return Connection(self, uploader)

    def count_connections(self, uploader: int) -> int | None:
        """D5: ask a seed or peer how many connections it has open (U3). None where it does not answer any more."""
        self._check_listed(uploader)
        self._node.step = "D5"
        self._questions.number += 1
        answer = self._questions.ask(ConnectionCountRequest(self._questions.number), uploader)
        if answer is None:
            return None
        if not isinstance(answer, ConnectionCount):
            raise unexpected(self._node, uploader, answer)
        return answer.count

    def ask_holdings(self, uploader: int) -> frozenset[int]:
        """Ask a seed or peer what it holds: those of its segments that are missing here.

        An extension of the protocol, which is on only for strategies that ask. Empty where it does not answer.
        """
        self._check_listed(uploader)
        self._node.step = "D4"
        self._questions.number += 1
        answer = self._questions.ask(HoldingsRequest(self.file, self._questions.number), uploader)
        if answer is None:
            return frozenset()
        if not isinstance(answer, Holdings):
            raise unexpected(self._node, uploader, answer)
        held = int.from_bytes(answer.segments, "little") & self._holding.missing_mask
        if not held:
            # Nobody will ask it for a segment, but a seed that has nothing lets this client down all the same.
            self.visits.append(Visit(uploader, uploader in self.seeds, 0, True, 0))
        return frozenset(segments_of(held))

    def race(self, segment: int, uploaders: Iterable[int]) -> int | None:
        """Ask several uploaders for the same segment at once, and return the first that gave it; None if none did.

        Nobody waits for the others: their answers are dropped when they come. For the end of a file (endgame).
        Raises `RuntimeError` where the round has nothing left to take.
        """
        self._check_open()
        self._check_missing(segment)
        self._node.step = "D4"
        waiting: dict[int, int] = {}
        for uploader in dict.fromkeys(uploaders):
            self._check_listed(uploader)
            if uploader not in self._questions.lost:
                self._questions.number += 1
                self._node.upload.send(SegmentRequest(self.file, segment, self._questions.number), uploader)
                waiting[self._questions.number] = uploader
        while (heard := self._questions.next_of(waiting)) is not None:
            uploader, answer = heard
            with Connection(self, uploader) as visit:
                has_it = visit.take_in(segment, answer)
            if has_it:
                self._questions.leave(waiting)
                return uploader
        self._questions.leave(waiting)
        return None

    def record(self, event: AnyEvent) -> None:
        """Add an event to the run's stream: what was chosen, and why."""
        self._node.record(event)

    def _check_open(self) -> None:
        if self.num_taken >= self._most:
            raise RuntimeError(f"the round of {self.file!r} is over: test round.is_open before taking anything")

    def _check_listed(self, uploader: int) -> None:
        if uploader not in self.seeds and uploader not in self.peers:
            raise ValueError(f"rank {uploader} is not in this round's list: ask those in round.seeds and round.peers")

    def _check_missing(self, segment: int) -> None:
        if not 0 <= segment < self.num_segments or self._holding.has(segment):
            raise ValueError(f"segment {segment} of {self.file!r} is not missing: take one of round.missing()")


class Connection:
    """A visit to one uploader. Its first hit opens a connection there (U2); leaving the visit closes it (U4)."""

    def __init__(self, round: Round, uploader: int) -> None:
        self.uploader = uploader
        self.segments: list[int] = []
        """What the uploader gave, in order."""
        self.is_missed = False
        """Whether it did not give what it was asked for last."""
        self._is_open = False
        self._has_missed = False
        self._num_wrong = 0
        self._round = round

    def take(self, segment: int | None = None) -> bool:
        """Ask for a segment: the first missing one, where none is named. True for a hit.

        A segment that does not match its hash counts as a miss, is recorded and never passed on; so does the silence
        of an uploader that is lost. Raises `RuntimeError` where the round has nothing left to take, and `ValueError`
        for a segment that is not missing.
        """
        round = self._round
        if round.num_taken >= round._most:
            round._check_open()
        if segment is None:
            segment = round._holding.first_missing
        else:
            round._check_missing(segment)
        questions = round._questions
        number = questions.number = questions.number + 1
        return self.take_in(segment, questions.ask(SegmentRequest(round.file, segment, number), self.uploader))

    def take_in(self, segment: int, answer: object) -> bool:
        """Take what was answered to a request for this segment. True for a hit."""
        round = self._round
        if type(answer) is Hit and answer.segment == segment and answer.file == round.file:
            self._is_open = True
            data = answer.data
            if round._holding.add(segment, data):
                self.segments.append(segment)
                round.num_taken += 1
                if round._store is not None:
                    round._store(round.file, segment, data)
                return True
            self._num_wrong += 1
            round._node.record(SegmentRejected(round.file, segment, self.uploader))
        elif answer is None:
            # It may have given the segment, and the answer was lost: then it believes in a connection.
            self._is_open = self.uploader not in round._questions.lost
        elif type(answer) is Miss and answer.segment == segment and answer.file == round.file:
            self._has_missed = True
        else:
            raise unexpected(round._node, self.uploader, answer)
        self.is_missed = True
        return False

    def take_until_miss(self) -> None:
        """Take segments in file order until a miss, or until the round has nothing left to take."""
        round = self._round
        while round.num_taken < round._most and self.take():
            pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        if error is not None:
            return
        round, uploader = self._round, self.uploader
        if self._is_open and uploader not in round._questions.lost:
            round._node.upload.send(Close(), uploader)
        is_seed = uploader in round.seeds
        segments = tuple(self.segments)
        round.visits.append(Visit(uploader, is_seed, len(segments), self._has_missed, self._num_wrong))
        round._node.record(SegmentsTaken(round.file, uploader, is_seed, segments, self.is_missed))
