"""All ranks together: which kinds of events a trace lacks, and what its messages show of them."""

from collections.abc import Iterable, Iterator

from emulator.protocol.events import (
    AnyEvent,
    BarrierOpened,
    BarrierPassed,
    ClientFinished,
    ClientLeft,
    ConnectionClosed,
    ConnectionOpened,
    DownloadsFinished,
    DownloadStarted,
    FileWritten,
    PeerChosen,
    Received,
    Reported,
    RoleChanged,
    RoundBegan,
    SeedChosen,
    SegmentRejected,
    SegmentsTaken,
    Sent,
    ThreadStarted,
)
from emulator.protocol.files import FileMetadata
from emulator.protocol.messages import TRACKER, Metadata, MetadataAnswer
from emulator.trace.derived.client import ClientEvents
from emulator.trace.derived.tracker import TrackerEvents
from emulator.trace.format import Header, Stamp
from emulator.trace.reader import Entry, Trace
from emulator.trace.records import Record
from emulator.trace.survey import survey

DERIVED: dict[str, type] = {
    kind.__name__: kind
    for kind in (
        Reported,
        BarrierOpened,
        BarrierPassed,
        RoleChanged,
        ClientFinished,
        ClientLeft,
        DownloadStarted,
        RoundBegan,
        PeerChosen,
        SeedChosen,
        SegmentsTaken,
        SegmentRejected,
        FileWritten,
        DownloadsFinished,
        ConnectionOpened,
        ConnectionClosed,
    )
}
"""Kinds of events that messages show."""
MAIN_ENDS = ThreadStarted.__name__
"""A program that records this records the life of its processes; else a process ends with its upload thread (U5)."""


class Derivation:
    """Derives the events that a trace lacks. Give it all records of the trace in order."""

    def __init__(self, header: Header, kinds: Iterable[str]) -> None:
        """`kinds` are those in the trace. What the header promises counts as recorded if part of it is there."""
        recorded = set(kinds)
        promised = set(header.events or ())
        if promised & recorded & DERIVED.keys():
            recorded |= promised
        self.lacking = frozenset(kind for name, kind in DERIVED.items() if name not in recorded)
        self._has_lives = MAIN_ENDS in recorded
        self._metadata: dict[str, FileMetadata] = {}
        self._tracker = TrackerEvents()
        self._clients: dict[int, ClientEvents] = {}

    def of(self, record: Record) -> Iterator[Record]:
        """What this record shows besides itself, with its own time and place."""
        event = record.event
        if not self.lacking or not isinstance(event, Sent | Received):
            return
        if isinstance(event.message, Metadata | MetadataAnswer):
            for metadata in event.message.files:
                self._metadata.setdefault(metadata.name, metadata)
        for derived in self._events(record.rank, event):
            if type(derived) in self.lacking:
                yield Record(record.time_s, record.rank, record.thread, record.step, derived)
            elif not self._has_lives and type(derived) not in DERIVED.values():
                yield Record(record.time_s, record.rank, "main", record.step, derived)

    def _events(self, rank: int, event: Sent | Received) -> Iterator[AnyEvent]:
        if rank == TRACKER:
            return self._tracker.of(event)
        if rank not in self._clients:
            self._clients[rank] = ClientEvents(self._metadata)
        return self._clients[rank].of(event)


def filled(trace: Trace) -> Iterator[tuple[Entry, bool]]:
    """The events of a trace, each followed by those that it shows and the trace lacks, in the same line.

    The second value says whether an event is derived.
    """
    derivation = Derivation(trace.header, survey(trace.source).kinds)
    for entry in trace.entries():
        yield entry, False
        _, stamp, event = entry
        for derived in derivation.of(Record(stamp.t, stamp.rank, stamp.thread, stamp.step, event)):
            own = Stamp(derived.time_s, derived.rank, derived.thread, derived.step)
            yield Entry(entry.line, own, derived.event), True
