"""A trace that another process is still writing."""

import io
import os
import time
from pathlib import Path

from emulator.errors import InputError
from emulator.trace.sources import TraceSource

POLL_S = 0.1


class GrowingSource(TraceSource):
    """A trace file, there already or not: reading it waits for more until `is_whole` is set."""

    min_block_bytes = 1

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.is_whole = False
        """Whether what the file has now is all that will come."""

    def open(self) -> io.BufferedReader:
        while not self._path.exists() and not self.is_whole:
            time.sleep(POLL_S)
        super().open().close()  # says in one line why it cannot be read
        return _Prompt(_Waiting(self._path, self))


class _Prompt(io.BufferedReader):
    """Gives what there is, and does not wait for as much as was asked for."""

    def read(self, size: int | None = -1, /) -> bytes:
        return self.read1(-1 if size is None else size)


class _Waiting(io.RawIOBase):
    """Reads a file to its end, and then whatever is added to it."""

    def __init__(self, path: Path, source: GrowingSource) -> None:
        self._file = path.open("rb", buffering=0)
        self._source = source

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        while True:
            is_whole = self._source.is_whole  # asked before reading: what was written before it is set is read
            num_bytes = self._file.readinto(buffer) or 0
            if num_bytes or is_whole:
                return num_bytes
            if os.fstat(self._file.fileno()).st_size < self._file.tell():
                raise InputError([f"{self._source.name}: another trace has taken its place; serve it again"])
            time.sleep(POLL_S)

    def close(self) -> None:
        self._file.close()
        super().close()
