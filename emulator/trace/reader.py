"""Reading a trace, whichever program wrote it: checked line by line, in bounded memory."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Self

from emulator.errors import InputError
from emulator.protocol.events import AnyEvent
from emulator.trace.decoding import AFTER_END, decode_block, decode_header, is_event
from emulator.trace.format import Stamp, TraceEnded
from emulator.trace.lines import Lines
from emulator.trace.sources import TraceSource


class Entry(NamedTuple):
    """One event of a trace, with the number of its line."""

    line: int
    stamp: Stamp
    event: AnyEvent


Block = tuple[int, list[Stamp], list[AnyEvent]]
"""The number of the first event's line, then stamps and events of consecutive lines."""


class Trace:
    """An open trace: its header, its events one after the other, and, once they are read, how it ended.

    It closes itself at its end, at a problem, and as a context manager.
    """

    def __init__(self, source: Path | TraceSource) -> None:
        """Raises `InputError` where it cannot be read or does not begin as a trace does."""
        self.source = TraceSource(source) if isinstance(source, Path) else source
        self.path = Path(self.source.name)
        """Its name, for a person; stdin and merged parts are no file of this name."""
        self.end: TraceEnded | None = None
        """The last line; None until it is read, and for a trace that was cut without one."""
        self.is_torn = False
        """Whether the file ends in the middle of a line, or of its compression."""
        self._lines = Lines(self.source)
        self._blocks = whole_lines(self._lines)
        try:
            _, first = next(self._blocks, (1, b""))
            line, _, self._rest = first.partition(b"\n")
            self.header = decode_header(self._lines, line)
        except InputError:
            self._lines.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._lines.close()

    def __iter__(self) -> Iterator[Block]:
        """Blocks of events. Can be read once. Raises `InputError` for a line that is no event."""
        with self:
            yield from self._parse(2, self._rest)
            for first, block in self._blocks:
                yield from self._parse(first, block)
        self.is_torn = self._lines.is_torn
        if self.end is not None and self.is_torn:
            raise self._lines.problem(self._lines.num_lines + 1, AFTER_END)

    def entries(self) -> Iterator[Entry]:
        """Event by event: slower than blocks."""
        for first, stamps, events in self:
            for line, (stamp, event) in enumerate(zip(stamps, events, strict=True), first):
                yield Entry(line, stamp, event)

    def _parse(self, first: int, block: bytes) -> Iterator[Block]:
        if not block:
            return
        if self.end is not None:
            raise self._lines.problem(first, AFTER_END)
        stamps, events, self.end = decode_block(self._lines, first, block, self.header.clients)
        yield first, self._shifted(stamps), events

    def _shifted(self, stamps: list[Stamp]) -> list[Stamp]:
        """The same stamps by one clock, where ranks have clocks of their own."""
        shifts = self.source.shifts
        if not shifts:
            return stamps
        return [Stamp(stamp.t + shifts.get(stamp.rank, 0.0), stamp.rank, stamp.thread, stamp.step) for stamp in stamps]


def whole_lines(lines: Lines) -> Iterator[tuple[int, bytes]]:
    """Blocks of whole lines. The last line may lack its line end; one that is cut is dropped, and the file torn."""
    yield from lines.blocks()
    if lines.tail and (lines.num_lines == 0 or is_event(lines.tail)):
        yield lines.num_lines + 1, lines.tail + b"\n"
    elif lines.tail:
        lines.is_torn = True
