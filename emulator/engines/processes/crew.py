"""The processes of one run: started, stopped for a while, killed, started again, and none left at the end."""

import contextlib
import gc
import multiprocessing
import multiprocessing.process
import os
import signal
import threading
from collections.abc import Collection, Iterator
from multiprocessing.context import ForkProcess, SpawnProcess

import msgspec

from emulator.engines.processes.plan import WorkerPlan
from emulator.engines.processes.worker import run_worker
from emulator.engines.signals import SignalWatch
from emulator.errors import RunError
from emulator.scenario.options import StartMethod

Process = ForkProcess | SpawnProcess

_REAP = getattr(multiprocessing.process, "_cleanup", None)


class End(msgspec.Struct, frozen=True):
    """How a process has ended."""

    pid: int | None
    status: int
    """Its exit status, or the number of the signal that killed it, negative."""

    @property
    def how(self) -> str:
        if self.status >= 0:
            return f"ended with status {self.status}"
        try:
            return f"was killed by {signal.Signals(-self.status).name}"
        except ValueError:  # a real-time signal has no name
            return f"was killed by signal {-self.status}"


class Crew:
    """The tracker's process and those of the clients, by rank."""

    def __init__(self, method: StartMethod, plan: WorkerPlan, signals: SignalWatch) -> None:
        self.plan = plan
        self.signals = signals
        self._method: StartMethod = method
        self._processes: dict[int, Process] = {}
        """Those that were started, and whose end has not been taken."""

    @property
    def ranks(self) -> Collection[int]:
        """The ranks whose process was started, and whose end has not been taken."""
        return self._processes.keys()

    def sentinel(self, rank: int) -> int:
        """A descriptor that becomes readable when the process of this rank ends."""
        return self._processes[rank].sentinel

    def start_all(self) -> None:
        """Start the tracker and the clients."""
        # A collection in a forked child would write to, and so copy, every page that it shares with its parent.
        gc.freeze()
        try:
            if self._method == "spawn":
                from multiprocessing import resource_tracker

                # Left to the first start, this would unblock signals when it is done (until Python 3.12).
                resource_tracker.ensure_running()
            with _no_reaping():
                for rank in range(self.plan.size):
                    self._start(rank, self._method, 0, is_state_kept=True)
                    self.signals.check()
        except OSError as error:
            text = f"only {len(self._processes)} of {self.plan.size} processes could be started: {error.strerror}"
            # The frames of the failed start would keep its descriptors open.
            raise RunError(text) from error.with_traceback(None)
        finally:
            gc.unfreeze()

    def start_again(self, rank: int, life: int, *, is_state_kept: bool) -> None:
        """A new process for a rank whose old one has been taken."""
        # A view may have started threads since the beginning; who has asked for forks gets them all the same.
        is_safe = threading.active_count() == 1 or self.plan.options.start_method is not None
        method: StartMethod = self._method if is_safe else "spawn"
        try:
            self._start(rank, method, life, is_state_kept=is_state_kept)
        except OSError as error:
            text = f"client {rank} could not be started again: {error.strerror}"
            raise RunError(text) from error.with_traceback(None)

    def _start(self, rank: int, method: StartMethod, life: int, *, is_state_kept: bool) -> None:
        fork, spawn = multiprocessing.get_context("fork"), multiprocessing.get_context("spawn")
        make: type[ForkProcess] | type[SpawnProcess] = fork.Process if method == "fork" else spawn.Process
        arguments = (rank, self.plan, life, is_state_kept)
        process = make(target=run_worker, args=arguments, name=f"rank-{rank}", daemon=True)
        with self.signals.blocked():
            process.start()
        self._processes[rank] = process

    def take_end(self, rank: int) -> End:
        """Reap a process that has ended."""
        process = self._processes.pop(rank)
        process.join()
        end = End(process.pid, process.exitcode or 0)
        process.close()
        return end

    def kill(self, rank: int) -> None:
        self._processes[rank].kill()

    def stop(self, rank: int) -> None:
        self._signal(rank, signal.SIGSTOP)

    def let_go_on(self, rank: int) -> None:
        self._signal(rank, signal.SIGCONT)

    def _signal(self, rank: int, signum: signal.Signals) -> None:
        pid = self._processes[rank].pid
        if pid is not None:
            os.kill(pid, signum)

    def end_all(self) -> None:
        """Kill and reap every process that is left. SIGKILL also ends one that is stopped."""
        for process in self._processes.values():
            if process.exitcode is None:
                process.kill()
        for process in self._processes.values():
            process.join()
            process.close()


@contextlib.contextmanager
def _no_reaping() -> Iterator[None]:
    """Each `Process.start` first asks every child whether it has ended: half a million system calls for a thousand.

    There is no public way to leave that out. Where Python has changed, workers start as slowly as it lets them.
    """
    if _REAP is None:
        yield
        return
    setattr(multiprocessing.process, "_cleanup", lambda: None)  # noqa: B010
    try:
        yield
    finally:
        setattr(multiprocessing.process, "_cleanup", _REAP)  # noqa: B010
