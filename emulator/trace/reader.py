"""Reading a trace, whoever wrote it: checked line by line, in bounded memory."""

import gzip
import io
import itertools
import stat
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple, Self

import msgspec

from emulator.errors import InputError
from emulator.protocol.events import AnyEvent
from emulator.trace.format import FORMAT, VERSION, AnyLine, Header, Stamp, TraceEnded

BLOCK_BYTES = 1 << 20
LONGEST_LINE_BYTES = 1 << 27
"""Room for the hashes of four million segments, in one message."""
LONGEST_QUOTE = 240
MAX_CLIENTS = 1_000_000
GZIP_MAGIC = b"\x1f\x8b"
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
    """An open trace: its header, its events one after the other, and, when they have been read, how it ended.

    It closes itself when all is read, when something is wrong with it, and as a context manager.
    """

    def __init__(self, path: Path) -> None:
        """Raises `InputError` where the file cannot be read or does not begin as a trace does."""
        self.path = path
        self.end: TraceEnded | None = None
        """The last line; None until it was read, and for a trace that was cut without one."""
        self.is_torn = False
        """Whether the file ends in the middle of a line, or of its compression."""
        self._num_lines = 0
        """Whole lines read so far."""
        self._file = _open(path)
        self._blocks = self._read_lines()
        try:
            _, first = next(self._blocks, (1, b""))
            line, _, self._rest = first.partition(b"\n")
            self.header = self._parse_header(line)
        except InputError:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def _parse_header(self, line: bytes) -> Header:
        try:
            header = _decode_header(line)
        except UNREADABLE as error:
            raise self._problem(1, f"not the header of a trace ({_cut(error)})") from None
        if header.version != VERSION:
            raise self._problem(1, f"version {header.version} of {FORMAT}; this program reads version {VERSION}")
        numwant = 1 if header.numwant is None else header.numwant
        if not 1 <= header.clients <= MAX_CLIENTS or header.quota < 1 or numwant < 1:
            raise self._problem(1, f"clients, quota and numwant are numbers from 1 on, clients up to {MAX_CLIENTS:,}")
        return header

    def _problem(self, line: int, text: str) -> InputError:
        return InputError([f"{self.path}:{line}: {text}; see docs/trace-format.md"])

    def __iter__(self) -> Iterator[tuple[int, list[Stamp], list[AnyEvent]]]:
        """Blocks of events: the number of the first one's line, then stamps and events of consecutive lines.

        Raises `InputError` for a line that is no event. Can be done once.
        """
        with self:
            yield from self._parse(2, self._rest)
            for first, block in self._blocks:
                yield from self._parse(first, block)
        if self.end is not None and self.is_torn:
            raise self._problem(self._num_lines + 1, AFTER_END)

    def entries(self) -> Iterator[Entry]:
        """Event by event, for those who are in no hurry."""
        for first, stamps, events in self:
            for line, (stamp, event) in enumerate(zip(stamps, events, strict=True), first):
                yield Entry(line, stamp, event)

    def _parse(self, first: int, block: bytes) -> Iterator[tuple[int, list[Stamp], list[AnyEvent]]]:
        if not block:
            return
        if self.end is not None:
            raise self._problem(first, AFTER_END)
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
        lines = block.removesuffix(b"\n").split(b"\n")
        for number, line in enumerate(lines, first):
            if not line.strip():
                raise self._problem(number, "a blank line; each line is an event")
            try:
                stamp, event = _stamps.decode(line), _events.decode(line)
            except UNREADABLE as error:
                raise self._problem(number, f"not an event ({_cut(error)})") from None
            if not 0 <= stamp.rank <= self.header.clients:
                raise self._problem(
                    number, f"rank {stamp.rank!r:.20}, where the header says {self.header.clients} clients"
                )
            if isinstance(event, TraceEnded) and number < first + len(lines) - 1:
                raise self._problem(number + 1, AFTER_END)

    def _read_lines(self) -> Iterator[tuple[int, bytes]]:
        """Blocks of whole lines, each with the number of its first line. What follows the last line end is torn."""
        begun: list[bytes] = []
        """A line so far, in pieces: to put them together each time would take the square of its length."""
        num_bytes = 0
        while block := self._read_block():
            whole, newline, tail = block.rpartition(b"\n")
            if not newline:
                begun.append(tail)
                num_bytes += len(tail)
                if num_bytes > LONGEST_LINE_BYTES:
                    raise self._problem(self._num_lines + 1, f"a line of more than {LONGEST_LINE_BYTES} bytes")
                continue
            whole = b"".join((*begun, whole, newline))
            begun, num_bytes = [tail], len(tail)
            first = self._num_lines + 1
            self._num_lines += whole.count(b"\n")
            yield first, whole
        rest = b"".join(begun)
        if rest and (self._num_lines == 0 or _is_whole(rest)):
            yield self._num_lines + 1, rest + b"\n"
        elif rest:
            self.is_torn = True

    def _read_block(self) -> bytes:
        """About a block; less only before the end, and then empty. What comes before a tear is not lost."""
        parts: list[bytes] = []
        num_bytes = 0
        try:
            while num_bytes < BLOCK_BYTES and (part := self._file.read1(BLOCK_BYTES)):
                parts.append(part)
                num_bytes += len(part)
        except EOFError:
            self.is_torn = True
        except (OSError, zlib.error) as error:
            what = getattr(error, "strerror", None) or f"damaged: {error}"
            raise self._problem(self._num_lines + 1, f"cannot be read ({what})") from error
        return b"".join(parts)


def quote_lines(path: Path, numbers: Collection[int]) -> dict[int, str]:
    """The text of a trace's lines by their numbers, long ones cut."""
    if not numbers:
        return {}
    file, last = _open(path), max(numbers)
    with file:
        return {
            number: line[:LONGEST_QUOTE].decode(errors="replace").rstrip()
            for number, line in enumerate(itertools.islice(file, last), 1)
            if number in numbers
        }


def _cut(error: Exception) -> str:
    """What a decoder says, without the middle of a long word that it quotes."""
    text = str(error)
    return text if len(text) <= LONGEST_QUOTE else f"{text[: LONGEST_QUOTE // 2]}…{text[-LONGEST_QUOTE // 2 :]}"


def _is_whole(line: bytes) -> bool:
    """Whether this is an object to its end: whoever writes a trace may leave out the last line's end."""
    try:
        _stamps.decode(line)
    except UNREADABLE:
        return False
    return True


def _is_end(event: AnyLine) -> bool:
    return isinstance(event, TraceEnded)


def _open(path: Path) -> io.BufferedReader | gzip.GzipFile:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise InputError([f"{path}: not a regular file; give a trace"])
        with path.open("rb") as file:
            is_compressed = file.read(len(GZIP_MAGIC)) == GZIP_MAGIC
        return gzip.open(path, "rb") if is_compressed else path.open("rb")
    except OSError as error:
        raise InputError([f"{path}: cannot be read ({error.strerror}); give a trace"]) from error
