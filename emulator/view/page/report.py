"""A trace as a page: read once, encoded and checked at the same time, in bounded memory."""

from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from emulator.checker.checker import check_trace
from emulator.checker.report import Report
from emulator.protocol.events import AnyEvent
from emulator.protocol.steps import STEPS
from emulator.replay.recording import MAX_SILENT_CLIENTS
from emulator.trace.derived.derivation import DERIVED, Derivation
from emulator.trace.format import Header, Stamp
from emulator.trace.reader import Block, Trace
from emulator.trace.records import Record
from emulator.trace.sources import TraceSource
from emulator.trace.survey import survey
from emulator.view.page.block import frame
from emulator.view.page.document import DataWriter, Write, make_frame
from emulator.view.page.encoder import Encoder
from emulator.view.text import plural, printable

BLOCK_EVENTS = 1 << 16
MAX_IN_GRAPH = 60
"""Clients of which a person can still make out each in a graph. More are a picture of another kind."""


def write_page(source: Path | TraceSource, write: Write) -> Report:
    """Write the page of a trace, piece by piece, and return what the checker says about the trace.

    Raises `InputError` for what is no trace.
    """
    data = DataWriter(write)
    with PageTrace(source, data.put) as trace:
        document = make_frame(
            title_of(trace.path, trace.header),
            summary_of(trace.header),
            mains=modules_for(trace.shown_header, "main.mjs"),
        )
        write(document.head)
        report = check_trace(trace)
        trace.end_block()
        trace.judge(report)
    data.close()
    write(document.tail)
    return report


def live_page(path: Path, header: Header) -> bytes:
    """The page of a run that is going on: it has no data, but asks its server for them."""
    document = make_frame(
        title_of(path, header), summary_of(header), mains=modules_for(header, "live.mjs"), connects=True
    )
    parts: list[bytes] = []
    DataWriter(parts.append).close()
    return b"".join((document.head, *parts, document.tail))


class PageTrace(Trace):
    """A trace whose events become the data of a page while a caller, such as the checker, reads them.

    Events that the trace lacks are derived from its messages, unless the trace is growing: to see which ones it lacks
    takes all of it.
    """

    def __init__(self, source: Path | TraceSource, put: Write, *, is_growing: bool = False) -> None:
        super().__init__(source)
        self._put = put
        self._encoder = Encoder()
        self._is_begun = False
        self.shown_header = self.header
        """The same without most of the clients that the header claims and that never record anything."""
        self._derivation: Derivation | None = None
        self._derived: array[int] = array("L")
        """By derived event, the line that it is derived from."""
        if not is_growing and not _is_own(self.header):
            found = survey(self.source)
            num_clients = min(self.header.clients, max(found.max_rank, MAX_SILENT_CLIENTS))
            self.shown_header = msgspec.structs.replace(self.header, clients=num_clients)
            derivation = Derivation(self.shown_header, found.kinds)
            self._derivation = derivation if derivation.lacking else None

    def __iter__(self) -> Iterator[Block]:
        for first, stamps, events in super().__iter__():
            self._encoder.add(*self._filled(first, stamps, events))
            if self._encoder.num_waiting >= BLOCK_EVENTS:
                self.end_block()
            yield first, stamps, events

    def _filled(
        self, first: int, stamps: list[Stamp], events: list[AnyEvent]
    ) -> tuple[Sequence[Stamp], Sequence[AnyEvent]]:
        """Each event followed by those that are derived from it."""
        if self._derivation is None:
            return stamps, events
        all_stamps: list[Stamp] = []
        all_events: list[AnyEvent] = []
        for line, (stamp, event) in enumerate(zip(stamps, events, strict=True), first):
            all_stamps.append(stamp)
            all_events.append(event)
            for derived in self._derivation.of(Record(stamp.t, stamp.rank, stamp.thread, stamp.step, event)):
                all_stamps.append(Stamp(derived.time_s, derived.rank, derived.thread, derived.step))
                all_events.append(derived.event)
                self._derived.append(line)
        return all_stamps, all_events

    def end_block(self) -> None:
        """Pass on the events since the last block."""
        block = self._encoder.block(counts_from_first=not self.header.engine)
        if not self._is_begun:  # the first block decides about the clock
            self._put(frame(about_facts(self.path, self.shown_header, self._encoder)))
            self._is_begun = True
        self._put(block)

    def judge(self, report: Report) -> None:
        """Pass on what the checker says."""
        self._put(frame(msgspec.json.encode({"report": report, "derived": self._derived.tolist()})))


def _is_own(header: Header) -> bool:
    """Whether an engine of this package has written the trace, which lacks nothing."""
    return bool(header.engine) and DERIVED.keys() <= set(header.events or ())


def about_facts(path: Path, header: Header, encoder: Encoder) -> bytes:
    """What the page's code has to know before the first block."""
    return msgspec.json.encode(
        {
            "name": path.name,
            "header": header,
            "schema": encoder.schema,
            "tick_us": encoder.tick_us,
            "epoch_s": encoder.epoch_s,
            "steps": STEPS,
        }
    )


def modules_for(header: Header, main: str) -> tuple[str, ...]:
    """What the page of such a run is made of: only the views that it has."""
    picture = "small.mjs" if header.clients <= MAX_IN_GRAPH else "large.mjs"
    return (picture, *(["zones.mjs"] if header.zones else []), main)


def title_of(path: Path, header: Header) -> str:
    return printable(f"{header.scenario or path.name}: {plural(header.clients, 'client')}, strategy {header.strategy}")


def summary_of(header: Header) -> str:
    return f"A run of a swarm of {plural(header.clients, 'client')} and a tracker. Its page needs scripts."
