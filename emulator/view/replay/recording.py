"""A trace that can be looked at from any of its events, forwards and backwards, in bounded memory.

One pass over the trace checks it, copies its events in small chunks to an unnamed file, and now and then adds a copy of
the statistics there. To show any moment is then to load the copy before it and to fold the events since. What stays in
memory is a few numbers an event.
"""

import pickle
import tempfile
import weakref
from array import array
from bisect import bisect_right
from collections import OrderedDict, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TypeAlias

import msgspec

from emulator.checker.checker import Report, check_trace
from emulator.errors import EmulatorError, InputError
from emulator.faults import kind_of
from emulator.protocol.events import (
    AnyEvent,
    ClientFinished,
    ClientLeft,
    Died,
    DownloadStarted,
    FaultBegan,
    FaultEnded,
    FileUnavailable,
    FileWritten,
    PeerChosen,
    Received,
    Restarted,
    RoleChanged,
    RoundBegan,
    SeedChosen,
    SegmentRejected,
    SegmentsTaken,
    Sent,
)
from emulator.protocol.messages import Metadata, MetadataRequest
from emulator.trace.format import Header, Stamp
from emulator.trace.reader import Trace
from emulator.trace.records import Record
from emulator.trace.statistics import SwarmStatistics
from emulator.view.dashboard.facts import Facts
from emulator.view.sentences import sentence
from emulator.view.text import plural

CHUNK = 256
"""Events that are written, and read again, at once."""
CACHED_CHUNKS = 64
LEAST_BETWEEN_COPIES = 16 * CHUNK
"""Events between two copies of the statistics; more where a copy is larger than those events are."""

Positions: TypeAlias = "array[int]"

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Record]).decode


class Violation(NamedTuple):
    """What the checker has against the run, and the position at which it has just happened."""

    position: int
    text: str


class _Copy(NamedTuple):
    """Where the statistics as of a position lie in the file."""

    position: int
    offset: int
    num_bytes: int


class Recording:
    """A whole trace. A *position* is a number of events, from 0 to `num_events`: those that have happened."""

    def __init__(self, path: Path) -> None:
        """Raises `InputError` for what is no trace, or none that can be shown."""
        self.path = path
        self.marks: defaultdict[str, Positions] = defaultdict(lambda: array("I"))
        """Positions at which a thing of some kind has just happened."""
        self.told: Positions = array("I")
        """Positions at which something worth a sentence has just happened."""
        self._times_s: array[float] = array("d")
        """By event; never smaller than an earlier event's."""
        self._events_of: defaultdict[int, Positions] = defaultdict(lambda: array("I"))
        self._told_of: defaultdict[int, Positions] = defaultdict(lambda: array("I"))
        self._choices_of: defaultdict[int, Positions] = defaultdict(lambda: array("I"))
        self._rounds_of: defaultdict[int, Positions] = defaultdict(lambda: array("I"))
        self._files = _Files()
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - it is there as long as this object
        weakref.finalize(self, self._file.close)
        self._num_bytes = 0
        self._offsets: array[int] = array("Q")
        self._sizes: array[int] = array("Q")
        """Where each chunk begins, and how many bytes it has."""
        self._cache: OrderedDict[int, list[Record]] = OrderedDict()
        self._copies: list[_Copy] = []
        self._chunk: list[Record] = []
        self._has_segments = False
        with _Heard(path, self) as trace:
            self.header: Header = trace.header
            self._statistics = SwarmStatistics(self.header.clients)
            self.report: Report = check_trace(trace)
        self._end_chunk()
        del self._statistics
        self.violations = sorted(
            Violation(found.lines[-1] - 1 if found.lines else self.num_events, _reproach(found.steps, found.text))
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
        """What a person has to know about this trace."""
        notes = [f"the trace is {self.report.end}"] if self.report.is_cut else []
        if self.num_events and not self._has_segments:
            notes.append("no SegmentsTaken events: there is little to show")
        return notes

    def facts(self) -> Facts:
        """What is shown beside the statistics, from the trace itself."""
        header = self.header
        where = header.scenario or self.path.name
        wanted, goals = self._files.wanted_and_goals(header.clients)
        note = " · ".join(["replay", *self.notes])
        title = f"{where}: {plural(header.clients, 'client')}, strategy {header.strategy}"
        return Facts(title=title, goals=goals, wanted=wanted, note=note)

    def position_at(self, time_s: float) -> int:
        """How many events have happened by then."""
        return bisect_right(self._times_s, time_s)

    def time_at(self, position: int) -> float:
        """When the last of so many events happened."""
        return self._times_s[position - 1] if position else 0.0

    def record(self, index: int) -> Record:
        """The event that follows position `index`; it stands in line `index + 2` of the trace."""
        return self._read_chunk(index // CHUNK)[index % CHUNK]

    def records(self, first: int, end: int) -> Iterator[Record]:
        """The events between two positions."""
        while first < end:
            chunk, start = divmod(first, CHUNK)
            part = self._read_chunk(chunk)[start : start + end - first]
            yield from part
            first += len(part)

    def story(self, rank: int, position: int, most: int, *, with_messages: bool = False) -> list[Record]:
        """The last of what a client, or the tracker, had done or met with by then: what is worth a sentence."""
        told = (self._events_of if with_messages else self._told_of).get(rank, ())
        end = bisect_right(told, position)
        return [self.record(at - 1) for at in told[max(0, end - most) : end]]

    def last_choice(self, rank: int, position: int) -> Record | None:
        """Whom a client had chosen last by then."""
        return self._last(self._choices_of, rank, position)

    def last_round(self, rank: int, position: int) -> Record | None:
        """The beginning of a client's latest round by then, with the swarm that the tracker named."""
        return self._last(self._rounds_of, rank, position)

    def _last(self, index: dict[int, Positions], rank: int, position: int) -> Record | None:
        positions = index.get(rank, ())
        end = bisect_right(positions, position)
        return self.record(positions[end - 1] - 1) if end else None

    def copy_before(self, position: int) -> tuple[int, SwarmStatistics]:
        """The last kept statistics as of this position or an earlier one; nobody else has them."""
        after = bisect_right(self._copies, position, key=lambda copy: copy.position)
        if not after:
            return 0, SwarmStatistics(self.header.clients)
        kept = self._copies[after - 1]
        self._file.seek(kept.offset)
        # This program wrote it itself, to a file that has no name.
        statistics: SwarmStatistics = pickle.loads(self._file.read(kept.num_bytes))  # noqa: S301
        return kept.position, statistics

    def position_of_copy(self, position: int) -> int:
        after = bisect_right(self._copies, position, key=lambda copy: copy.position)
        return self._copies[after - 1].position if after else 0

    def _read_chunk(self, chunk: int) -> list[Record]:
        if chunk in self._cache:
            self._cache.move_to_end(chunk)
            return self._cache[chunk]
        self._file.seek(self._offsets[chunk])
        records = self._cache[chunk] = _decode(self._file.read(self._sizes[chunk]))
        if len(self._cache) > CACHED_CHUNKS:
            self._cache.popitem(last=False)
        return records

    # Reading the trace

    def hear(self, first: int, stamps: list[Stamp], events: list[AnyEvent]) -> None:
        """Take the next events, from this line of the trace on."""
        latest_s = self.duration_s
        times_s, chunk, statistics = self._times_s, self._chunk, self._statistics
        for line, (stamp, event) in enumerate(zip(stamps, events, strict=True), first):
            latest_s = max(latest_s, stamp.t)
            times_s.append(latest_s)
            record = Record(stamp.t, stamp.rank, stamp.thread, stamp.step, event)
            chunk.append(record)
            self._events_of[stamp.rank].append(line - 1)
            if isinstance(event, Sent):
                if isinstance(event.message, Metadata | MetadataRequest):
                    self._files.hear(stamp.rank, event.message)
            elif not isinstance(event, Received):
                statistics.add(record)
                self._find(line - 1, record)
            if len(chunk) == CHUNK:
                self._end_chunk()

    def _find(self, position: int, record: Record) -> None:
        """Note where in the trace this is, for those who look for such things."""
        rank = record.rank
        if sentence(record):
            self.told.append(position)
            self._told_of[rank].append(position)
        match record.event:
            case SegmentsTaken(is_missed=is_missed):
                self._has_segments = True
                if is_missed:
                    self.marks["miss"].append(position)
            case SegmentRejected():
                self.marks["miss"].append(position)
            case FileWritten():
                self.marks["completion"].append(position)
            case Died():
                self.marks["death"].append(position)
            case FaultBegan(fault) | FaultEnded(fault) if not kind_of(fault).is_fatal:
                self.marks["fault"].append(position)
            case Restarted() | FileUnavailable():
                self.marks["fault"].append(position)
            case DownloadStarted():
                self._files.begin(rank, record.event)
            case RoundBegan():
                self._rounds_of[rank].append(position)
            case PeerChosen() | SeedChosen():
                self._choices_of[rank].append(position)
            case RoleChanged(client) | ClientFinished(client) | ClientLeft(client) if client != rank:
                self._events_of[client].append(position)
                self._told_of[client].append(position)

    def _end_chunk(self) -> None:
        """Write the events, and a copy of the statistics where there are events enough since the last one."""
        if not self._chunk:
            return
        try:
            data = _encode(self._chunk)
        except OverflowError:
            first = self.num_events - len(self._chunk) + 2
            raise InputError([f"{self.path}:{first}: here, or soon after, is a number too large to be shown"]) from None
        self._offsets.append(self._append(data))
        self._sizes.append(len(data))
        self._chunk.clear()
        last = self._copies[-1] if self._copies else _Copy(0, 0, 0)
        since = self.num_events - last.position
        if since >= LEAST_BETWEEN_COPIES and self._num_bytes - last.offset >= 2 * last.num_bytes:
            data = pickle.dumps(self._statistics, pickle.HIGHEST_PROTOCOL)
            self._copies.append(_Copy(self.num_events, self._append(data), len(data)))

    def _append(self, data: bytes) -> int:
        """Write this at the end of the file, and tell where that was."""
        offset = self._num_bytes
        try:
            self._file.write(data)
            self._file.flush()
        except OSError as error:
            place = f"{tempfile.gettempdir()} has no room for a copy of the trace ({error.strerror})"
            raise EmulatorError(f"{place}; set TMPDIR to another folder") from error
        self._num_bytes += len(data)
        return offset


class Cursor:
    """The statistics at a position that moves."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._position = 0
        self._statistics = SwarmStatistics(recording.header.clients)

    def move(self, position: int) -> SwarmStatistics:
        """The statistics as of this position; they are good until the next call."""
        if position < self._position or self._recording.position_of_copy(position) > self._position:
            self._position, self._statistics = self._recording.copy_before(position)
        self._statistics.add_all(self._recording.records(self._position, position))
        self._position = position
        return self._statistics


class _Heard(Trace):
    """A trace whose events a recording hears of while somebody else reads them."""

    def __init__(self, path: Path, recording: Recording) -> None:
        super().__init__(path)
        self._recording = recording

    def __iter__(self) -> Iterator[tuple[int, list[Stamp], list[AnyEvent]]]:
        for block in super().__iter__():
            self._recording.hear(*block)
            yield block


class _Files:
    """Who owns and wants which files, and how large they are, as far as a trace tells."""

    def __init__(self) -> None:
        self._sizes: dict[str, int] = {}
        self._owned: defaultdict[int, set[str]] = defaultdict(set)
        self._wanted: defaultdict[int, dict[str, None]] = defaultdict(dict)
        self._begun: set[tuple[int, str]] = set()

    def hear(self, rank: int, message: Metadata | MetadataRequest) -> None:
        if isinstance(message, Metadata):
            self._sizes.update((file.name, file.num_segments) for file in message.files)
            self._owned[rank].update(file.name for file in message.files)
        else:
            self._wanted[rank].update(dict.fromkeys(message.files))

    def begin(self, rank: int, event: DownloadStarted) -> None:
        """Tells the same of what a client came to, where a trace has no messages."""
        self._sizes[event.file] = event.num_segments
        self._wanted[rank].setdefault(event.file)
        # What is there in part, or when the client comes back, it has got at some time.
        if event.num_present >= event.num_segments and (rank, event.file) not in self._begun:
            self._owned[rank].add(event.file)
        self._begun.add((rank, event.file))

    def wanted_and_goals(self, num_clients: int) -> tuple[list[list[str]], list[int]]:
        """For each client, the files it wants and how many segments it has to get for them."""
        wanted = [list(self._wanted.get(rank, ())) for rank in range(1, num_clients + 1)]
        goals = [
            sum(self._sizes.get(file, 0) for file in files if file not in self._owned.get(rank, ()))
            for rank, files in enumerate(wanted, 1)
        ]
        return wanted, goals


def _reproach(steps: tuple[str, ...], text: str) -> str:
    return f"against {', '.join(steps)}: {text}" if steps else text
