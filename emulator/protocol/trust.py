"""Who gives what it should hold, as one client has seen it. Pure.

An honest seed never misses. A seed that does, or a client that told the tracker what it holds and then does not give
it, is not counted on any more until something has been got again.
"""

from collections.abc import Iterable
from typing import NamedTuple

MOST_WRONG = 10
"""Wrong segments in a row, from one uploader, after which they are no accident of the network."""


class Visit(NamedTuple):
    """How a visit to an uploader came out."""

    uploader: int
    is_seed: bool
    num_taken: int
    has_missed: bool
    """It said that it does not hold the segment."""
    num_wrong: int


class Trust:
    """The uploaders that have let a client down since it last got a segment."""

    def __init__(self) -> None:
        self._expected: frozenset[int] = frozenset()
        self._let_down: frozenset[int] = frozenset()
        self._num_wrong: dict[int, int] = {}

    def expect(self, holders: Iterable[int]) -> None:
        """These have said that they hold what is missing: in the next visits, a miss of theirs counts as a seed's."""
        self._expected = frozenset(holders)

    def weigh(self, visits: Iterable[Visit]) -> None:
        """Take what came of one round's visits into account."""
        for visit in visits:
            if visit.num_taken:
                self._let_down = frozenset()
                self._num_wrong.pop(visit.uploader, None)
            if visit.num_wrong:
                num_wrong = self._num_wrong.get(visit.uploader, 0) + visit.num_wrong
                self._num_wrong[visit.uploader] = num_wrong
                if num_wrong >= MOST_WRONG:
                    self._let_down |= {visit.uploader}
            is_due = visit.is_seed or (visit.uploader in self._expected and not visit.num_taken)
            if is_due and visit.has_missed:
                self._let_down |= {visit.uploader}
        self._expected = frozenset()

    def without_let_down(self, seeds: tuple[int, ...]) -> tuple[int, ...]:
        """Those of these seeds that are to be counted on."""
        return tuple([seed for seed in seeds if seed not in self._let_down]) if self._let_down else seeds

    def distrusted(self) -> tuple[int, ...]:
        return tuple(sorted(self._let_down))
