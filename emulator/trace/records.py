"""The envelope around every event: when and where it happened."""

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
    """The protocol step that the thread was in: P1 … P4, D1 … D8, U1 … U5, T1 … T9."""
    event: AnyEvent


class Batch(msgspec.Struct, frozen=True, array_like=True):
    """What one process tells at once."""

    rank: int
    told_s: float
    """Everything that it recorded before this time has been told, with this batch or an earlier one."""
    records: list[Record]
    """For observers: all events but those of single messages."""
    times_s: list[float]
    """For a trace: the time of every event; empty where the run is not traced."""
    lines: bytes
    """For a trace: the line of every event, each with its end."""


class Observer(Protocol):
    """Who watches a run while it lasts; called in the process that started it, never in a worker."""

    interval_s: float | None
    """How often `tick` is wanted, in seconds; None for never."""
    undo: bytes
    """What to write to the terminal on its behalf, should its process be killed; empty for nothing."""

    def begin(self) -> None:
        """All workers are started. Not before may a thread be started or a screen be taken."""

    def observe(self, records: Sequence[Record]) -> None:
        """The next records: in order for each rank, as they arrive for different ranks."""

    def tick(self) -> None:
        """Time to draw."""

    def end(self) -> None:
        """No more will come, whether the run went well or not: give the screen back."""
