"""The records of the Trace Event Format, which Chrome's tracing and Perfetto read, and slices that nest.

Each record is one line of JSON. Arrows are flow events of the second version: they name the slices at both ends. In the
first version a reader finds the slices by their times, and may find a neighbour where slices touch.
"""

from collections.abc import Callable
from typing import Any, Literal

import msgspec

from emulator.protocol.messages import TRACKER
from emulator.trace.records import ThreadName

FIRST_PID = 1_000
PIDS_A_RANK = 10
"""Rank 3 is process 1030, and its threads are 1030 to 1032. Thread numbers have to be unique in the whole trace, a main
thread's is its process's, and 0 would mean a kernel's idle process."""
THREADS: tuple[ThreadName, ...] = ("main", "download", "upload")

TICK_US = 0.001
"""The finest time of the format. At equal times readers end slices before they begin any, whatever the order of the
records. So a thread's events are at least two ticks apart, a slice that ends with an event ends one tick after it, and
a receipt is at least one tick later than its sending. It shows only where the trace's own clock is coarse."""

LIFE, STAGE, ROUND, VISIT, MESSAGE = range(5)
"""Levels of slices, the outermost first: a thread's life, a stage (the download of a file, the wait for a barrier), a
round, a visit, a message."""

Args = dict[str, Any]
Put = Callable[[Args], None]
Flow = Literal["flow_out", "flow_in"]


class Slice(msgspec.Struct):
    """A slice that has begun; its `args` are written at its end."""

    level: int
    name: str
    is_served: bool
    """Whether it lasts until its thread's latest event; other slices last until they are ended."""
    args: Args


class Track:
    """One thread's slices and instants, at the time of its current event."""

    def __init__(self, put: Put, rank: int, thread: ThreadName) -> None:
        number = THREADS.index(thread)
        self.rank = rank
        self.thread = thread
        self.now_us = 0.0
        self._previous_us: float | None = None
        self._put = put
        self._where: Args = {"pid": pid_of(rank), "tid": pid_of(rank) + number}
        self._open: list[Slice] = []
        put({"ph": "M", "name": "thread_name", **self._where, "args": {"name": thread}})
        put({"ph": "M", "name": "thread_sort_index", **self._where, "args": {"sort_index": number}})

    def go_on(self, time_s: float, after_us: float | None) -> None:
        """The thread's next event, which is later than `after_us`: a receipt is later than its sending."""
        now_us = time_s * 1e6
        if self._previous_us is not None:
            now_us = max(now_us, self.now_us + 2 * TICK_US)
        if after_us is not None:
            now_us = max(now_us, after_us + TICK_US)
        self._previous_us, self.now_us = self.now_us, round(now_us, 3)

    def is_in(self, level: int, name: str) -> bool:
        """Whether a slice of this level and name is open."""
        return any(slice.level == level and slice.name == name for slice in self._open)

    def begin(self, level: int, name: str, *, is_served: bool = False, **args: object) -> None:
        """Begin a slice. Open slices that cannot contain it end with the event before."""
        self._end_with_previous(level)
        self._put({"ph": "B", "name": name, **self._where, "ts": self.now_us, "args": args})
        self._open.append(Slice(level, name, is_served, {}))

    def end(self, level: int, **args: object) -> None:
        """The open slice of this level, if there is one, ends with this event."""
        self._end_with_previous(level + 1)
        if self._open and self._open[-1].level == level:
            self._open[-1].args |= args
            self._end_innermost(_tick(self.now_us))

    def end_before(self, level: int) -> None:
        """The slice of this level, if there is one, ended with the event before this one."""
        self._end_with_previous(level)

    def finish(self, time_us: float) -> None:
        """End everything: the thread has no more events, and the trace lasts until `time_us`."""
        while self._open:
            self._end_innermost(_tick(self.now_us if self._open[-1].is_served else time_us))

    def _end_with_previous(self, level: int) -> None:
        """The open slice of this level, and all inside, end with the event before."""
        while self._open and self._open[-1].level >= level:
            self._end_innermost(_tick(self._previous_us or 0.0))

    def _end_innermost(self, time_us: float) -> None:
        self._put({"ph": "E", **self._where, "ts": time_us, "args": self._open.pop().args})

    def tell(self, level: int, **args: object) -> None:
        """Add to what the open slice of this level says."""
        for slice in self._open:
            if slice.level == level:
                slice.args |= args

    def add_up(self, name: str) -> None:
        """Count an answer in the visit and the round that it belongs to."""
        for slice in self._open:
            if slice.level in (ROUND, VISIT):
                slice.args[name] = slice.args.get(name, 0) + 1

    def point(self, name: str, flow: Flow, arrow: int | None, **args: object) -> None:
        """A message sent or received: a slice without length, at one end of an arrow.

        The two ends may not have an argument in common: Chrome makes one of both.
        """
        record: Args = {"ph": "X", "name": name, "cat": "message", **self._where, "ts": self.now_us, "dur": 0}
        if arrow is not None:
            record |= {"bind_id": hex(arrow), flow: True}
        record["args"] = args
        self._put(record)

    def instant(self, name: str, **args: object) -> None:
        """A moment of the thread."""
        self._put({"ph": "i", "s": "t", "name": name, **self._where, "ts": self.now_us, "args": args})


class Process:
    """A rank as a whole."""

    def __init__(self, put: Put, rank: int) -> None:
        self._put = put
        self._where: Args = {"pid": pid_of(rank), "tid": pid_of(rank)}
        name = "tracker" if rank == TRACKER else f"client {rank}"
        put({"ph": "M", "name": "process_name", **self._where, "args": {"name": name}})
        put({"ph": "M", "name": "process_sort_index", **self._where, "args": {"sort_index": rank}})

    def instant(self, time_us: float, name: str, **args: object) -> None:
        """A moment of the process."""
        self._put({"ph": "i", "s": "p", "name": name, **self._where, "ts": time_us, "args": args})

    def count(self, time_us: float, name: str, unit: str, value: int) -> None:
        """A counter's new value."""
        self._put({"ph": "C", "name": name, **self._where, "ts": time_us, "args": {unit: value}})


def pid_of(rank: int) -> int:
    return FIRST_PID + PIDS_A_RANK * rank


def _tick(time_us: float) -> float:
    return round(time_us + TICK_US, 3)
