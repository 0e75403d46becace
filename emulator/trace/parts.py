"""One part of a trace: what one rank, or a few, recorded in a file of their own."""

import itertools
from collections import deque
from pathlib import Path
from typing import NamedTuple

from emulator.errors import InputError
from emulator.protocol.events import AnyEvent
from emulator.trace.decoding import AFTER_END, MAX_CLIENTS, decode_block, decode_header, is_event
from emulator.trace.format import Header, Stamp, TraceEnded
from emulator.trace.lines import BLOCK_BYTES, Lines
from emulator.trace.reader import whole_lines
from emulator.trace.sources import open_source

MIN_BLOCK_BYTES = 1 << 14


class Recorded(NamedTuple):
    """One event of a part, with its line."""

    number: int
    stamp: Stamp
    event: AnyEvent
    line: bytes


class Part:
    """A part that is read event by event; `head` is the next one. Its header may be missing, and so may its end."""

    def __init__(self, path: Path, num_parts: int) -> None:
        """Raises `InputError` where the part cannot be read or a line is no event."""
        source = open_source(path)
        self.name = source.name
        self.header: Header | None = None
        self.end: TraceEnded | None = None
        self._lines = Lines(source, max(MIN_BLOCK_BYTES, BLOCK_BYTES // num_parts))
        self._blocks = whole_lines(self._lines)
        self._waiting: deque[Recorded] = deque()
        self.head: Recorded | None = None
        try:
            _, first = next(self._blocks, (1, b""))
            line, _, rest = first.partition(b"\n")
            if is_event(line):
                self._decode(1, first)
            elif first:  # a rank may have died before it wrote anything
                self.header = decode_header(self._lines, line)
                self._decode(2, rest)
            self.advance()
        except InputError:
            self.close()
            raise

    @property
    def is_torn(self) -> bool:
        """Whether it ended in the middle of a line, or of its compression."""
        return self._lines.is_torn

    def close(self) -> None:
        self._lines.close()

    def place(self, number: int) -> str:
        return f"{self.name}:{number}"

    def advance(self) -> None:
        """Go on to the next event; `head` is None at the end."""
        while not self._waiting and (block := next(self._blocks, None)) is not None:
            self._decode(*block)
        self.head = self._waiting.popleft() if self._waiting else None

    def _decode(self, first: int, block: bytes) -> None:
        if not block:
            return
        if self.end is not None:
            raise self._lines.problem(first, AFTER_END)
        num_clients = self.header.clients if self.header else MAX_CLIENTS
        stamps, events, self.end = decode_block(self._lines, first, block, num_clients)
        lines = block.split(b"\n")
        self._waiting.extend(map(Recorded, itertools.count(first), stamps, events, lines))
