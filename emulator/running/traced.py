"""A trace that is read when its run has ended: by the checker, or to record what there was to see."""

import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from emulator.engines.signals import ENDING_SIGNALS
from emulator.errors import InputError, Interrupted


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
        with _signals_raised(), tempfile.TemporaryDirectory(prefix="emulator-") as folder:
            yield Path(folder) / "trace.jsonl"
    else:
        yield None


@contextmanager
def _signals_raised() -> Iterator[None]:
    """Make an ending signal an exception, so that the folder is removed; a run sets handlers of its own meanwhile."""

    def stop(signum: int, _frame: FrameType | None) -> None:
        raise Interrupted(f"ended by {signal.Signals(signum).name} before the trace was checked", signum)

    before = {}
    with suppress(ValueError):  # only the main thread may set handlers
        for signum in ENDING_SIGNALS:
            if signal.getsignal(signum) not in (signal.SIG_IGN, None):
                before[signum] = signal.signal(signum, stop)
    try:
        yield
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)
