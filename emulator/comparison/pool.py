"""Many runs at once, one in each of several processes.

A worker has one connection to the parent: jobs come on it, rows go back, one at a time. It ends when the connection
does, however the parent ended. The terminal's signals are the parent's business, which ends everything at once. Nothing
is pickled between them, as everywhere: bytes are decoded into rows, and cannot run code.
"""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess, SpawnProcess
from typing import Protocol

import msgspec

from emulator.comparison.grid import Job
from emulator.comparison.measure import Row, measure
from emulator.engines.signals import ENDING_SIGNALS, SignalWatch
from emulator.errors import EmulatorError, Interrupted, WorkerDied

TICK_S = 0.5
"""How often, at least, whoever watches is told that time passes."""
LONGEST_END_S = 2.0
"""How long a worker that has nothing more to do is given to end."""


class Done(msgspec.Struct, frozen=True, tag=True):
    """A worker's answer: the row of its job."""

    row: Row


class Failed(msgspec.Struct, frozen=True, tag=True):
    """A worker's answer where a run came to no result: why, in one line."""

    text: str


Answer = Done | Failed
Measure = Callable[[Job, Callable[[], None]], Row]


class Watcher(Protocol):
    """Who is told how far the runs are, in the process that started them."""

    def begin(self) -> None:
        """All workers are started. Not before may a thread be started or a screen be taken."""

    def take(self, job: Job, answer: Answer) -> None:
        """A run has ended."""

    def tick(self) -> None:
        """Time passes."""


class _Worker(msgspec.Struct):
    """A process, the parent's end of its connection, and the job that it is at."""

    process: ForkProcess | SpawnProcess
    connection: Connection
    job: Job | None = None


def run_all(jobs: Sequence[Job], num_workers: int, watcher: Watcher, measure: Measure = measure) -> None:
    """Run all jobs, each once, in the order given as workers become free.

    Raises `WorkerDied` where one was killed, and `Interrupted` where a signal came; no process is left in any case.
    """
    signals = SignalWatch()
    workers: list[_Worker] = []
    with ExitStack() as undo:
        undo.enter_context(signals.installed())
        undo.callback(_end_all, workers)
        with signals.blocked():
            for _ in range(min(num_workers, len(jobs))):
                workers.append(_start(workers, measure))
        watcher.begin()
        _hand_out(iter(jobs), workers, watcher, signals)


def _start(others: Sequence[_Worker], measure: Measure) -> _Worker:
    here, there = multiprocessing.Pipe()
    # A fork holds whatever its parent had open; with the other ends in it, no worker would notice the parent's end.
    is_fork = sys.platform != "darwin" and threading.active_count() == 1
    inherited = (here, *(worker.connection for worker in others)) if is_fork else ()
    arguments = (there, inherited, os.getpid(), measure)
    process: ForkProcess | SpawnProcess
    if is_fork:
        process = multiprocessing.get_context("fork").Process(target=_work, args=arguments, daemon=True)
    else:
        process = multiprocessing.get_context("spawn").Process(target=_work, args=arguments, daemon=True)
    process.start()
    there.close()
    return _Worker(process, here)


def _hand_out(jobs: Iterator[Job], workers: Sequence[_Worker], watcher: Watcher, signals: SignalWatch) -> None:
    decoder = msgspec.msgpack.Decoder[Answer](Answer)
    for worker in workers:
        _give_next(worker, jobs)
    while busy := {worker.connection: worker for worker in workers if worker.job is not None}:
        ready = wait([*busy, signals.fileno()], TICK_S)
        signals.drain()
        if signals.caught is not None:
            name = signal.Signals(signals.caught).name
            raise Interrupted(f"ended by {name}; what is done is kept, and the same command goes on", signals.caught)
        for worker in [worker for connection, worker in busy.items() if connection in ready]:
            job, answer = worker.job, decoder.decode(_receive(worker))
            _give_next(worker, jobs)
            if job is not None:
                watcher.take(job, answer)
        watcher.tick()


def _give_next(worker: _Worker, jobs: Iterator[Job]) -> None:
    worker.job = next(jobs, None)
    if worker.job is None:
        worker.connection.close()
    else:
        try:
            worker.connection.send_bytes(msgspec.msgpack.encode(worker.job))
        except BrokenPipeError:
            raise _death(worker) from None


def _receive(worker: _Worker) -> bytes:
    try:
        return worker.connection.recv_bytes()
    except (EOFError, ConnectionError):
        raise _death(worker) from None


def _death(worker: _Worker) -> WorkerDied:
    worker.process.join()
    code = worker.process.exitcode or 0
    how = f"was killed by {signal.Signals(-code).name}" if -code in set(signal.Signals) else f"ended with {code}"
    return WorkerDied(f"the process of a run {how} ({worker.job}); what is done is kept, and the same command goes on")


def _end_all(workers: Sequence[_Worker]) -> None:
    for worker in workers:
        worker.connection.close()
        if worker.job is not None:
            worker.process.kill()
    for worker in workers:
        worker.process.join(LONGEST_END_S)
        worker.process.kill()  # a strategy may have left it something that never ends
        worker.process.join()
        worker.process.close()


def _work(connection: Connection, inherited: Sequence[Connection], parent: int, measure: Measure) -> None:
    """A worker's life."""
    for other in inherited:
        other.close()
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING_SIGNALS)

    def end_with_parent() -> None:
        """A long run would notice only at its end that nobody waits for it."""
        if os.getppid() != parent:
            os._exit(1)

    decoder = msgspec.msgpack.Decoder(Job)
    while True:
        try:
            job = decoder.decode(connection.recv_bytes())
            connection.send_bytes(msgspec.msgpack.encode(_answer(job, measure, end_with_parent)))
        except (EOFError, ConnectionError):
            return  # nothing more to do, or nobody to do it for


def _answer(job: Job, measure: Measure, tick: Callable[[], None]) -> Answer:
    try:
        return Done(measure(job, tick))
    except EmulatorError as error:
        return Failed(str(error).partition("\n")[0])
    except Exception as error:  # a strategy of the user's own may do anything
        return Failed(f"{type(error).__name__}: {error}".partition("\n")[0])
