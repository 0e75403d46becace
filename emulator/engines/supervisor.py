"""The parent's one loop: it waits for ends, events and signals at once, and never for a time to pass.

A worker's end is seen on its sentinel, at once and for certain, however slow or stopped it was before.
"""

import contextlib
import select
import selectors
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from multiprocessing.context import ForkProcess, SpawnProcess
from types import FrameType
from typing import Any

import msgspec

from emulator.engines.wiring import Wiring
from emulator.engines.worker import ENDING_SIGNALS
from emulator.errors import Interrupted, RunTimedOut, WorkerDied, WorkerFailed
from emulator.protocol.events import ThreadEnded, ThreadFailed
from emulator.protocol.messages import TRACKER
from emulator.trace.records import Batch, Observer
from emulator.trace.writer import TraceWriter

Process = ForkProcess | SpawnProcess
Handler = Callable[[int, FrameType | None], Any] | int | None

LONGEST_HEARING_S = 0.5
"""How long a run that has failed waits for everybody to tell what led to it."""
BATCHES_A_TURN = 256
"""Taken at once: no stream of events may keep the loop from signals, ends and the screen."""


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
        self._ended_well: set[int] = set()
        """Ranks whose main function has returned."""
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
            try:
                self._loop(selector)
            except OSError:
                self._signals.check()  # a terminal that was hung up cannot be drawn on: the signal says more
                raise
            finally:
                self._board.close()

    def _loop(self, selector: selectors.BaseSelector) -> None:
        ticks_s = time.monotonic()
        while self._processes:
            ready = selector.select(self._longest_wait_s(ticks_s))
            self._check_limits()
            self._take_some_events()
            for key, _ in ready:
                if key.fd == self._signals.fileno():
                    self._signals.drain()
                elif key.data is not None:
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
        self._signals.check()
        if self._ends_s is not None and time.monotonic() >= self._ends_s:
            raise RunTimedOut(f"the time limit was reached; still running: {self._still_running()}")

    def _take_some_events(self) -> None:
        for _ in range(BATCHES_A_TURN):
            if not self._take_batch():
                return

    def _take_batch(self) -> bool:
        """Take one batch of events; False where none is here."""
        data = self._events.get_nowait()
        if data is None:
            return False
        batch = self._decode(data)
        if self._trace is not None:
            self._trace.add(batch)
        self._observer.observe(batch.records)
        for record in batch.records:
            match record.event:
                case ThreadFailed(error, text):
                    self._hear_out(record.time_s)
                    where = f"{name_of(record.rank)} failed in its {record.thread} thread at {record.step}"
                    raise WorkerFailed(f"{where}: {error}", text)
                case ThreadEnded() if record.thread == "main":
                    self._ended_well.add(record.rank)
        return True

    def _hear_out(self, failed_s: float) -> None:
        """For a trace: let everybody tell what led to a failure. One that is stopped is not waited for long."""
        if self._trace is None:
            return
        readable = select.poll()
        readable.register(self._events.fileno(), select.POLLIN)
        ends_s = time.monotonic() + LONGEST_HEARING_S
        while not self._trace.has_all_before(failed_s) and (left_s := ends_s - time.monotonic()) > 0:
            readable.poll(left_s * 1000)
            if (data := self._events.get_nowait()) is not None:
                batch = self._decode(data)
                self._trace.add(batch)
                self._observer.observe(batch.records)

    def _take_end(self, rank: int) -> None:
        process = self._processes.pop(rank)
        process.join()
        if process.exitcode != 0:
            # Nobody may add to the events while all of them are taken, or that might have no end.
            kill_all(self._processes)
        while self._take_batch():
            pass  # what it told last: an exception says more than an exit status
        if process.exitcode != 0 or rank not in self._ended_well:
            how = _describe_end(process.exitcode or 0)
            raise WorkerDied(f"{name_of(rank)} (process {process.pid}) {how}; {self._where(rank)}")
        if self._trace is not None:
            self._trace.forget(rank)

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


def _describe_end(exitcode: int) -> str:
    if exitcode >= 0:
        return f"ended with status {exitcode}"
    try:
        return f"was killed by {signal.Signals(-exitcode).name}"
    except ValueError:  # a real-time signal has no name
        return f"was killed by signal {-exitcode}"


def kill_all(processes: Mapping[int, Process]) -> None:
    """Kill every worker that is left. SIGKILL also ends one that is stopped."""
    for process in processes.values():
        if process.exitcode is None:
            process.kill()


def end_all(processes: Mapping[int, Process]) -> None:
    """Kill and reap every worker that is left."""
    kill_all(processes)
    for process in processes.values():
        process.join()
        process.close()
