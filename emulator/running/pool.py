"""Many jobs at once, one in each of several processes.

A worker has one connection to the parent. It receives one job at a time and sends back the answer, and it ends when the
connection closes, however the parent ended. Only the parent handles the terminal's signals; it then ends all workers.
Jobs and answers are not pickled: they are decoded into typed messages, so they cannot run code.
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
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from emulator.engines.signals import SignalWatch
from emulator.errors import Interrupted, WorkerDied
from emulator.interrupts import ENDING_SIGNALS

Job = TypeVar("Job")
Answer = TypeVar("Answer")
J = TypeVar("J", contravariant=True)
A = TypeVar("A", contravariant=True)

TICK_S = 0.5
"""The watcher's `tick` is called at least this often."""
MAX_END_S = 2.0
"""How long an idle worker may take to end before it is killed."""


class Work(msgspec.Struct, Generic[Job, Answer], frozen=True):
    """What workers do. It can be pickled."""

    job: Any
    """The type of jobs."""
    answer: Any
    """The type of answers, perhaps a union."""
    do: Callable[[Job, Callable[[], None]], Answer]
    """Do one job. A long job must call the second argument regularly: it ends the process if the parent is gone."""
    hint: str = ""
    """Appended to the error's text when a worker dies or a signal ends the run."""


class Watcher(Protocol[J, A]):
    """Follows the progress of the jobs, in the parent process."""

    def begin(self) -> None:
        """All workers have started. Threads and screens may only be started from now on."""

    def take(self, job: J, answer: A) -> None:
        """A job is done."""

    def tick(self) -> None:
        """Called regularly while jobs run."""


class _Worker(msgspec.Struct):
    """A process, the parent's end of its connection, and its current job."""

    process: ForkProcess | SpawnProcess
    connection: Connection
    job: Any = None


def run_all(jobs: Sequence[Job], num_workers: int, watcher: Watcher[Job, Answer], work: Work[Job, Answer]) -> None:
    """Do each job once, in the given order, as workers become free.

    Raises `WorkerDied` if a worker died, and `Interrupted` if a signal arrived. No process is left in any case.
    """
    signals = SignalWatch()
    workers: list[_Worker] = []
    with ExitStack() as undo:
        undo.enter_context(signals.installed())
        undo.callback(_end_all, workers)
        with signals.blocked():
            for _ in range(min(num_workers, len(jobs))):
                workers.append(_start(workers, work))
        watcher.begin()
        _hand_out(iter(jobs), workers, watcher, signals, work)


def _start(others: Sequence[_Worker], work: Work[Job, Answer]) -> _Worker:
    here, there = multiprocessing.Pipe()
    # A fork inherits all open connections. It must close the parent's ends, or no worker would see them close.
    is_fork = sys.platform != "darwin" and threading.active_count() == 1
    inherited = (here, *(worker.connection for worker in others)) if is_fork else ()
    arguments = (there, inherited, os.getpid(), work)
    process: ForkProcess | SpawnProcess
    # Not daemonic: a daemonic process may not start processes, and a job may be a run that does. `_end_all` ends them.
    if is_fork:
        process = multiprocessing.get_context("fork").Process(target=_work, args=arguments)
    else:
        process = multiprocessing.get_context("spawn").Process(target=_work, args=arguments)
    process.start()
    there.close()
    return _Worker(process, here)


def _hand_out(
    jobs: Iterator[Job],
    workers: Sequence[_Worker],
    watcher: Watcher[Job, Answer],
    signals: SignalWatch,
    work: Work[Job, Answer],
) -> None:
    decoder = msgspec.msgpack.Decoder(work.answer)
    for worker in workers:
        _give_next(worker, jobs, work)
    while busy := {worker.connection: worker for worker in workers if worker.job is not None}:
        ready = wait([*busy, signals.fileno()], TICK_S)
        signals.drain()
        if signals.caught is not None:
            name = signal.Signals(signals.caught).name
            raise Interrupted(f"ended by {name}{work.hint}", signals.caught)
        for worker in [worker for connection, worker in busy.items() if connection in ready]:
            job, answer = worker.job, decoder.decode(_receive(worker, work))
            _give_next(worker, jobs, work)
            if job is not None:
                watcher.take(job, answer)
        watcher.tick()


def _give_next(worker: _Worker, jobs: Iterator[Job], work: Work[Job, Answer]) -> None:
    worker.job = next(jobs, None)
    if worker.job is None:
        worker.connection.close()
    else:
        try:
            worker.connection.send_bytes(msgspec.msgpack.encode(worker.job))
        except BrokenPipeError:
            raise _death(worker, work) from None


def _receive(worker: _Worker, work: Work[Job, Answer]) -> bytes:
    try:
        return worker.connection.recv_bytes()
    except (EOFError, ConnectionError):
        raise _death(worker, work) from None


def _death(worker: _Worker, work: Work[Job, Answer]) -> WorkerDied:
    worker.process.join()
    code = worker.process.exitcode or 0
    how = f"was killed by {signal.Signals(-code).name}" if -code in set(signal.Signals) else f"ended with {code}"
    return WorkerDied(f"the process of a run {how} ({worker.job}){work.hint}")


def _end_all(workers: Sequence[_Worker]) -> None:
    for worker in workers:
        worker.connection.close()
        if worker.job is not None:
            worker.process.kill()
    for worker in workers:
        worker.process.join(MAX_END_S)
        worker.process.kill()  # a user's strategy may have started a thread that never ends
        worker.process.join()
        worker.process.close()


def _work(connection: Connection, inherited: Sequence[Connection], parent: int, work: Work[Job, Answer]) -> None:
    """A worker's life."""
    for other in inherited:
        other.close()
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING_SIGNALS)

    def end_with_parent() -> None:
        """End the process if the parent is gone; a worker would otherwise notice that only after its job."""
        if os.getppid() != parent:
            os._exit(1)

    decoder = msgspec.msgpack.Decoder(work.job)
    while True:
        try:
            job = decoder.decode(connection.recv_bytes())
            connection.send_bytes(msgspec.msgpack.encode(work.do(job, end_with_parent)))
        except (EOFError, ConnectionError):
            return  # no more jobs, or the parent is gone
