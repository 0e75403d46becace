"""All events of a run in virtual time, in the order in which they happen."""

from typing import Protocol

from emulator.protocol.events import AnyEvent, Channel, Received, Sent
from emulator.protocol.messages import AnyMessage
from emulator.trace.format import encode_record
from emulator.trace.records import Observer, Record, ThreadName
from emulator.trace.writer import TraceWriter


class Ear(Protocol):
    """Hears everything while it happens, single messages included, without a record being made of it."""

    def sent(self, rank: int, on: Channel, to: int, message: AnyMessage) -> None: ...

    def received(self, rank: int, on: Channel, source: int, message: AnyMessage) -> None: ...

    def event(self, rank: int, thread: str, event: AnyEvent) -> None: ...


class Teller(Protocol):
    """A thread that tells what happens to it."""

    @property
    def rank(self) -> int: ...

    @property
    def thread(self) -> ThreadName: ...

    @property
    def step(self) -> str: ...


class Journal:
    """Passes events on to the observer and the trace, in batches, and to the ear at once."""

    def __init__(self, observer: Observer | None, trace: TraceWriter | None, ear: Ear | None) -> None:
        self.hears_messages = trace is not None or ear is not None
        """Whether single messages are recorded."""
        self._observer = observer
        self._trace = trace
        self._ear = ear
        self._records: list[Record] = []
        self._lines: list[bytes] = []

    def record(self, now_s: float, rank: int, thread: ThreadName, step: str, event: AnyEvent) -> None:
        if self._ear is not None:
            self._ear.event(rank, thread, event)
        if self._observer is not None:
            record = Record(now_s, rank, thread, step, event)
            self._records.append(record)
            if self._trace is not None:
                self._lines.append(encode_record(record))

    def sent(self, now_s: float, teller: Teller, on: Channel, dest: int, message: AnyMessage) -> None:
        if self._ear is not None:
            self._ear.sent(teller.rank, on, dest, message)
        if self._trace is not None:
            self._write(now_s, teller, Sent(on, dest, message))

    def received(self, now_s: float, teller: Teller, on: Channel, source: int, message: AnyMessage) -> None:
        if self._ear is not None:
            self._ear.received(teller.rank, on, source, message)
        if self._trace is not None:
            self._write(now_s, teller, Received(on, source, message))

    def _write(self, now_s: float, teller: Teller, event: Sent | Received) -> None:
        self._lines.append(encode_record(Record(now_s, teller.rank, teller.thread, teller.step, event)))

    def flush(self) -> None:
        records, self._records = self._records, []
        if records and self._observer is not None:
            self._observer.observe(records)
        lines, self._lines = self._lines, []
        if self._trace is not None and lines:
            self._trace.append(lines)
