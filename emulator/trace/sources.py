"""Where a trace is read from: a file, standard input, or several parts merged into one."""

import io
import os
import stat
import sys
import tempfile
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from emulator.errors import EmulatorError, InputError

STDIN = "-"
PIPES = ("/dev/stdin", "/dev/fd/", "/proc/self/fd/")
"""Names of what may be a pipe and is read all the same: the caller has named it on purpose."""
COPY_BYTES = 1 << 20


class TraceSource:
    """A file that can be read from its beginning, as often as needed."""

    shifts: Mapping[int, float] = {}
    """Seconds to add to the times of a rank, where ranks have clocks of their own."""
    notes: Sequence[str] = ()
    """What a person should know about how the parts fit together."""

    min_block_bytes: int | None = None
    """How much is read before it is passed on; None for as much as is quick. A file that grows has little at a time."""

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self._path = path

    def open(self) -> io.BufferedReader:
        """Raises `InputError` where the file cannot be read."""
        try:
            if not stat.S_ISREG(self._path.stat().st_mode):
                raise InputError([f"{self.name}: not a regular file; give a trace"])
            return self._path.open("rb")
        except OSError as error:
            raise InputError([f"{self.name}: cannot be read ({error.strerror}); give a trace"]) from error

    def place(self, line: int) -> str:
        """Where a line of the trace stands, for a person: `run.jsonl:17`."""
        return f"{self.name}:{line}"

    def label(self, line: int) -> str:  # noqa: ARG002
        """What to put before the text of a line whose number is known; the place of the line where that says more."""
        return ""

    def is_file(self, path: Path) -> bool:
        """Whether this is read from that file."""
        return path.exists() and path.samefile(self._path)


class Spool(TraceSource):
    """A trace in an unnamed temporary file, behind a first line that may be written last."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.head = b""
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as this object
        weakref.finalize(self, self._file.close)

    def write(self, data: bytes) -> None:
        """Raises `EmulatorError` where the folder for temporary files is full."""
        try:
            self._file.write(data)
        except OSError as error:
            place = f"{tempfile.gettempdir()} has no room for a copy of the trace ({error.strerror})"
            raise EmulatorError(f"{place}; set TMPDIR to another folder") from error

    def open(self) -> io.BufferedReader:
        self._file.flush()
        return io.BufferedReader(_SpoolReader(self.head, self._file))

    def is_file(self, path: Path) -> bool:  # noqa: ARG002
        return False


class _SpoolReader(io.RawIOBase):
    """Reads a head and then a file, with a position of its own."""

    def __init__(self, head: bytes, file: BinaryIO) -> None:
        self._head = head
        self._file = file
        self._position = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        size = len(buffer)
        if self._position < len(self._head):
            data = self._head[self._position : self._position + size]
        else:
            data = os.pread(self._file.fileno(), size, self._position - len(self._head))
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)


def open_source(path: Path) -> TraceSource:
    """A file, or a copy of what standard input or another pipe has to say."""
    if str(path) != STDIN and not (str(path).startswith(PIPES) and not path.is_file()):
        return TraceSource(path)
    spool = Spool("stdin" if str(path) in (STDIN, "/dev/stdin") else str(path))
    try:
        with open(sys.stdin.fileno() if str(path) == STDIN else path, "rb", closefd=str(path) != STDIN) as pipe:
            while data := pipe.read(COPY_BYTES):
                spool.write(data)
    except (OSError, ValueError) as error:
        raise InputError([f"{spool.name}: cannot be read ({error}); give a trace"]) from error
    return spool
