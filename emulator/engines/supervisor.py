"""The parent's one loop: it waits for ends, events and signals at once, and never for a time to pass.

A worker's end is seen on its sentinel, at once and for certain, however slow or stopped it was before.
"""

import contextlib
import os
import selectors
import signal
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from multiprocessing.context import ForkProcess, SpawnProcess
from types import FrameType

import msgspec

from emulator.engines.wiring import Wiring
from emulator.engines.worker import ENDING_SIGNALS
from emulator.errors import Interrupted, RunTimedOut, WorkerDied, WorkerFailed
from emulator.protocol.events import ThreadFailed
from emulator.protocol.messages import TRACKER
from emulator.trace.records import Batch, Observer
from emulator.trace.writer import TraceWriter

Process = ForkProcess | SpawnProcess


class SignalWatch:
    """Notes which ending signal arrived first, and wakes a selector; handlers are only set in the main thread."""

    def __init__(self) -> None:
        self.caught: int | None = None
        self._wakeup, self._waker = socket.socketpair()
        self._waker.setblocking(False)

    def fileno(self) -> int:
        return self._wakeup.fileno()

    def note(self, signum: int, _frame: FrameType | None) -> None:
        self.caught = self.caught or signum

    @contextlib.contextmanager
    def installed(self) -> Iterator[None]:
        """For the time of a run, ending signals are noted and nothing else."""
        if threading.current_thread() is not threading.main_thread():
            with self._wakeup, self._waker:
                yield
            return
        # A handler that ignores, such as nohup's, is left alone.
        numbers = [number for number in ENDING_SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
        before = {number: signal.signal(number, self.note) for number in numbers}
        wakeup_before = signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(wakeup_before)
            for number, handler in before.items():
                signal.signal(number, handler)
            self._wakeup.close()
            self._waker.close()

    @contextlib.contextmanager
    def blocked(self) -> Iterator[None]:
        """No signal is delivered while processes are being started; workers unblock for themselves."""
        before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING_SIGNALS)
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Supervisor:
    """Watches the workers of one run until all have ended well; raises a `RunError` where that will not happen."""

    def __init__(
        self,
        processes: Mapping[int, Process],
        wiring: Wiring,
        signals: SignalWatch,
        observer: Observer,
        ends_s: float | None,
        trace: TraceWriter | None,
    ) -> None:
        """`ends_s` is the `time.monotonic()` at which the run is given up."""
        self._processes = dict(processes)
        self._events = wiring.events()
        self._board = wiring.board()
        self._signals = signals
        self._observer = observer
        self._ends_s = ends_s
        self._trace = trace
        self._decode = msgspec.msgpack.Decoder(Batch).decode

    def watch(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._signals.fileno(), selectors.EVENT_READ)
            selector.register(self._events.fileno(), selectors.EVENT_READ)
            for rank, process in self._processes.items():
                selector.register(process.sentinel, selectors.EVENT_READ, rank)
            self._loop(selector)
        self._take_events()

    def _loop(self, selector: selectors.BaseSelector) -> None:
        ticks_s = time.monotonic()
        while self._processes:
            ready = selector.select(self._longest_wait_s(ticks_s))
            self._check_limits()
            self._take_events()
            for key, _ in ready:
                if key.data is not None:
                    self._take_end(key.data)
                    selector.unregister(key.fd)
            if self._observer.interval_s is not None and time.monotonic() >= ticks_s:
                self._observer.tick()
                ticks_s = time.monotonic() + self._observer.interval_s

    def _longest_wait_s(self, ticks_s: float) -> float | None:
        times = [ticks_s] if self._observer.interval_s is not None else []
        times += [self._ends_s] if self._ends_s is not None else []
        return max(0.0, min(times) - time.monotonic()) if times else None

    def _check_limits(self) -> None:
        if self._signals.caught is not None:
            name = signal.Signals(self._signals.caught).name
            raise Interrupted(f"ended by {name} before every wanted file was there", self._signals.caught)
        if self._ends_s is not None and time.monotonic() >= self._ends_s:
            raise RunTimedOut(f"the time limit was reached; still running: {self._still_running()}")

    def _take_events(self) -> None:
        while (data := self._events.get_nowait()) is not None:
            batch = self._decode(data)
            if self._trace is not None:
                self._trace.add(batch)
            self._observer.observe(batch.records)
            for record in batch.records:
                if isinstance(record.event, ThreadFailed):
                    thread, step, event = record.thread, record.step, record.event
                    text = f"{name_of(record.rank)} failed in its {thread} thread at {step}: {event.error}"
                    raise WorkerFailed(text, event.traceback)

    def _take_end(self, rank: int) -> None:
        process = self._processes.pop(rank)
        process.join()
        self._take_events()  # what it told last; an exception says more than an exit status
        if self._trace is not None:
            self._trace.forget(rank)
        if process.exitcode != 0:
            code = process.exitcode or 0
            how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with status {code}"
            raise WorkerDied(f"{name_of(rank)} (process {process.pid}) {how}; {self._where(rank)}")

    def _where(self, rank: int) -> str:
        steps = self._board.read(rank)
        places = [f"{thread} thread at {step}" for thread, step in steps.items() if thread != "main" or len(steps) == 1]
        return ", ".join(places) or "it had not begun"

    def _still_running(self) -> str:
        shown = [f"{name_of(rank)} ({self._where(rank)})" for rank in list(self._processes)[:3]]
        num_more = len(self._processes) - len(shown)
        return ", ".join(shown) + (f" and {num_more} more" if num_more else "")


def name_of(rank: int) -> str:
    return "the tracker" if rank == TRACKER else f"client {rank}"


def end_all(processes: Mapping[int, Process]) -> None:
    """Kill and reap every worker that is left. SIGKILL also ends one that is stopped."""
    for process in processes.values():
        if process.exitcode is None and process.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
    for process in processes.values():
        process.join()
        process.close()
