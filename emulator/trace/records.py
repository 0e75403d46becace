"""The envelope around every event: its time and place; and the observers that are told of events."""

from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec

from emulator.protocol.events import AnyEvent

ThreadName = Literal["main", "download", "upload"]


class Record(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One event of the run's stream, stamped by the engine."""

    time_s: float
    """Seconds since the run began."""
    rank: int
    thread: ThreadName
    step: str
    """The protocol step that the thread was in, such as `D4`."""
    event: AnyEvent


class Batch(msgspec.Struct, frozen=True, array_like=True):
    """What one process sends to the parent at once."""

    rank: int
    told_s: float
    """The process has sent everything that it recorded before this time, in this batch or an earlier one."""
    records: list[Record]
    """For observers: all events but single messages."""
    times_s: list[float]
    """For a trace: the time of every event; empty in a run without a trace."""
    lines: bytes
    """For a trace: the line of every event, each with its end."""


class Observer(Protocol):
    """Watches a run while it lasts. The process that started the run calls it, never a worker."""

    interval_s: float | None
    """Seconds between two calls of `tick`; None for none."""
    undo: bytes
    """Bytes that restore the terminal, for a survivor to write if this process is killed; empty for none."""

    def begin(self) -> None:
        """All workers are started. Start threads and take over the screen here, not before."""

    def observe(self, records: Sequence[Record]) -> None:
        """The next records: in order within a rank, in any order between ranks."""

    def tick(self) -> None:
        """Draw, if there is something to draw."""

    def end(self) -> None:
        """The run is over, well or not: release the screen."""
