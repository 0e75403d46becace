"""The process engine: `multiprocessing.Process` workers, per-process queues, two threads in every client."""

import contextlib
import gc
import multiprocessing
import multiprocessing.process
import resource
import sys
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing.context import ForkProcess, SpawnProcess
from pathlib import Path
from typing import Literal

from emulator.engines.supervisor import Process, SignalWatch, Supervisor, end_all
from emulator.engines.wiring import Wiring
from emulator.engines.worker import WorkerPlan, run_worker, terminal_state
from emulator.errors import RunError
from emulator.options import Options
from emulator.trace.records import Observer
from emulator.trace.writer import TraceWriter

StartMethod = Literal["fork", "spawn"]

_REAP = getattr(multiprocessing.process, "_cleanup", None)


def choose_start_method(options: Options) -> StartMethod:
    """What the options say; else `fork` where it is safe, and `spawn` where it is not.

    Forking 50 workers takes about 0.1 s and spawning them 2 to 6 s, so `fork` is worth choosing although Python
    3.14 no longer does. It is unsafe in a process that runs other threads (a notebook, a test runner with a watchdog):
    a lock that one of them holds stays locked in the child for ever. macOS's own libraries start threads.
    """
    if options.start_method is not None:
        return options.start_method
    is_safe = sys.platform != "darwin" and threading.active_count() == 1
    return "fork" if is_safe else "spawn"


def run_processes(
    inputs: Path,
    num_clients: int,
    output: Path,
    options: Options,
    observer: Observer,
    trace: TraceWriter | None = None,
) -> StartMethod:
    """Run the swarm of `in1.txt` … in `inputs`, one process for the tracker and one for each client.

    The events go to `observer` in this process, and to `trace`, which the caller closes. Returns the start method,
    when every worker has ended well; raises `RunError` when one has not, and leaves no process in any case.
    """
    method = choose_start_method(options)
    began_s = time.monotonic()
    make_room_for(Wiring.num_descriptors(num_clients))
    processes: dict[int, Process] = {}
    # Undone from the last to the first, whatever happens; signals can do no harm until the end.
    with contextlib.ExitStack() as undo:
        try:
            signals = SignalWatch()
            undo.enter_context(signals.installed())
            wiring = Wiring(num_clients)
        except OSError as error:
            raise RunError(
                f"the inboxes of {num_clients + 1} processes could not be made: {error.strerror}; "
                "take fewer --clients, or raise the limit of open files (ulimit -n)"
            ) from error
        undo.callback(wiring.close)
        undo.push(_ending(observer))
        undo.callback(end_all, processes)
        plan = WorkerPlan(
            wiring=wiring,
            size=num_clients + 1,
            inputs=inputs,
            output=output,
            strategy=options.strategy,
            quota=options.quota,
            numwant=options.numwant,
            pace=options.pace,
            rng_seed=options.rng_seed,
            began_s=began_s,
            is_watched=observer.interval_s is not None,
            is_traced=trace is not None,
            undo=observer.undo,
            terminal=terminal_state() if observer.undo else None,
        )
        start_all(processes, method, plan, signals)
        wiring.keep_parent_ends()
        observer.begin()
        ends_s = None if options.timeout_s is None else began_s + options.timeout_s
        Supervisor(processes, wiring, signals, observer, ends_s, trace).watch()
    return method


def _ending(observer: Observer) -> Callable[[object, BaseException | None, object], bool]:
    def end(_kind: object, error: BaseException | None, _traceback: object) -> bool:
        try:
            observer.end()
        except OSError:
            if error is None:
                raise
            # The terminal, or whoever read the output, is gone too: why the run ended says more.
        return False

    return end


def start_all(processes: dict[int, Process], method: StartMethod, plan: WorkerPlan, signals: SignalWatch) -> None:
    """Start the tracker and the clients, and add each to `processes` as it starts."""
    fork, spawn = multiprocessing.get_context("fork"), multiprocessing.get_context("spawn")
    make: type[ForkProcess] | type[SpawnProcess] = fork.Process if method == "fork" else spawn.Process
    # A collection in a forked child would write to, and so copy, every page that it shares with its parent.
    gc.freeze()
    try:
        if method == "spawn":
            from multiprocessing import resource_tracker

            # Left to the first start, this would unblock signals when it is done (until Python 3.12).
            resource_tracker.ensure_running()
        with _no_reaping():
            for rank in range(plan.size):
                process = make(target=run_worker, args=(rank, plan), name=f"rank-{rank}", daemon=True)
                with signals.blocked():
                    process.start()
                processes[rank] = process
                signals.check()
    except OSError as error:
        text = f"only {len(processes)} of {plan.size} processes could be started: {error.strerror}"
        # The frames of the failed start would keep its descriptors open.
        raise RunError(text) from error.with_traceback(None)
    finally:
        gc.unfreeze()


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


def make_room_for(num_descriptors: int) -> None:
    """Raise this process's soft limit of open files, which workers inherit, as far as the run needs it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < num_descriptors:
        if hard != resource.RLIM_INFINITY and hard < num_descriptors:
            raise RunError(
                f"this swarm needs {num_descriptors} open files a process and the limit is {hard}: "
                "take fewer --clients, or raise the hard limit (ulimit -Hn)"
            )
        resource.setrlimit(resource.RLIMIT_NOFILE, (num_descriptors, hard))
