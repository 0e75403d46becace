"""A trace's file as blocks of whole lines, compressed or not, in bounded memory."""

import gzip
import io
import zlib
from collections.abc import Collection, Iterator

from emulator.errors import InputError
from emulator.trace.sources import TraceSource

BLOCK_BYTES = 1 << 20
MAX_LINE_BYTES = 1 << 27
"""Room for the hashes of four million segments in one message."""
MAX_QUOTE = 240
GZIP_MAGIC = b"\x1f\x8b"


class Lines:
    """The lines of one source, to be read once."""

    def __init__(self, source: TraceSource, block_bytes: int | None = None) -> None:
        """Raises `InputError` where the source cannot be opened."""
        self.source = source
        self.is_torn = False
        """Whether the file ends in the middle of its compression."""
        self.num_lines = 0
        """Whole lines read so far."""
        self.tail = b""
        """What follows the last line end, once all lines are read."""
        self._block_bytes = block_bytes or BLOCK_BYTES
        self._min_bytes = source.min_block_bytes or self._block_bytes
        self._raw = source.open()
        try:
            is_compressed = self._raw.peek(len(GZIP_MAGIC)).startswith(GZIP_MAGIC)
        except OSError as error:
            raise self.problem(1, f"cannot be read ({error.strerror})") from error
        self._file: io.BufferedReader | gzip.GzipFile = gzip.GzipFile(fileobj=self._raw) if is_compressed else self._raw

    def close(self) -> None:
        self._file.close()
        self._raw.close()

    def problem(self, line: int, text: str) -> InputError:
        """The error for a line that cannot be read."""
        return InputError([f"{self.source.place(line)}: {text}; see docs/trace-format.md"])

    def blocks(self) -> Iterator[tuple[int, bytes]]:
        """Blocks of whole lines, each with the number of its first line. What follows the last line end is the tail.

        Raises `InputError` for a line that is too long and for a file that cannot be read.
        """
        pieces: list[bytes] = []
        """The line begun so far. Joining it again for each block would take the square of its length."""
        num_bytes = 0
        while block := self._read_block():
            whole, newline, tail = block.rpartition(b"\n")
            if not newline:
                pieces.append(tail)
                num_bytes += len(tail)
                if num_bytes > MAX_LINE_BYTES:
                    raise self.problem(self.num_lines + 1, f"a line of more than {MAX_LINE_BYTES} bytes")
                continue
            whole = b"".join((*pieces, whole, newline))
            pieces, num_bytes = [tail], len(tail)
            first = self.num_lines + 1
            self.num_lines += whole.count(b"\n")
            yield first, whole
        self.tail = b"".join(pieces)

    def _read_block(self) -> bytes:
        """About a block; less only before the end, and then empty. What comes before a tear is kept."""
        parts: list[bytes] = []
        num_bytes = 0
        try:
            while num_bytes < self._min_bytes and (part := self._file.read1(self._block_bytes)):
                parts.append(part)
                num_bytes += len(part)
        except EOFError:
            self.is_torn = True
        except zlib.error as error:
            raise self.problem(self.num_lines + 1, f"cannot be read (damaged: {error})") from error
        except OSError as error:
            raise self.problem(
                self.num_lines + 1, f"cannot be read ({error.strerror or f'damaged: {error}'})"
            ) from error
        return b"".join(parts)


def quote_lines(source: TraceSource, numbers: Collection[int]) -> dict[int, str]:
    """The text of a trace's lines by their numbers, long ones cut."""
    quoted: dict[int, str] = {}
    if not numbers:
        return quoted
    waiting = sorted(numbers, reverse=True)
    lines = Lines(source)
    try:
        for first, block in lines.blocks():
            if not waiting:
                break
            if waiting[-1] < first + block.count(b"\n"):
                _quote(first, block, waiting, quoted)
        else:
            _quote(lines.num_lines + 1, lines.tail, waiting, quoted)
    finally:
        lines.close()
    return quoted


def _quote(first: int, block: bytes, waiting: list[int], quoted: dict[int, str]) -> None:
    """Quote the lines of this block that are waiting; the list is in falling order."""
    lines = block.removesuffix(b"\n").split(b"\n")
    while waiting and waiting[-1] < first + len(lines):
        number = waiting.pop()
        quoted[number] = lines[number - first][:MAX_QUOTE].decode(errors="replace").rstrip()
