"""Writing a trace while a run lasts: the events of all processes, merged, in bounded memory.

Every process stamps its events with one clock (`CLOCK_MONOTONIC`), a message's sending before it is handed over and
its receipt after it was taken. So the order of time is one in which nothing is received before it was sent, and in
which each process's own order is kept. A process says with every batch up to when it has told everything; what all
have told can be written.
"""

import contextlib
import errno
import os
from bisect import bisect_left
from collections.abc import Iterator
from operator import itemgetter
from pathlib import Path
from typing import IO, Literal, cast

from emulator.errors import InputError, RunError
from emulator.trace.format import Header, encode, encode_end
from emulator.trace.records import Batch

MERGE_AT = 4_096
"""Lines to gather before they are merged again."""
GZIP_LEVEL = 3
_by_time = itemgetter(0)


def open_for_writing(path: Path) -> IO[bytes]:
    """A new file; compressed where its name ends in `.gz`. Raises `InputError` where it cannot be written."""
    try:
        with _not_waiting_for_a_reader(path):
            if path.suffix != ".gz":
                return path.open("wb")
            import gzip

            return cast("IO[bytes]", gzip.open(path, "wb", GZIP_LEVEL))
    except OSError as error:
        raise InputError([f"{path}: cannot be written ({error.strerror}); choose another name"]) from error


@contextlib.contextmanager
def _not_waiting_for_a_reader(path: Path) -> Iterator[None]:
    """To open a pipe takes until somebody reads it, perhaps for ever: refuse one that nobody does."""
    if not path.is_fifo():
        yield
        return
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    except OSError as error:
        if error.errno != errno.ENXIO:
            raise
        problem = f"{path}: a pipe that nobody reads; start its reader first, or choose another name"
        raise InputError([problem]) from None
    try:
        yield
    finally:
        os.close(descriptor)


class TraceWriter:
    """Merges the batches of ranks 0 … N into one trace."""

    def __init__(self, path: Path, header: Header) -> None:
        """Raises `InputError` where `path` cannot be written; the other methods raise `RunError`."""
        self._path = path
        self._file = open_for_writing(path)
        self._told_s = dict.fromkeys(range(header.clients + 1), 0.0)
        """Up to when each rank has told everything; a rank that has ended is not waited for."""
        self._waiting: list[tuple[float, bytes]] = []
        self._merge_at = MERGE_AT
        self._latest_s = 0.0
        self._put(encode(header) + b"\n")
        self._flush()  # whoever is killed now leaves a trace, if an empty one

    def add(self, batch: Batch) -> None:
        self._waiting += zip(batch.times_s, batch.lines.split(b"\n"), strict=False)
        if batch.rank in self._told_s:
            self._told_s[batch.rank] = batch.told_s
        if len(self._waiting) >= self._merge_at:
            self._merge()

    def append(self, lines: list[bytes]) -> None:
        """Write lines that are in order, and after all that was added before."""
        self._merge()
        self._put(b"\n".join(lines) + b"\n")

    def forget(self, rank: int) -> None:
        """This rank has ended, and everything that it told is here."""
        self._told_s.pop(rank, None)

    def remember(self, rank: int, now_s: float) -> None:
        """This rank, which had ended, is started again."""
        self._told_s[rank] = now_s

    def has_all_before(self, time_s: float) -> bool:
        """Whether everybody has told what happened up to then."""
        return all(told_s > time_s for told_s in self._told_s.values())

    def _merge(self) -> None:
        """Write what happened before the time up to which everybody has told."""
        told_s = min(self._told_s.values(), default=float("inf"))
        # A stable sort: where a clock is too coarse to tell two events of a process apart, they keep their order.
        self._waiting.sort(key=_by_time)
        num_ready = bisect_left(self._waiting, told_s, key=_by_time)
        self._write(self._waiting[:num_ready])
        del self._waiting[:num_ready]
        # One that tells late must not make every batch of the others a reason to sort everything again.
        self._merge_at = MERGE_AT + 2 * len(self._waiting)

    def _write(self, lines: list[tuple[float, bytes]]) -> None:
        if lines:
            self._latest_s = lines[-1][0]
            self._put(b"\n".join([line for _, line in lines]) + b"\n")
            self._flush()

    def close(self, outcome: Literal["complete", "cut"], reason: str = "") -> None:
        """Write how it ended. What somebody may have missed to tell is not in a trace that is cut."""
        if self._file.closed:  # since a write has failed, and that was told
            return
        self._merge()
        self._waiting.clear()
        self._put(encode_end(outcome, reason, self._latest_s) + b"\n")
        try:
            self._file.close()
        except OSError as error:
            raise self._failure(error) from error

    def _put(self, data: bytes) -> None:
        try:
            self._file.write(data)
        except OSError as error:
            raise self._failure(error) from error

    def _flush(self) -> None:
        try:
            self._file.flush()
        except OSError as error:
            raise self._failure(error) from error

    def _failure(self, error: OSError) -> RunError:
        with contextlib.suppress(OSError):
            self._file.close()
        return RunError(f"the trace {self._path} cannot be written ({error.strerror}); give it more room, or none")
