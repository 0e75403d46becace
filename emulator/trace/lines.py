"""A trace's file as blocks of whole lines, compressed or not, in bounded memory."""

import gzip
import io
import itertools
import stat
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path

from emulator.errors import InputError

BLOCK_BYTES = 1 << 20
MAX_LINE_BYTES = 1 << 27
"""Room for the hashes of four million segments in one message."""
MAX_QUOTE = 240
GZIP_MAGIC = b"\x1f\x8b"


class Lines:
    """The lines of one file, to be read once."""

    def __init__(self, path: Path) -> None:
        """Raises `InputError` where the file cannot be opened."""
        self.path = path
        self.is_torn = False
        """Whether the file ends in the middle of its compression."""
        self.num_lines = 0
        """Whole lines read so far."""
        self.tail = b""
        """What follows the last line end, once all lines are read."""
        self._file = _open(path)

    def close(self) -> None:
        self._file.close()

    def problem(self, line: int, text: str) -> InputError:
        """The error for a line that cannot be read."""
        return InputError([f"{self.path}:{line}: {text}; see docs/trace-format.md"])

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
            while num_bytes < BLOCK_BYTES and (part := self._file.read1(BLOCK_BYTES)):
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


def quote_lines(path: Path, numbers: Collection[int]) -> dict[int, str]:
    """The text of a trace's lines by their numbers, long ones cut."""
    if not numbers:
        return {}
    with _open(path) as file:
        return {
            number: line[:MAX_QUOTE].decode(errors="replace").rstrip()
            for number, line in enumerate(itertools.islice(file, max(numbers)), 1)
            if number in numbers
        }


def _open(path: Path) -> io.BufferedReader | gzip.GzipFile:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise InputError([f"{path}: not a regular file; give a trace"])
        with path.open("rb") as file:
            is_compressed = file.read(len(GZIP_MAGIC)) == GZIP_MAGIC
        return gzip.open(path, "rb") if is_compressed else path.open("rb")
    except OSError as error:
        raise InputError([f"{path}: cannot be read ({error.strerror}); give a trace"]) from error
