"""Writing a trace while a run lasts: merges the events of all processes in bounded memory.

All processes share one clock (`CLOCK_MONOTONIC`). They stamp a message before they send it and after they receive it,
so sorting by time keeps causes before effects and each process's own order. Every batch says up to which time its
process has sent everything; whatever is older than that for all processes can be written.
"""

import contextlib
from bisect import bisect_left
from operator import itemgetter
from pathlib import Path
from typing import IO, Literal

from emulator.errors import InputError, RunError
from emulator.trace.format import Header, encode, encode_end
from emulator.trace.records import Batch
from emulator.writing import open_stream

MERGE_AT = 4_096
"""Lines to gather before the next merge."""
MERGE_EVERY_S = 0.25
"""A slow run is merged now and then, too, so that a reader can follow it."""
GZIP_LEVEL = 3
_by_time = itemgetter(0)


def open_for_writing(path: Path) -> IO[bytes]:
    """A new file; compressed where its name ends in `.gz`. Raises `InputError` where it cannot be written."""
    try:
        return open_stream(path, "name", gzip_level=GZIP_LEVEL if path.suffix == ".gz" else None)
    except OSError as error:
        raise InputError([f"{path}: cannot be written ({error.strerror}); choose another name"]) from error


class TraceWriter:
    """Merges the batches of ranks 0 … N into one trace."""

    def __init__(self, path: Path, header: Header) -> None:
        """Raises `InputError` where `path` cannot be written; the other methods raise `RunError`."""
        self._path = path
        self._file = open_for_writing(path)
        self._told_s = dict.fromkeys(range(header.clients + 1), 0.0)
        """For each running rank, the time up to which it has sent everything."""
        self._waiting: list[tuple[float, bytes]] = []
        self._merge_at = MERGE_AT
        self._merge_at_s = MERGE_EVERY_S
        self._latest_s = 0.0
        self._put(encode(header) + b"\n")
        self._flush()  # a run that is killed at once leaves a trace, too

    def add(self, batch: Batch) -> None:
        self._waiting += zip(batch.times_s, batch.lines.split(b"\n"), strict=False)
        if batch.rank in self._told_s:
            self._told_s[batch.rank] = batch.told_s
        if len(self._waiting) >= self._merge_at or batch.told_s >= self._merge_at_s:
            self._merge()

    def append(self, lines: list[bytes]) -> None:
        """Write lines that are in order and later than everything added before."""
        self._merge()
        self._put(b"\n".join(lines) + b"\n")

    def forget(self, rank: int) -> None:
        """This rank has ended, and all its batches have been added."""
        self._told_s.pop(rank, None)

    def remember(self, rank: int, now_s: float) -> None:
        """This rank is restarted after it had ended."""
        self._told_s[rank] = now_s

    def has_all_before(self, time_s: float) -> bool:
        """Whether all running ranks have sent everything up to this time."""
        return all(told_s > time_s for told_s in self._told_s.values())

    def _merge(self) -> None:
        """Write what is older than the time up to which all ranks have sent everything."""
        told_s = min(self._told_s.values(), default=float("inf"))
        # The sort is stable: two events of a process keep their order where a coarse clock gives them the same time.
        self._waiting.sort(key=_by_time)
        num_ready = bisect_left(self._waiting, told_s, key=_by_time)
        self._write(self._waiting[:num_ready])
        del self._waiting[:num_ready]
        # While one rank is late, each batch of the others must not sort everything again.
        self._merge_at = MERGE_AT + 2 * len(self._waiting)
        self._merge_at_s = max(self._told_s.values(), default=self._merge_at_s) + MERGE_EVERY_S

    def _write(self, lines: list[tuple[float, bytes]]) -> None:
        if lines:
            self._latest_s = lines[-1][0]
            self._put(b"\n".join([line for _, line in lines]) + b"\n")
            self._flush()

    def close(self, outcome: Literal["complete", "cut"], reason: str = "") -> None:
        """Write the last line. A trace that is cut leaves out what came after a rank's silence."""
        if self._file.closed:  # a write has failed, and raised
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
