"""Which uploaders are worth asking, as one client has seen them in the run so far. Pure.

- An honest seed never misses. A seed that misses has let the client down, and so has a client that reported what it
  holds to the tracker and then does not give it. Neither is trusted again until the client has got another segment.
- An uploader whose segments are mostly wrong is a liar, or behind a broken line. A right segment from elsewhere says
  nothing about it: it is tried again after some rounds, and more rarely each time.
- An uploader that does not answer may be out of reach. It is left to itself for much longer than it was waited for, and
  longer each time, unless no other uploader is left.

So what an uploader can waste of a client's time is bounded, whatever the strategy does.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

import msgspec

from emulator.protocol.round import VisitResult

MAX_WRONG = 10
"""So many wrong segments from one uploader, and fewer right ones, are no accident of the network."""
MIN_BAN_ROUNDS = 16
"""For so many rounds such an uploader is not asked; twice as many with each wrong segment that follows."""
REST_FACTOR = 4
"""A silent uploader is left to itself for so many times as long as it was waited for; with the next silence in a row,
for so many times as long again."""
MAX_DOUBLINGS = 10
MAX_RESTS = 6


class Record(msgspec.Struct):
    """What one uploader has given, over all files, and for how long it is not to be asked."""

    num_wrong: int = 0
    banned_until_round: int = 0
    num_silences: int = 0
    """In a row."""
    rests_until_s: float = 0.0


class Trust:
    """What a client has seen of its uploaders."""

    def __init__(self) -> None:
        self._expected: frozenset[int] = frozenset()
        self._let_down: frozenset[int] = frozenset()
        """The uploaders that missed although they should not have, since the client last got a segment."""
        self._records: dict[int, Record] = {}
        """Only of uploaders that were wrong or silent at least once."""
        self._num_right: Counter[int] = Counter()
        self._num_rounds = 0

    def begin_file(self) -> None:
        """Another file: uploaders that hold nothing of the one before may hold all of this one."""
        self._expected = self._let_down = frozenset()

    def expect(self, holders: Iterable[int]) -> None:
        """These clients reported that they hold what is missing: in their next visits, a miss counts as a seed's."""
        self._expected = frozenset(holders)

    def weigh(self, visits: Iterable[VisitResult]) -> None:
        """Take the results of one round's visits into account."""
        self._num_rounds += 1
        for visit in visits:
            self._weigh_visit(visit)
        self._expected = frozenset()

    def _weigh_visit(self, visit: VisitResult) -> None:
        record = self._records.get(visit.uploader)
        if visit.num_taken:
            self._let_down = frozenset()
            self._num_right[visit.uploader] += visit.num_taken
        if visit.num_wrong and record is None:
            record = self._records[visit.uploader] = Record()
        if record is not None:
            self._weigh_segments(record, visit)
        is_due = visit.is_seed or (visit.uploader in self._expected and not visit.num_taken)
        if is_due and visit.has_missed:
            self._let_down |= {visit.uploader}

    def _weigh_segments(self, record: Record, visit: VisitResult) -> None:
        record.num_wrong += visit.num_wrong
        if visit.num_taken or visit.has_missed or visit.num_wrong:
            record.num_silences = 0
        if visit.num_wrong and record.num_wrong >= max(MAX_WRONG, self._num_right[visit.uploader] + 1):
            num_doublings = min(record.num_wrong - MAX_WRONG, MAX_DOUBLINGS)
            record.banned_until_round = self._num_rounds + MIN_BAN_ROUNDS * 2**num_doublings

    def note_silences(self, silences: Mapping[int, float], now_s: float) -> None:
        """These uploaders have not answered, though they were waited for so many seconds."""
        for uploader, waited_s in silences.items():
            record = self._records.setdefault(uploader, Record())
            record.rests_until_s = now_s + waited_s * REST_FACTOR ** min(record.num_silences + 1, MAX_RESTS)
            record.num_silences += 1

    def trusted(self, seeds: tuple[int, ...]) -> tuple[int, ...]:
        """Those of these seeds that have not let the client down, and are not banned."""
        distrusted = self._distrusted()
        return tuple([seed for seed in seeds if seed not in distrusted]) if distrusted else seeds

    def worth_asking(
        self, seeds: tuple[int, ...], peers: tuple[int, ...], now_s: float
    ) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Those of these seeds and peers that the next round should ask.

        Silent peers only if no other uploader is left, and silent seeds if no other seed is: a strategy may need one.
        """
        if not self._records and not self._let_down:
            return seeds, peers
        banned = self._banned()
        seeds, peers = self.trusted(seeds), tuple([peer for peer in peers if peer not in banned])
        resting = {rank for rank, record in self._records.items() if record.rests_until_s > now_s}
        awake = tuple([seed for seed in seeds if seed not in resting])
        if awake or not resting.issuperset(peers):
            peers = tuple([peer for peer in peers if peer not in resting])
        return awake or seeds, peers

    def distrusted(self) -> tuple[int, ...]:
        """All uploaders that are not trusted, in ascending order."""
        return tuple(sorted(self._distrusted()))

    def _distrusted(self) -> frozenset[int]:
        return self._let_down | self._banned()

    def _banned(self) -> frozenset[int]:
        return frozenset([rank for rank, r in self._records.items() if r.banned_until_round > self._num_rounds])
