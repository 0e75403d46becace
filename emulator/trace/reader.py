"""Reading a trace, whichever program wrote it: checked line by line, in bounded memory."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Self

import msgspec

from emulator.errors import InputError
from emulator.protocol.events import AnyEvent
from emulator.trace.format import FORMAT, VERSION, AnyLine, Header, Stamp, TraceEnded
from emulator.trace.lines import MAX_QUOTE, Lines

MAX_CLIENTS = 1_000_000
AFTER_END = "a line after the end of the trace"
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What a line can make a decoder raise."""

_decode_header = msgspec.json.Decoder(Header).decode
_stamps = msgspec.json.Decoder(Stamp)
_events = msgspec.json.Decoder(AnyLine)


class Entry(NamedTuple):
    """One event of a trace, with the number of its line."""

    line: int
    stamp: Stamp
    event: AnyEvent


class Trace:
    """An open trace: its header, its events one after the other, and, once they are read, how it ended.

    It closes itself at its end, at a problem, and as a context manager.
    """

    def __init__(self, path: Path) -> None:
        """Raises `InputError` where the file cannot be read or does not begin as a trace does."""
        self.path = path
        self.end: TraceEnded | None = None
        """The last line; None until it is read, and for a trace that was cut without one."""
        self.is_torn = False
        """Whether the file ends in the middle of a line, or of its compression."""
        self._lines = Lines(path)
        self._blocks = self._read_blocks()
        try:
            _, first = next(self._blocks, (1, b""))
            line, _, self._rest = first.partition(b"\n")
            self.header = self._parse_header(line)
        except InputError:
            self._lines.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._lines.close()

    def _parse_header(self, line: bytes) -> Header:
        problem = self._lines.problem
        try:
            header = _decode_header(line)
        except UNREADABLE as error:
            raise problem(1, f"not the header of a trace ({_cut(error)})") from None
        if header.version != VERSION:
            raise problem(1, f"version {header.version} of {FORMAT}; this program reads version {VERSION}")
        numwant = 1 if header.numwant is None else header.numwant
        if not 1 <= header.clients <= MAX_CLIENTS or header.quota < 1 or numwant < 1:
            raise problem(1, f"clients, quota and numwant are numbers from 1 on, clients up to {MAX_CLIENTS:,}")
        return header

    def __iter__(self) -> Iterator[tuple[int, list[Stamp], list[AnyEvent]]]:
        """Blocks of events: the number of the first one's line, then stamps and events of consecutive lines.

        Raises `InputError` for a line that is no event. Can be done once.
        """
        with self:
            yield from self._parse(2, self._rest)
            for first, block in self._blocks:
                yield from self._parse(first, block)
        if self.end is not None and self.is_torn:
            raise self._lines.problem(self._lines.num_lines + 1, AFTER_END)

    def entries(self) -> Iterator[Entry]:
        """Event by event: slower than blocks."""
        for first, stamps, events in self:
            for line, (stamp, event) in enumerate(zip(stamps, events, strict=True), first):
                yield Entry(line, stamp, event)

    def _read_blocks(self) -> Iterator[tuple[int, bytes]]:
        """Blocks of whole lines. The last one may lack its line end; a line that is cut is dropped."""
        yield from self._lines.blocks()
        tail, num_lines = self._lines.tail, self._lines.num_lines
        if tail and (num_lines == 0 or _is_whole(tail)):
            yield num_lines + 1, tail + b"\n"
            self.is_torn = self._lines.is_torn
        else:
            self.is_torn = self._lines.is_torn or bool(tail)

    def _parse(self, first: int, block: bytes) -> Iterator[tuple[int, list[Stamp], list[AnyEvent]]]:
        if not block:
            return
        if self.end is not None:
            raise self._lines.problem(first, AFTER_END)
        try:
            stamps = _stamps.decode_lines(block)
            events = _events.decode_lines(block)
        except UNREADABLE:
            self._find_problem(first, block)
            raise
        if len(events) != block.count(b"\n"):  # a line may be blank, or hold two
            self._find_problem(first, block)
        if isinstance(events[-1], TraceEnded):
            self.end = events.pop()
            stamps.pop()
        size = self.header.clients
        if any(stamp.rank < 0 or stamp.rank > size for stamp in stamps) or any(map(_is_end, events)):
            self._find_problem(first, block)
        yield first, stamps, events

    def _find_problem(self, first: int, block: bytes) -> None:
        """Raise for the first line of a block that is wrong."""
        problem = self._lines.problem
        lines = block.removesuffix(b"\n").split(b"\n")
        for number, line in enumerate(lines, first):
            if not line.strip():
                raise problem(number, "a blank line; each line is an event")
            try:
                stamp, event = _stamps.decode(line), _events.decode(line)
            except UNREADABLE as error:
                raise problem(number, f"not an event ({_cut(error)})") from None
            if not 0 <= stamp.rank <= self.header.clients:
                raise problem(number, f"rank {stamp.rank!r:.20}, where the header says {self.header.clients} clients")
            if isinstance(event, TraceEnded) and number < first + len(lines) - 1:
                raise problem(number + 1, AFTER_END)


def _cut(error: Exception) -> str:
    """What a decoder says, without the middle of a long word that it quotes."""
    text = str(error)
    return text if len(text) <= MAX_QUOTE else f"{text[: MAX_QUOTE // 2]}…{text[-MAX_QUOTE // 2 :]}"


def _is_whole(line: bytes) -> bool:
    """Whether this is an object to its end: a program may leave out the end of the last line."""
    try:
        _stamps.decode(line)
    except UNREADABLE:
        return False
    return True


def _is_end(event: AnyLine) -> bool:
    return isinstance(event, TraceEnded)
