"""Where in a trace things are: all events of a rank, all misses, all deaths …

A *position* is a number of events, from 0 up: those that have happened. A thing has the position at which it has just
happened.
"""

from array import array
from bisect import bisect_right
from collections import defaultdict
from typing import Literal, TypeAlias

from emulator.faults import kind_of
from emulator.protocol.events import (
    ClientFinished,
    ClientLeft,
    Died,
    FaultBegan,
    FaultEnded,
    FileNotWritten,
    FileUnavailable,
    FileWritten,
    PeerChosen,
    Restarted,
    RoleChanged,
    RoundBegan,
    SeedChosen,
    SegmentRejected,
    SegmentsTaken,
)
from emulator.trace.records import Record

Positions: TypeAlias = "array[int]"
MarkKind = Literal["miss", "completion", "fault", "death", "violation"]


def _positions() -> Positions:
    return array("I")


class RankIndex:
    """Positions by rank."""

    def __init__(self) -> None:
        self._positions: defaultdict[int, Positions] = defaultdict(_positions)

    def add(self, rank: int, position: int) -> None:
        self._positions[rank].append(position)

    def last(self, rank: int, position: int, num: int = 1) -> Positions:
        """The last `num` positions of this rank that are not after `position`."""
        found = self._positions.get(rank, _positions())
        end = bisect_right(found, position)
        return found[max(0, end - num) : end]


class Index:
    """All that a replay looks up."""

    def __init__(self) -> None:
        self.marks: defaultdict[MarkKind, Positions] = defaultdict(_positions)
        """All but violations, which the checker finds."""
        self.told = _positions()
        """Events that are worth a sentence."""
        self.events_of = RankIndex()
        """All events, by the rank that they are of."""
        self.told_of = RankIndex()
        """Those that are worth a sentence."""
        self.choices_of = RankIndex()
        """Choices of a peer or a seed (D4, D5)."""
        self.rounds_of = RankIndex()
        """Beginnings of rounds (D3)."""

    def add(self, position: int, record: Record, *, is_told: bool) -> None:
        """Note an event that is not a single message."""
        rank, event = record.rank, record.event
        if is_told:
            self.told.append(position)
            self.told_of.add(rank, position)
        if (kind := _mark(record)) is not None:
            self.marks[kind].append(position)
        match event:
            case RoundBegan():
                self.rounds_of.add(rank, position)
            case PeerChosen() | SeedChosen():
                self.choices_of.add(rank, position)
            case RoleChanged(client) | ClientFinished(client) | ClientLeft(client) if client != rank:
                self.events_of.add(client, position)
                self.told_of.add(client, position)


def _mark(record: Record) -> MarkKind | None:
    """What the event is on the time line."""
    match record.event:
        case SegmentsTaken(is_missed=True) | SegmentRejected():
            return "miss"
        case FileWritten():
            return "completion"
        case Died():
            return "death"
        case FaultBegan(fault) | FaultEnded(fault) if not kind_of(fault).is_fatal:  # a death tells of those
            return "fault"
        case Restarted() | FileNotWritten() | FileUnavailable():
            return "fault"
    return None
