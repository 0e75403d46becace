"""What the faults of a run excuse, and which ranks they excuse."""

from emulator.checker.known import Known
from emulator.faults import Fault, kind_of, parse_fault
from emulator.protocol.events import FaultBegan, MessageFaulted

MAX_RANKS = 100_000
"""Clients that one fault can name, whatever numbers a trace may have."""


class FaultCheck:
    """The faults that have begun."""

    def __init__(self, known: Known) -> None:
        self._known = known
        # Where a fault may come, clients have been told to be impatient from the start.
        for text in known.header.faults:
            self._excuse_messages(kind_of(text))

    def _excuse_messages(self, kind: type[Fault]) -> None:
        self._known.loses_messages |= kind.loses_messages
        self._known.disturbs_messages |= kind.disturbs_messages

    def began(self, _line: int, rank: int, _thread: str, event: FaultBegan) -> None:
        kind = kind_of(event.fault)
        self._excuse_messages(kind)
        if kind.withholds:
            self._known.free_riders.update(_ranks_of(rank, event.fault))
        if kind.fills_disks:
            self._known.full_disks.update(_ranks_of(rank, event.fault))
        if kind.lies:
            self._known.liars.update(_ranks_of(rank, event.fault))

    def faulted(self, _line: int, rank: int, _thread: str, event: MessageFaulted) -> None:
        """Something happened to a message of this rank."""
        if event.verdict == "corrupted":
            self._known.suspects.add(rank)
        else:
            self._known.disturbs_messages = True
            self._known.loses_messages |= event.verdict == "dropped"


def _ranks_of(rank: int, text: str) -> tuple[int, ...]:
    """The rank that an event is stamped with, or those that its text names: `liars clients 2-4,7`."""
    if rank > 0:
        return (rank,)
    try:
        return parse_fault(text, MAX_RANKS).ranks
    except ValueError:
        return ()
