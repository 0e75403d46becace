"""The processes of one run: started, stopped for a while, killed, started again, and none left at the end."""

import contextlib
import gc
import multiprocessing
import multiprocessing.process
import os
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from multiprocessing.context import ForkProcess, SpawnProcess

from emulator.engines.processes.worker import WorkerPlan, run_worker
from emulator.engines.signals import SignalWatch
from emulator.errors import RunError
from emulator.scenario.options import StartMethod

Process = ForkProcess | SpawnProcess

_REAP = getattr(multiprocessing.process, "_cleanup", None)


class Crew:
    """The tracker's process and those of the clients, by rank."""

    def __init__(self, method: StartMethod, plan: WorkerPlan, signals: SignalWatch) -> None:
        self.plan = plan
        self.signals = signals
        self.running: set[int] = set()
        """Ranks whose process was started, and whose end has not been taken."""
        self.lives: Counter[int] = Counter()
        """How often each rank was started again."""
        self._method: StartMethod = method
        self._processes: dict[int, Process] = {}
        self._pauses: Counter[int] = Counter()
        """How many faults want each rank to stand still."""

    def __getitem__(self, rank: int) -> Process:
        return self._processes[rank]

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
                    self._start(rank, self._method, is_state_kept=True)
                    self.signals.check()
        except OSError as error:
            text = f"only {len(self._processes)} of {self.plan.size} processes could be started: {error.strerror}"
            # The frames of the failed start would keep its descriptors open.
            raise RunError(text) from error.with_traceback(None)
        finally:
            gc.unfreeze()

    def start_again(self, rank: int, *, is_state_kept: bool) -> None:
        """A new process for a rank whose old one has been taken."""
        self._processes[rank].close()
        self.lives[rank] += 1
        # A view may have started threads since the beginning; who has asked for forks gets them all the same.
        is_safe = threading.active_count() == 1 or self.plan.options.start_method is not None
        method: StartMethod = self._method if is_safe else "spawn"
        try:
            self._start(rank, method, is_state_kept=is_state_kept)
        except OSError as error:
            text = f"client {rank} could not be started again: {error.strerror}"
            raise RunError(text) from error.with_traceback(None)

    def _start(self, rank: int, method: StartMethod, *, is_state_kept: bool) -> None:
        fork, spawn = multiprocessing.get_context("fork"), multiprocessing.get_context("spawn")
        make: type[ForkProcess] | type[SpawnProcess] = fork.Process if method == "fork" else spawn.Process
        arguments = (rank, self.plan, self.lives[rank], is_state_kept)
        process = make(target=run_worker, args=arguments, name=f"rank-{rank}", daemon=True)
        with self.signals.blocked():
            process.start()
        self._processes[rank] = process
        self.running.add(rank)

    def take_end(self, rank: int) -> Process:
        """Reap a process that has ended."""
        self.running.discard(rank)
        del self._pauses[rank]
        process = self._processes[rank]
        process.join()
        return process

    def kill(self, rank: int) -> None:
        self._processes[rank].kill()

    def pause(self, rank: int) -> None:
        """Stop the process until `resume` is called as often."""
        self._pauses[rank] += 1
        self._signal(rank, signal.SIGSTOP)

    def resume(self, rank: int) -> None:
        self._pauses[rank] -= 1
        if self._pauses[rank] <= 0:
            self.release(rank)

    def release(self, rank: int) -> None:
        """Let the process go on, whoever wanted it to stand still."""
        if rank in self._pauses:
            del self._pauses[rank]
            self._signal(rank, signal.SIGCONT)

    def _signal(self, rank: int, signum: signal.Signals) -> None:
        pid = self._processes[rank].pid
        if rank in self.running and pid is not None:  # else its number may be somebody else's by now
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
