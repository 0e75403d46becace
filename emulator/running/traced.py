"""A trace that is read when its run has ended: by the checker, or to record what there was to see."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from emulator.errors import InputError
from emulator.interrupts import raised
from emulator.writing import temporary_folder


@contextmanager
def trace_to_read(trace: Path | None, *, is_read: bool) -> Iterator[Path | None]:
    """Where a run is traced to, or None. A run that is read but has no trace gets one, removed after the `with` block.

    Raises `InputError` for a trace that cannot be read again, such as a pipe.
    """
    if trace is not None:
        if is_read and os.path.exists(trace) and not os.path.isfile(trace) and not os.path.isdir(trace):
            raise InputError([f"{trace}: not a regular file, so it cannot be checked; choose another --trace"])
        yield trace
    elif is_read:
        with raised(""), temporary_folder() as folder:
            yield folder / "trace.jsonl"
    else:
        yield None
