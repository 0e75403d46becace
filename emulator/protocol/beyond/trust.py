"""Which uploaders give what they should hold, as one client has seen it. Pure.

An honest seed never misses. A seed that misses has let the client down, and so has a client that reported what it holds
to the tracker and then does not give it. Neither is trusted again until the client has got another segment.
"""

from collections.abc import Iterable

from emulator.protocol.round import VisitResult

MAX_WRONG = 10
"""So many wrong segments in a row, from one uploader, are no accident of the network."""


class Trust:
    """The uploaders that have let a client down since it last got a segment."""

    def __init__(self) -> None:
        self._expected: frozenset[int] = frozenset()
        self._let_down: frozenset[int] = frozenset()
        self._num_wrong: dict[int, int] = {}

    def expect(self, holders: Iterable[int]) -> None:
        """These clients reported that they hold what is missing: in their next visits, a miss counts as a seed's."""
        self._expected = frozenset(holders)

    def weigh(self, visits: Iterable[VisitResult]) -> None:
        """Take the results of one round's visits into account."""
        for visit in visits:
            if visit.num_taken:
                self._let_down = frozenset()
                self._num_wrong.pop(visit.uploader, None)
            if visit.num_wrong:
                num_wrong = self._num_wrong.get(visit.uploader, 0) + visit.num_wrong
                self._num_wrong[visit.uploader] = num_wrong
                if num_wrong >= MAX_WRONG:
                    self._let_down |= {visit.uploader}
            is_due = visit.is_seed or (visit.uploader in self._expected and not visit.num_taken)
            if is_due and visit.has_missed:
                self._let_down |= {visit.uploader}
        self._expected = frozenset()

    def without_let_down(self, seeds: tuple[int, ...]) -> tuple[int, ...]:
        """Those of these seeds that are trusted."""
        return tuple([seed for seed in seeds if seed not in self._let_down]) if self._let_down else seeds

    def distrusted(self) -> tuple[int, ...]:
        """All uploaders that are not trusted, in ascending order."""
        return tuple(sorted(self._let_down))
