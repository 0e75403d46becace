"""A whole trace, read once: checked, stored and indexed, to be looked at from any of its events."""

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from emulator.checker.checker import check_trace
from emulator.checker.report import Report
from emulator.errors import InputError
from emulator.protocol.events import AnyEvent, DownloadStarted, Received, Sent
from emulator.protocol.messages import Metadata, MetadataRequest
from emulator.replay.files import TracedFiles
from emulator.replay.index import Index, RankIndex
from emulator.replay.store import Cursor, EventStore
from emulator.trace.derived.derivation import Derivation
from emulator.trace.format import Header, Stamp
from emulator.trace.reader import Trace
from emulator.trace.records import Record
from emulator.trace.sources import TraceSource
from emulator.trace.statistics import SwarmStatistics
from emulator.trace.survey import survey

MAX_SILENT_CLIENTS = 1_000


class Violation(NamedTuple):
    """What the checker found, and the position at which it has just happened."""

    position: int
    text: str


class Recording:
    """A whole trace. A *position* is a number of events, from 0 to `num_events`: those that have happened."""

    def __init__(self, source: Path | TraceSource, is_told: Callable[[Record], bool]) -> None:
        """Read `source`. A replay stops at the events that `is_told`, and a story consists of them.

        Raises `InputError` for a file that is no trace, or one that cannot be shown.
        """
        self.index = Index()
        self._is_told = is_told
        self._times_s: array[float] = array("d")
        """By event; never smaller than an earlier event's."""
        self._files = TracedFiles()
        self._lines: array[int] = array("L")
        """By event, the line of the trace that it stands in, or that it is derived from."""
        self._began_s: float | None = None
        with _Heard(source, self) as trace:
            self.name = trace.source.name
            found = survey(trace.source)
            # What a header claims costs nothing: clients that never record anything are shown up to a limit.
            num_clients = min(trace.header.clients, max(found.max_rank, MAX_SILENT_CLIENTS))
            self.header: Header = msgspec.structs.replace(trace.header, clients=num_clients)
            self._derivation = Derivation(self.header, found.kinds)
            self._store = EventStore(self.header.clients)
            self._statistics = SwarmStatistics(self.header.clients)
            self.report: Report = check_trace(trace)
        self._store_last()
        self.wanted, self.goals = self._files.wanted_and_goals(self.header.clients)
        """For each client, the files that it wants, and the number of segments that it must get."""
        self.violations = sorted(
            Violation(self._position_of(found.lines), _reproach(found.steps, found.text))
            for judged in self.report.rules
            for found in judged.violations
        )

    @property
    def num_events(self) -> int:
        return len(self._times_s)

    @property
    def duration_s(self) -> float:
        return self._times_s[-1] if self._times_s else 0.0

    @property
    def notes(self) -> list[str]:
        """What a person must know about this trace."""
        return [f"the trace is {self.report.end}"] if self.report.is_cut else []

    def _position_of(self, lines: Sequence[int]) -> int:
        """The position at which the last of these lines has just happened; the end if there is none."""
        return bisect_right(self._lines, lines[-1]) if lines else self.num_events

    def position_at(self, time_s: float) -> int:
        """How many events have happened by then."""
        return bisect_right(self._times_s, time_s)

    def time_at(self, position: int) -> float:
        """When the last of so many events happened."""
        return self._times_s[position - 1] if position else 0.0

    def cursor(self) -> Cursor:
        return Cursor(self._store)

    def record(self, index: int) -> Record:
        """The event that follows position `index`."""
        return self._store.record(index)

    def story(self, rank: int, position: int, num: int, *, with_messages: bool = False) -> list[Record]:
        """The last `num` things that a client, or the tracker, had done or met with by then."""
        index = self.index.events_of if with_messages else self.index.told_of
        return [self.record(at - 1) for at in index.last(rank, position, num)] if num else []

    def last_choice(self, rank: int, position: int) -> Record | None:
        """A client's latest choice of a peer or a seed by then."""
        return self._last(self.index.choices_of, rank, position)

    def last_round(self, rank: int, position: int) -> Record | None:
        """The beginning of a client's latest round by then, with the swarm that the tracker named."""
        return self._last(self.index.rounds_of, rank, position)

    def _last(self, index: RankIndex, rank: int, position: int) -> Record | None:
        found = index.last(rank, position)
        return self.record(found[0] - 1) if found else None

    # Reading the trace

    def hear(self, first: int, stamps: list[Stamp], events: list[AnyEvent]) -> None:
        """Take the next events, from this line of the trace on."""
        if self._began_s is None and stamps:
            # Engines count from the beginning of the run; the clock of another program from any moment.
            self._began_s = 0.0 if self.header.engine else stamps[0].t
        began_s = self._began_s or 0.0
        for line, (stamp, event) in enumerate(zip(stamps, events, strict=True), first):
            record = Record(stamp.t - began_s, stamp.rank, stamp.thread, stamp.step, event)
            self._hear(line, record)
            for derived in self._derivation.of(record):
                self._hear(line, derived)

    def _hear(self, line: int, record: Record) -> None:
        event = record.event
        self._lines.append(line)
        self._times_s.append(max(self.duration_s, record.time_s))
        position = self.num_events
        self.index.events_of.add(record.rank, position)
        self._statistics.add(record)
        if isinstance(event, Sent):
            if isinstance(event.message, Metadata | MetadataRequest):
                self._files.hear(record.rank, event.message)
        elif not isinstance(event, Received):
            self.index.add(position, record, is_told=self._is_told(record))
            if isinstance(event, DownloadStarted):
                self._files.begin(record.rank, event)
        self._store_one(record)

    def _store_one(self, record: Record) -> None:
        try:
            self._store.append(record, self._statistics)
        except OverflowError:
            raise self._too_large() from None

    def _store_last(self) -> None:
        try:
            self._store.flush(self._statistics)
        except OverflowError:
            raise self._too_large() from None

    def _too_large(self) -> InputError:
        first = self._lines[self._store.num_written]
        return InputError([f"{self.name}:{first}: here, or soon after, is a number too large to be shown"])


class _Heard(Trace):
    """A trace that tells a recording of its events while the checker reads them."""

    def __init__(self, source: Path | TraceSource, recording: Recording) -> None:
        super().__init__(source)
        self._recording = recording

    def __iter__(self) -> Iterator[tuple[int, list[Stamp], list[AnyEvent]]]:
        for block in super().__iter__():
            self._recording.hear(*block)
            yield block


def _reproach(steps: tuple[str, ...], text: str) -> str:
    return f"against {', '.join(steps)}: {text}" if steps else text
