"""One round of D3, as a strategy sees it: a fresh swarm list, and up to a quota of segments of one file.

A strategy decides D4 to D6: which segment next, and from whom. It cannot break the rest. A `Round` checks every answer
and every segment, keeps to the quota, and closes the connections that it opened.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol, Self

from emulator.protocol.events import AnyEvent, SegmentRejected, SegmentsTaken
from emulator.protocol.library import HeldFile, segments_of
from emulator.protocol.messages import Close, ConnectionCountRequest, Hit, HoldingsRequest, Miss, SegmentRequest
from emulator.protocol.node import Node
from emulator.protocol.questions import A, InFlight, Kind, Questions

MAX_WRONG_A_ROUND = 2
"""After so many wrong segments from one uploader, the round asks it for no more."""
MAX_VAIN = 100_000
"""Questions in one round that get no answer. A strategy that asks more often would go on for ever, in no time."""


class Strategy(Protocol):
    """A way of downloading: what to do with one round."""

    def run_round(self, round: "Round") -> None:
        """Take segments until `round.is_open` is false, or no uploader is left that is worth asking."""


class VisitResult(NamedTuple):
    """The result of one visit to an uploader."""

    uploader: int
    is_seed: bool
    num_taken: int
    has_missed: bool
    """Whether the uploader said that it does not hold a segment."""
    num_wrong: int
    """How many of its segments did not match their hashes."""


class Round:
    """The swarm list of one file, and what is left of the quota.

    `seeds` and `peers` are ranks, never this client's own. `random` is the thread's generator: drawing from it keeps
    runs repeatable.
    """

    def __init__(
        self,
        node: Node,
        questions: Questions,
        held: HeldFile,
        uploaders: tuple[tuple[int, ...], tuple[int, ...]],
        quota: int,
    ) -> None:
        self.file = held.metadata.name
        self.seeds, self.peers = uploaders
        self.random = node.random
        self.num_taken = 0
        self.visits: list[VisitResult] = []
        """The results of all visits so far."""
        self.silences: dict[int, float] = {}
        """Uploaders that have not answered, with how long the client waited for them."""
        self._left: set[int] = set()
        """Uploaders that are not asked again in this round: they have been silent, or wrong too often."""
        self._num_wrong: Counter[int] = Counter()
        self._num_vain = 0
        self._node = node
        self._questions = questions
        self._held = held
        self._max_taken = min(quota, held.num_missing)
        self._store = node.storage.store if node.storage.keeps_segments else None

    def answering(self, ranks: Sequence[int]) -> Sequence[int]:
        """Those of these uploaders that the round still asks: they were not silent, nor wrong twice, in this round."""
        return [rank for rank in ranks if rank not in self._left] if self._left else ranks

    @property
    def is_open(self) -> bool:
        """Whether anything is left to take: the quota is not reached, and segments are missing."""
        return self.num_taken < self._max_taken

    @property
    def quota_left(self) -> int:
        """How many segments may still be taken in this round."""
        return self._max_taken - self.num_taken

    @property
    def num_segments(self) -> int:
        """How many segments the file has."""
        return self._held.metadata.num_segments

    @property
    def num_missing(self) -> int:
        """How many segments of the file are missing."""
        return self._held.num_missing

    @property
    def first_missing(self) -> int:
        """The first missing segment in file order; -1 if none is missing."""
        return self._held.first_missing

    def missing(self) -> Iterator[int]:
        """All missing segments, in file order."""
        return self._held.missing()

    def connect(self, uploader: int) -> "Connection":
        """A visit to one peer (D4) or seed (D6): a context manager, which closes the connection that it opened.

        Raises `ValueError` for a rank that is not in the round's list, as do all methods that ask an uploader.
        """
        self._check_listed(uploader)
        self._node.step = "D6" if uploader in self.seeds else "D4"
        return Connection(self, uploader)

    def count_connections(self, uploader: int) -> int | None:
        """D5: ask a seed or peer how many connections it has open (U3). None if it is lost or does not answer."""
        self._check_listed(uploader)
        self._node.step = "D5"
        answer = self._ask(ConnectionCountRequest, uploader)
        return None if answer is None else answer.count

    def record(self, event: AnyEvent) -> None:
        """Add an event to the run's stream: `PeerChosen` or `SeedChosen`."""
        self._node.record(event)

    # Extensions: no message of them travels unless a strategy calls these

    def ask_holdings(self, uploader: int) -> frozenset[int]:
        """Ask a seed or peer which segments it holds, and return those that are missing here.

        Empty if it holds none of them, is lost, or does not answer.
        """
        self._check_listed(uploader)
        self._node.step = "D4"
        answer = self._ask(HoldingsRequest, uploader, self.file)
        if answer is None:
            return frozenset()
        offered = int.from_bytes(answer.segments, "little") & self._held.missing_mask
        if not offered:
            # The strategy will not visit it, but for trust it counts as an uploader that was asked, and missed.
            self.visits.append(VisitResult(uploader, uploader in self.seeds, 0, True, 0))
        return frozenset(segments_of(offered))

    def race(self, segment: int, uploaders: Iterable[int]) -> int | None:
        """Ask several uploaders for the same segment at once, and return the first that gave it; None if none did.

        The round goes on as soon as there is a winner: the losers' connections are closed, and their answers are passed
        over when they come. Meant for the end of a file (endgame). Raises `RuntimeError` if the round has nothing left
        to take.
        """
        self._check_open()
        self._check_missing(segment)
        self._node.step = "D4"
        in_flight: InFlight = {}
        winner = None
        for uploader in dict.fromkeys(uploaders):
            self._check_listed(uploader)
            if uploader in self._left:
                continue
            self._questions.post(in_flight, SegmentRequest, uploader, self.file, segment)
        while winner is None and (heard := self._questions.next_of(in_flight)) is not None:
            uploader, answer = heard
            with Connection(self, uploader) as visit:
                if visit.take_in(segment, answer):
                    winner = uploader
        self._questions.leave(in_flight)
        return winner

    def _check_open(self) -> None:
        if self.num_taken >= self._max_taken:
            raise RuntimeError(f"the round of {self.file!r} is over: test round.is_open before taking anything")

    def _ask(self, kind: Kind[A], uploader: int, *fields: object) -> A | None:
        """Ask an uploader, unless the round has left it."""
        if uploader in self._left:
            self._count_vain()
            return None
        answer = self._questions.ask(kind, uploader, *fields)
        if answer is None:
            self._note_silence(uploader)
        return answer

    def _note_silence(self, uploader: int) -> None:
        if uploader not in self._questions.lost:
            self.silences[uploader] = self._questions.waited_s
            self._left.add(uploader)
        self._count_vain()

    def _count_wrong(self, uploader: int) -> None:
        self._num_wrong[uploader] += 1
        if self._num_wrong[uploader] >= MAX_WRONG_A_ROUND:
            self._left.add(uploader)

    def _count_vain(self) -> None:
        self._num_vain += 1
        if self._num_vain > MAX_VAIN:
            text = f"the strategy has asked {MAX_VAIN:,} times in vain in one round of {self.file!r}"
            raise RuntimeError(
                f"{text}: choose among round.answering(round.peers), and end the round when none is left"
            )

    def _check_listed(self, uploader: int) -> None:
        if uploader not in self.seeds and uploader not in self.peers:
            raise ValueError(f"rank {uploader} is not in this round's list: ask those in round.seeds and round.peers")

    def _check_missing(self, segment: int) -> None:
        if not 0 <= segment < self.num_segments or self._held.has(segment):
            raise ValueError(f"segment {segment} of {self.file!r} is not missing: take one of round.missing()")


class Connection:
    """A visit to one uploader. Its first hit opens a connection there (U2); leaving the visit closes it (U4)."""

    def __init__(self, round: Round, uploader: int) -> None:
        self.uploader = uploader
        self.segments: list[int] = []
        """What the uploader gave, in order."""
        self.is_missed = False
        """Whether the latest request came to nothing."""
        self._is_open = False
        self._has_missed = False
        self._num_wrong = 0
        self._round = round

    def take(self, segment: int | None = None) -> bool:
        """Ask for a segment, by default the first missing one. True for a hit.

        A segment that does not match its hash counts as a miss, is recorded, and is never passed on. An uploader that
        is lost or does not answer counts as a miss, too. Raises `RuntimeError` if the round has nothing left to take,
        and `ValueError` for a segment that is not missing.
        """
        round = self._round
        if round.num_taken >= round._max_taken:
            round._check_open()
        if segment is None:
            segment = round._held.first_missing
        else:
            round._check_missing(segment)
        if self.uploader in round._left:
            round._count_vain()
            self.is_missed = True
            return False
        # Not by `round._ask`: this is the hottest line of a run.
        answer = round._questions.ask(SegmentRequest, self.uploader, round.file, segment)
        if answer is None:
            round._note_silence(self.uploader)
        return self.take_in(segment, answer)

    def take_in(self, segment: int, answer: Hit | Miss | None) -> bool:
        """Take the answer to a request for this segment. True for a hit."""
        round = self._round
        if type(answer) is Hit:
            self._is_open = True
            data = answer.data
            if round._held.add(segment, data):
                self.segments.append(segment)
                round.num_taken += 1
                if round._store is not None:
                    round._store(round.file, segment, data)
                return True
            self._num_wrong += 1
            round._count_wrong(self.uploader)
            round._node.record(SegmentRejected(round.file, segment, self.uploader))
        elif answer is None:
            # The uploader may have given the segment in an answer that was lost, and believe in a connection.
            self._is_open = self.uploader not in round._questions.lost
        else:
            self._has_missed = True
        self.is_missed = True
        return False

    def take_until_miss(self) -> None:
        """Take segments in file order until a miss, or until the round has nothing left to take."""
        round = self._round
        while round.num_taken < round._max_taken and self.take():
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
        round.visits.append(VisitResult(uploader, is_seed, len(segments), self._has_missed, self._num_wrong))
        round._node.record(SegmentsTaken(round.file, uploader, is_seed, segments, self.is_missed))
