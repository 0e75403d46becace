"""When is a segment lost? What the tracker makes of clients that can get nothing. Pure.

A segment is lost only if no live client holds it, and the tracker does not know which client holds which. So a client
that gets nothing, and trusts no seed, reports what it misses (`Stuck`). Once all live peers of the file have reported,
the tracker sees which client could help which, and what no client can give. It waits for a peer that is merely slow.
"""

from collections.abc import Collection, Mapping
from functools import reduce

from emulator.protocol.messages import Stuck, StuckAnswer

MAX_HOLDERS = 2
"""Named to one client: as many as its next round can ask (D4)."""


class StuckPeers:
    """The clients that are stuck in one file, and those that have given it up and still serve what they got."""

    def __init__(self) -> None:
        self._stuck: dict[int, Stuck] = {}
        self._given_up: dict[int, Stuck] = {}
        self._answers: dict[int, StuckAnswer] = {}
        """The latest answer to each client, for questions that come again or late where messages can be lost."""

    def __bool__(self) -> bool:
        """Whether a client is waiting for an answer."""
        return bool(self._stuck)

    def report(self, rank: int, stuck: Stuck) -> StuckAnswer | None:
        """Take note of a stuck client; or return the answer again, if this question has been answered."""
        answer = self._answers.get(rank)
        if answer is not None and stuck.request <= answer.request:
            return answer if stuck.request == answer.request else None
        self._stuck[rank] = stuck
        return None

    def forget(self, rank: int) -> None:
        """The client is lost, or has departed, and what it held with it."""
        self._stuck.pop(rank, None)
        self._given_up.pop(rank, None)
        self._answers.pop(rank, None)

    def judge(self, seeds: Collection[int], peers: Collection[int]) -> dict[int, StuckAnswer]:
        """The answers that are due now, given the file's live seeds and peers; none while a peer may yet help."""
        distrusted = frozenset[int]().union(*(stuck.distrusted for stuck in self._stuck.values()))
        if not all(seed in distrusted for seed in seeds):
            answers = {rank: StuckAnswer(stuck.file, 0, (), stuck.request) for rank, stuck in self._stuck.items()}
        elif all(peer in self._stuck or peer in self._given_up for peer in peers):
            answers = self._weigh(distrusted)
        else:
            return {}
        for rank, answer in answers.items():
            stuck = self._stuck.pop(rank)
            self._answers[rank] = answer
            if answer.num_lost:
                self._given_up[rank] = stuck
        return answers

    def _weigh(self, distrusted: Collection[int]) -> dict[int, StuckAnswer]:
        """All peers have reported: to each, how many segments none of them holds, or else who holds the first."""
        missing = {rank: _mask(stuck) for rank, stuck in (self._stuck | self._given_up).items()}
        trusted = {rank: mask for rank, mask in missing.items() if rank not in distrusted}
        nowhere = reduce(int.__and__, trusted.values(), -1)
        answers: dict[int, StuckAnswer] = {}
        for rank, stuck in self._stuck.items():
            num_lost = (missing[rank] & nowhere).bit_count()
            holders = () if num_lost else _holders(missing[rank], trusted)
            answers[rank] = StuckAnswer(stuck.file, num_lost, holders, stuck.request)
        return answers


def _mask(stuck: Stuck) -> int:
    """The missing segments as a number, whose lowest bit stands for the first segment."""
    return int.from_bytes(stuck.missing, "little")


def _holders(missing: int, trusted: Mapping[int, int]) -> tuple[int, ...]:
    first = missing & -missing
    return tuple([rank for rank, others in sorted(trusted.items()) if not others & first][:MAX_HOLDERS])
