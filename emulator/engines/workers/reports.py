"""What workers report, on its way to the observer and the trace."""

import time
from collections.abc import Callable, Sequence

import msgspec

from emulator.engines.names import failed_at
from emulator.errors import WorkerFailed
from emulator.protocol.events import AnyEvent, ThreadFailed
from emulator.trace.format import encode_record
from emulator.trace.records import Batch, Observer, Record
from emulator.trace.writer import TraceWriter

MAX_HEARING_S = 0.5
"""How long a run that has failed waits for all workers to report what led to it."""
PARENT = -1
"""The sender of deaths and faults in a trace. The trace waits for no worker because of what the parent may add."""

Read = Callable[[float], bytes | None]
"""Waits up to so many seconds for the next report; None if none has come."""


class Reports:
    """Takes the batches of all workers, in the order in which they arrive."""

    def __init__(self, observer: Observer, trace: TraceWriter | None, read: Read) -> None:
        self._observer = observer
        self._trace = trace
        self._read = read
        self._decode = msgspec.msgpack.Decoder(Batch).decode

    def take(self, data: bytes) -> Sequence[Record]:
        """Pass a batch on; its records. Raises `WorkerFailed` if a thread reports an exception."""
        records = self._pass_on(data)
        for record in records:
            if isinstance(record.event, ThreadFailed):
                self._hear_out(record.time_s)
                where = failed_at(record.rank, record.thread, record.step)
                raise WorkerFailed(f"{where}: {record.event.error}", record.event.traceback)
        return records

    def _pass_on(self, data: bytes) -> Sequence[Record]:
        batch = self._decode(data)
        if self._trace is not None:
            self._trace.add(batch)
        self._observer.observe(batch.records)
        return batch.records

    def _hear_out(self, failed_s: float) -> None:
        """For a trace: let all workers report what led to a failure. One that is stopped is not waited for long."""
        if self._trace is None:
            return
        ends_s = time.monotonic() + MAX_HEARING_S
        while not self._trace.has_all_before(failed_s) and (left_s := ends_s - time.monotonic()) > 0:
            if (data := self._read(left_s)) is not None:
                self._pass_on(data)

    def add(self, time_s: float, rank: int, step: str, event: AnyEvent) -> None:
        """Add an event that no worker can report: a death, or a fault."""
        record = Record(time_s, rank, "main", step, event)
        if self._trace is not None:
            self._trace.add(Batch(PARENT, time_s, [], [time_s], encode_record(record) + b"\n"))
        self._observer.observe([record])

    def begin_life(self, rank: int, time_s: float) -> None:
        """The rank comes back: the trace waits for its reports again."""
        if self._trace is not None:
            self._trace.remember(rank, time_s)

    def end_life(self, rank: int) -> None:
        """All reports of this rank's life are here."""
        if self._trace is not None:
            self._trace.forget(rank)
