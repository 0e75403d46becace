"""What the faults of a run excuse, and whom."""

import re

from emulator.checker.checks.clients import Known
from emulator.protocol.events import FaultBegan, MessageFaulted

LOSING = ("drop", "duplicate", "delay", "reorder", "cut")
"""The first words of faults after which a client cannot wait for every answer."""
MOST_RANKS = 100_000
"""Clients that one fault is taken to name, whatever numbers a trace may have."""
_SPAN = re.compile(r"(\d{1,9})(?:-(\d{1,9}))?")


class FaultCheck:
    """The faults that have begun."""

    def __init__(self, known: Known) -> None:
        self._known = known
        # Where a fault may come, clients have been told to be impatient from the start.
        known.is_lossy = any(fault.partition(" ")[0] in LOSING for fault in known.header.faults)

    def began(self, rank: int, event: FaultBegan) -> None:
        word = event.fault.partition(" ")[0]
        if word in LOSING:
            self._known.is_lossy = True
        elif event.fault.startswith("free rider"):
            self._known.free_riders.update(_named(rank, event.fault))
        elif word in ("liar", "liars"):
            self._known.liars.update(_named(rank, event.fault))

    def faulted(self, rank: int, event: MessageFaulted) -> None:
        """Something happened to a message of this rank."""
        if event.verdict == "corrupted":
            self._known.suspects.add(rank)
        else:
            self._known.is_lossy = True


def _named(rank: int, fault: str) -> set[int]:
    """The rank that an event is stamped with, or those that its text names: `liars clients 2-4,7`."""
    if rank > 0:
        return {rank}
    who = fault.partition("client")[2].removeprefix("s").strip().partition(" ")[0]
    ranks: set[int] = set()
    for first, last in _SPAN.findall(who):
        ranks.update(range(int(first), min(int(last or first), int(first) + MOST_RANKS) + 1))
    return ranks
