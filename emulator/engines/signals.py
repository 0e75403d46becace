"""The signals that end a run: noted when they come, and answered by the one loop of the process that started it."""

import contextlib
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from emulator.errors import Interrupted
from emulator.interrupts import ENDING_SIGNALS

Handler = Callable[[int, FrameType | None], Any] | int | None


class SignalWatch:
    """Notes which ending signal arrived first, and wakes a selector; handlers are only set in the main thread."""

    def __init__(self) -> None:
        self.caught: int | None = None
        self._wakeup, self._waker = socket.socketpair()
        self._wakeup.setblocking(False)
        self._waker.setblocking(False)

    def fileno(self) -> int:
        return self._wakeup.fileno()

    def note(self, signum: int, _frame: FrameType | None) -> None:
        self.caught = self.caught or signum

    def check(self) -> None:
        """Raise `Interrupted` where an ending signal has arrived."""
        if self.caught is not None:
            name = signal.Signals(self.caught).name
            raise Interrupted(f"ended by {name} before every wanted file was there", self.caught)

    def drain(self) -> None:
        """Take what woke the selector: it may have been a signal that is none of ours."""
        with contextlib.suppress(BlockingIOError):
            self._wakeup.recv(4096)

    @contextlib.contextmanager
    def installed(self) -> Iterator[None]:
        """For the time of a run, ending signals are noted and nothing else. Once only: it closes what wakes."""
        try:
            if threading.current_thread() is not threading.main_thread():
                yield
                return
            before = self._install()
            wakeup_before = signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
            try:
                yield
            finally:
                signal.set_wakeup_fd(wakeup_before)
                for number, handler in before.items():
                    signal.signal(number, handler)
            if self.caught is not None:
                signal.raise_signal(self.caught)  # too late to end the run, which is no reason to swallow it
        finally:
            self._wakeup.close()
            self._waker.close()

    def _install(self) -> dict[int, Handler]:
        """Set the handlers; returns those that were there before."""
        handlers: dict[int, Handler] = {}
        for number in ENDING_SIGNALS:
            # One that ignores, such as nohup's, is left alone; one that is not Python's could not be put back.
            if signal.getsignal(number) not in (signal.SIG_IGN, None):
                handlers[number] = self.note
        if signal.getsignal(signal.SIGCHLD) is signal.SIG_IGN:
            # Else the system reaps the workers itself, and nobody is told how they ended.
            handlers[signal.SIGCHLD] = signal.SIG_DFL
        return {number: signal.signal(number, handler) for number, handler in handlers.items()}

    @contextlib.contextmanager
    def blocked(self) -> Iterator[None]:
        """No signal is delivered while processes are being started; workers unblock for themselves."""
        before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING_SIGNALS)
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
