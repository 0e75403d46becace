"""When is a segment lost? What the tracker makes of clients that can get nothing. Pure.

A segment is lost only if no live client holds it, and the tracker does not know who holds what. So a client that gets
nothing, and knows of no seed that gives, tells what it misses; once all live peers of the file have, the tracker
sees who could help whom, and what nobody can give. A peer that is merely slow is waited for.
"""

from collections.abc import Collection, Iterator, Mapping
from functools import reduce
from typing import NamedTuple

MOST_HOLDERS = 2
"""Named to one client: as many as its next round can ask (D4)."""


class Report(NamedTuple):
    """What one stuck client has told."""

    missing: int
    """A bit a segment, the first one in the lowest."""
    distrusted: frozenset[int]
    """Uploaders that should have given it something, and did not."""
    request: int


class Advice(NamedTuple):
    """What one stuck client is to be told."""

    rank: int
    request: int
    num_lost: int
    """0: try again."""
    holders: tuple[int, ...]
    """Clients that hold the first segment that it misses."""


class StuckPeers:
    """The clients that are stuck in one file, and those that have given it up and still serve what they got."""

    def __init__(self) -> None:
        self._reports: dict[int, Report] = {}
        self._given_up: dict[int, int] = {}
        self._told: dict[int, Advice] = {}
        """What each client was told last: where messages can be lost, it may ask again, or its question come late."""

    def __bool__(self) -> bool:
        return bool(self._reports)

    def report(self, rank: int, report: Report) -> Advice | None:
        """Take note of a client that is stuck; or, of a question that has had its answer, what that was."""
        told = self._told.get(rank)
        if told is not None and report.request <= told.request:
            return told if report.request == told.request else None
        self._reports[rank] = report
        return None

    def forget(self, rank: int) -> None:
        """The client is lost, or has departed: what it held is gone with it."""
        self._reports.pop(rank, None)
        self._given_up.pop(rank, None)
        self._told.pop(rank, None)

    def judge(self, seeds: Collection[int], peers: Collection[int]) -> list[Advice]:
        """What to tell whom now, given the file's live seeds and peers; nothing as long as somebody may yet help."""
        distrusted = frozenset[int]().union(*(report.distrusted for report in self._reports.values()))
        if not all(seed in distrusted for seed in seeds):
            advice = [Advice(rank, report.request, 0, ()) for rank, report in self._reports.items()]
        elif all(peer in self._reports or peer in self._given_up for peer in peers):
            advice = list(self._weigh(distrusted))
        else:
            return []
        for told in advice:
            report = self._reports.pop(told.rank)
            self._told[told.rank] = told
            if told.num_lost:
                self._given_up[told.rank] = report.missing
        return advice

    def _weigh(self, distrusted: Collection[int]) -> Iterator[Advice]:
        told = {rank: report.missing for rank, report in self._reports.items()} | self._given_up
        trusted = {rank: missing for rank, missing in told.items() if rank not in distrusted}
        nowhere = reduce(int.__and__, trusted.values(), -1)
        for rank, report in self._reports.items():
            num_lost = (report.missing & nowhere).bit_count()
            holders = () if num_lost else _holders(report.missing, trusted)
            yield Advice(rank, report.request, num_lost, holders)


def _holders(missing: int, trusted: Mapping[int, int]) -> tuple[int, ...]:
    first = missing & -missing
    return tuple([rank for rank, others in sorted(trusted.items()) if not others & first][:MOST_HOLDERS])
