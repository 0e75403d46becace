"""The signals that end a program: held back for a moment, or raised as errors that say what they interrupted."""

import contextlib
import signal
from collections.abc import Callable, Iterator
from types import FrameType

from emulator.errors import Interrupted

ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def held_back() -> Iterator[Callable[[], bool]]:
    """Block the ending signals inside the `with` block; they take effect at its end.

    The block is given a function that says whether one of them is waiting.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING_SIGNALS)
    # The system also keeps a signal that this process ignores, because a handler could still be set.
    heeded = {signum for signum in ENDING_SIGNALS if signal.getsignal(signum) is not signal.SIG_IGN}
    try:
        yield lambda: bool(signal.sigpending() & heeded)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def raised(what: str) -> Iterator[None]:
    """Raise `Interrupted` where an ending signal comes inside the `with` block, which can then tidy up.

    `what` tells in the error what it interrupted, such as `the trace was checked`; it may be empty. A signal that this
    process ignores stays ignored. Outside the main thread, which alone may set handlers, nothing changes.
    """

    def stop(signum: int, _frame: FrameType | None) -> None:
        raise Interrupted(f"ended by {signal.Signals(signum).name}{what and f' while {what}'}", signum)

    before = {}
    with contextlib.suppress(ValueError):
        for signum in ENDING_SIGNALS:
            if signal.getsignal(signum) not in (signal.SIG_IGN, None):
                before[signum] = signal.signal(signum, stop)
    try:
        yield
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)
