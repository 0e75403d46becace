"""What a worker records, on its way to the parent."""

import contextlib
import threading
import time

import msgspec

from emulator.engines.workers.outbox import Outbox
from emulator.protocol.events import AnyEvent, Received, SegmentsTaken
from emulator.protocol.messages import Hit
from emulator.trace.format import ReceivedLine, SentLine, encode_lines, encode_record
from emulator.trace.records import Batch, Record, ThreadName

BATCH = 64
"""Events that travel to the parent in one packet; fewer where somebody watches, and is told regularly (`flush`)."""

_encode = msgspec.msgpack.Encoder().encode


class WallClock:
    """Wall time since the run began."""

    def __init__(self, began_s: float) -> None:
        self.began_ns = round(began_s * 1e9)

    def now(self) -> float:
        # In whole nanoseconds, which are written in nine decimals at most.
        return (time.monotonic_ns() - self.began_ns) / 1e9

    def sleep(self, duration_s: float) -> None:
        time.sleep(duration_s)


class Journal:
    """One process's events on their way to the parent, in the order in which its threads recorded them."""

    def __init__(
        self, rank: int, queue: Outbox, clock: WallClock, is_traced: bool, is_told_first: bool = False
    ) -> None:
        """`is_told_first`: whether everything is told before others can see what came of it."""
        self._rank = rank
        self._queue = queue
        self._now = clock.now
        self.began_ns = clock.began_ns
        self.is_traced = is_traced
        self.is_told_first = is_told_first
        self.lock = threading.Lock()
        self._records: list[Record] = []
        self._arrived: list[tuple[int, Hit]] = []
        """Segments of the visit that goes on, with their uploaders, which no observer has been told of."""
        self.times_s: list[float] = []
        """When each line was recorded. Whoever adds to both has held the lock since before looking at the clock."""
        self.lines: list[SentLine | ReceivedLine | msgspec.Raw] = []
        """Encoded together: one call for hundreds of lines."""

    def record(self, thread: ThreadName, step: str, event: AnyEvent) -> None:
        with self.lock:
            now = self._now()
            record = Record(now, self._rank, thread, step, event)
            self._records.append(record)
            if type(event) is SegmentsTaken:  # it tells of all of them
                self._arrived.clear()
            if self.is_traced:
                self.times_s.append(now)
                self.lines.append(msgspec.Raw(encode_record(record)))
            if len(self._records) >= BATCH:
                self._ship(now)

    def trace(self, thread: ThreadName, step: str, event: AnyEvent) -> None:
        """Record what only a trace has."""
        with self.lock:
            now = self._now()
            self.times_s.append(now)
            self.lines.append(msgspec.Raw(encode_record(Record(now, self._rank, thread, step, event))))

    def arrive(self, source: int, hit: Hit) -> None:
        """A segment has come: observers see it with the next `flush`, unless its visit ends before."""
        with self.lock:
            self._arrived.append((source, hit))

    def flush(self) -> None:
        """Tell what is waiting; where the run is traced, also that nothing is."""
        with self.lock:
            now = self._now()
            for source, hit in self._arrived:
                event = Received("download", source, Hit(hit.file, hit.segment, "", hit.request))
                self._records.append(Record(now, self._rank, "download", "", event))
            self._arrived.clear()
            if self._records or self.is_traced:
                self._ship(now)

    def _ship(self, now: float) -> None:
        # Where the parent is gone, the life pipe ends this process, which may have a terminal to give back first.
        with contextlib.suppress(BrokenPipeError):
            self._queue.put(_encode(Batch(self._rank, now, self._records, self.times_s, encode_lines(self.lines))))
        self._records.clear()
        self.times_s.clear()
        self.lines.clear()
