"""The events of a trace in an unnamed file, in chunks, with copies of the statistics between them.

To show a moment is to load the last copy before it, and to fold the events since. Memory holds two numbers a chunk.
"""

import pickle
import tempfile
import weakref
from array import array
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from emulator.errors import EmulatorError
from emulator.trace.records import Record
from emulator.trace.statistics import SwarmStatistics

CHUNK = 256
"""Events that are written, and read again, at a time."""
MAX_CACHED_CHUNKS = 64
MIN_BETWEEN_COPIES = 16 * CHUNK
"""Events between two copies of the statistics. There are more if a copy takes more bytes than these events."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Record]).decode


class _Copy(NamedTuple):
    """Where the statistics as of a position are in the file."""

    position: int
    offset: int
    num_bytes: int


class EventStore:
    """All events of a trace, by index from 0."""

    def __init__(self, num_clients: int) -> None:
        self.num_events = 0
        self._num_clients = num_clients
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as this object
        weakref.finalize(self, self._file.close)
        self._num_bytes = 0
        self._offsets: array[int] = array("Q")
        self._sizes: array[int] = array("Q")
        """Where each chunk begins, and how many bytes it has."""
        self._cache: OrderedDict[int, list[Record]] = OrderedDict()
        self._copies: list[_Copy] = []
        self._chunk: list[Record] = []

    @property
    def num_written(self) -> int:
        """Events in the file; those after them are still in memory."""
        return self.num_events - len(self._chunk)

    def append(self, record: Record, statistics: SwarmStatistics) -> None:
        """Add an event; `statistics` are those after it.

        Raises `OverflowError` for an event with a number of more than 64 bits, and `EmulatorError` for a full disk.
        """
        self._chunk.append(record)
        self.num_events += 1
        if len(self._chunk) == CHUNK:
            self.flush(statistics)

    def flush(self, statistics: SwarmStatistics) -> None:
        """Write the last events, and the statistics if there are enough events since the last copy."""
        if not self._chunk:
            return
        data = _encode(self._chunk)
        self._offsets.append(self._write(data))
        self._sizes.append(len(data))
        self._chunk.clear()
        last = self._copies[-1] if self._copies else _Copy(0, 0, 0)
        num_since = self.num_events - last.position
        if num_since >= MIN_BETWEEN_COPIES and self._num_bytes - last.offset >= 2 * last.num_bytes:
            data = pickle.dumps(statistics, pickle.HIGHEST_PROTOCOL)
            self._copies.append(_Copy(self.num_events, self._write(data), len(data)))

    def _write(self, data: bytes) -> int:
        """Write at the end of the file, and return the offset."""
        offset = self._num_bytes
        try:
            self._file.write(data)
            self._file.flush()
        except OSError as error:
            place = f"{tempfile.gettempdir()} has no room for a copy of the trace ({error.strerror})"
            raise EmulatorError(f"{place}; set TMPDIR to another folder") from error
        self._num_bytes += len(data)
        return offset

    def record(self, index: int) -> Record:
        return self._read_chunk(index // CHUNK)[index % CHUNK]

    def records(self, first: int, end: int) -> Iterator[Record]:
        """The events from `first` up to, but not with, `end`."""
        while first < end:
            chunk, start = divmod(first, CHUNK)
            part = self._read_chunk(chunk)[start : start + end - first]
            yield from part
            first += len(part)

    def _read_chunk(self, chunk: int) -> list[Record]:
        if chunk in self._cache:
            self._cache.move_to_end(chunk)
            return self._cache[chunk]
        self._file.seek(self._offsets[chunk])
        records = self._cache[chunk] = _decode(self._file.read(self._sizes[chunk]))
        if len(self._cache) > MAX_CACHED_CHUNKS:
            self._cache.popitem(last=False)
        return records

    def statistics_before(self, position: int) -> tuple[int, SwarmStatistics]:
        """The last copy at this position or before it, with its own position. The caller may change the copy."""
        found = self._copy_before(position)
        if found is None:
            return 0, SwarmStatistics(self._num_clients)
        self._file.seek(found.offset)
        # This program wrote it, to a file that has no name.
        statistics: SwarmStatistics = pickle.loads(self._file.read(found.num_bytes))  # noqa: S301
        return found.position, statistics

    def position_of_copy(self, position: int) -> int:
        """The position of the last copy at this position or before it; 0 for none."""
        found = self._copy_before(position)
        return found.position if found else 0

    def _copy_before(self, position: int) -> _Copy | None:
        after = bisect_right(self._copies, position, key=lambda copy: copy.position)
        return self._copies[after - 1] if after else None


class Cursor:
    """The statistics at a position that moves."""

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self._position, self._statistics = store.statistics_before(0)

    def move(self, position: int) -> SwarmStatistics:
        """The statistics as of this position; they are valid until the next call."""
        if position < self._position or self._store.position_of_copy(position) > self._position:
            self._position, self._statistics = self._store.statistics_before(position)
        self._statistics.add_all(self._store.records(self._position, position))
        self._position = position
        return self._statistics
