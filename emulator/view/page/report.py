"""A trace as a page: read once, encoded and checked at the same time, in bounded memory."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from emulator.checker.checker import check_trace
from emulator.checker.report import Report
from emulator.protocol.events import AnyEvent
from emulator.protocol.steps import STEPS
from emulator.trace.format import Header, Stamp
from emulator.trace.reader import Trace
from emulator.trace.sources import TraceSource
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
            title_of(trace.path, trace.header), summary_of(trace.header), mains=modules_for(trace.header, "main.mjs")
        )
        write(document.head)
        report = check_trace(trace)
        trace.end_block()
    data.put(frame(report_facts(report)))
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
    """A trace whose events become the data of a page while a caller, such as the checker, reads them."""

    def __init__(self, source: Path | TraceSource, put: Write) -> None:
        super().__init__(source)
        self._put = put
        self._encoder = Encoder()
        self._is_begun = False

    def __iter__(self) -> Iterator[tuple[int, list[Stamp], list[AnyEvent]]]:
        for first, stamps, events in super().__iter__():
            self._encoder.add(stamps, events)
            if self._encoder.num_waiting >= BLOCK_EVENTS:
                self.end_block()
            yield first, stamps, events

    def end_block(self) -> None:
        """Pass on the events since the last block."""
        block = self._encoder.block()
        if not self._is_begun:  # the first block decides about the clock
            self._put(frame(about_facts(self.path, self.header, self._encoder)))
            self._is_begun = True
        self._put(block)


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


def report_facts(report: Report) -> bytes:
    return msgspec.json.encode({"report": report})


def modules_for(header: Header, main: str) -> tuple[str, ...]:
    """What the page of such a run is made of: only the views that it has."""
    picture = "small.mjs" if header.clients <= MAX_IN_GRAPH else "large.mjs"
    return (picture, *(["zones.mjs"] if header.zones else []), main)


def title_of(path: Path, header: Header) -> str:
    return printable(f"{header.scenario or path.name}: {plural(header.clients, 'client')}, strategy {header.strategy}")


def summary_of(header: Header) -> str:
    return f"A run of a swarm of {plural(header.clients, 'client')} and a tracker. Its page needs scripts."
