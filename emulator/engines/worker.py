"""What runs inside a worker process: the node that the process engine gives to the protocol, and its last belt."""

import os
import random
import select
import signal
import sys
import termios
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from emulator.engines.communicators import PacedCommunicator, QueueCommunicator, TracedCommunicator
from emulator.engines.journal import Journal, WallClock
from emulator.engines.packet_queue import PacketQueue
from emulator.engines.wiring import STEPS, StepBoard, Wiring
from emulator.protocol.client import run_client
from emulator.protocol.events import AnyEvent, Channel, ThreadEnded, ThreadFailed, ThreadStarted
from emulator.protocol.messages import TRACKER
from emulator.protocol.node import Clock, Communicator, Handler, Node, Storage, serve
from emulator.protocol.tracker import Tracker
from emulator.scenario.storage import DirectoryStorage
from emulator.strategies import find_strategy
from emulator.trace.records import ThreadName

STDOUT = 1
TELL_EVERY_MS = 50
"""Where a run is traced or watched, how often each of up to 100 processes tells that it has told everything."""
LONGEST_TRACEBACK = 8_000
LONGEST_LINE = 1_000
ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_CODES = {step: code for code, step in enumerate(STEPS)}


class WorkerPlan(msgspec.Struct, frozen=True):
    """All that a worker is told when it starts; it can be pickled."""

    wiring: Wiring
    size: int
    inputs: Path
    output: Path
    strategy: str
    quota: int
    numwant: int
    pace: float | None
    """The most segments a second that each client uploads."""
    rng_seed: int
    began_s: float
    """`time.monotonic()` at the start of the run."""
    is_watched: bool
    """Whether somebody watches, who is to see what a worker did last even while that waits."""
    is_traced: bool
    """Whether every message is recorded, and told for a trace."""
    undo: bytes
    """What gives the terminal back as it was, should the parent be killed while it draws on it."""
    terminal: list[Any] | None
    """The terminal's settings before the parent began to draw, as `termios` has them; None where it does not."""


class Worker(msgspec.Struct, frozen=True):
    """What the threads of one process share."""

    rank: int
    plan: WorkerPlan
    clock: Clock
    journal: Journal
    board: StepBoard


class WorkerNode:
    """The node of one thread."""

    def __init__(self, thread: ThreadName, step: str, worker: Worker) -> None:
        rank, plan = worker.rank, worker.plan
        self.rank = rank
        self.size = plan.size
        self.clock = worker.clock
        self.download = self._communicator("download", worker)
        self.upload = self._communicator("upload", worker)
        self.random = random.Random(f"{plan.rng_seed}/{rank}/{thread}")
        self.storage: Storage = DirectoryStorage(plan.inputs, plan.output, rank)
        self.thread = thread
        self._worker = worker
        self._record = worker.journal.record
        self._cells = worker.board.cells
        self._cell = worker.board.cell(rank, thread)
        self.step = step

    def _communicator(self, channel: Channel, worker: Worker) -> Communicator:
        rank, plan = worker.rank, worker.plan
        communicator: Communicator
        if plan.is_traced:
            communicator = TracedCommunicator(channel, rank, plan.wiring, self, worker.journal)
        else:
            communicator = QueueCommunicator(channel, rank, plan.wiring)
        return PacedCommunicator(communicator, worker.clock, plan.pace) if plan.pace else communicator

    @property
    def step(self) -> str:
        return self._step

    @step.setter
    def step(self, step: str) -> None:
        self._step = step
        self._cells[self._cell] = _CODES[step]

    def record(self, event: AnyEvent) -> None:
        self._record(self.thread, self._step, event)

    def run_threads(self, download: Callable[[Node], None], upload: Callable[[Node], Handler]) -> None:
        def upload_thread(node: Node) -> None:
            serve(node.upload, upload(node))

        bodies: list[tuple[ThreadName, Callable[[Node], None]]] = [("download", download), ("upload", upload_thread)]
        threads = [
            threading.Thread(target=WorkerNode(name, self.step, self._worker).live, args=(body,), name=name)
            for name, body in bodies
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def live(self, body: Callable[[Node], None]) -> bool:
        """Run a thread's whole life. An exception is told to the parent, which ends the run; False for that."""
        try:
            self.record(ThreadStarted(os.getpid()))
            body(self)
            self.record(ThreadEnded())
        except BaseException as error:
            self._tell(error)
            return False
        return True

    def _tell(self, error: BaseException) -> None:
        try:
            import traceback  # with all that it imports, only where it is needed

            text = "".join(traceback.format_exception(error))[-LONGEST_TRACEBACK:]
            self.record(ThreadFailed(one_line(error), _encodable(text)))
            self._worker.journal.flush()
        except BaseException:
            os._exit(1)  # the parent sees that at least, and where it was


def one_line(error: BaseException) -> str:
    """An exception's kind and text, as a person gets to see them."""
    try:
        text = str(error)
    except Exception:
        text = "(its text cannot be had)"
    line = f"{type(error).__name__}: {text}".replace("\n", " | ")
    return _encodable(line if len(line) <= LONGEST_LINE else line[:LONGEST_LINE] + "…")


def _encodable(text: str) -> str:
    """A path may hold bytes that are no text, which an event cannot carry."""
    return text.encode("utf-8", "backslashreplace").decode()


def run_worker(rank: int, plan: WorkerPlan) -> None:
    """The main function of every process that the engine starts."""
    _take_signals()
    plan.wiring.keep_own(rank)
    clock = WallClock(plan.began_s)
    journal = Journal(rank, plan.wiring.events(), clock, plan.is_traced)
    worker = Worker(rank, plan, clock, journal, plan.wiring.board())
    node = WorkerNode("main", "T1" if rank == TRACKER else "P1", worker)
    life = threading.Thread(target=_watch_parent, args=(rank, plan, journal), name="life", daemon=True)

    def body(node: Node) -> None:
        life.start()  # in here, for where there are too many threads this raises
        _run_rank(node, plan)

    is_well = node.live(body)
    journal.flush()
    if not is_well:
        sys.exit(1)


def _run_rank(node: Node, plan: WorkerPlan) -> None:
    if node.rank == TRACKER:
        serve(node.download, Tracker(node, plan.numwant))
    else:
        run_client(node, find_strategy(plan.strategy), plan.quota)


def _take_signals() -> None:
    """The terminal's signals are the parent's business; what ends a worker from outside is SIGTERM or SIGKILL.

    SIGQUIT, which ends the parent at once, leaves the tracker to give the terminal back. A send to a dead rank is an
    error to handle and not a SIGPIPE, whatever a program that uses this package has set.
    """
    signal.set_wakeup_fd(-1)
    for signum in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGTTOU, signal.SIGPIPE):
        signal.signal(signum, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING_SIGNALS)


def _watch_parent(rank: int, plan: WorkerPlan, journal: Journal) -> None:
    """End with the parent, whatever killed it; nobody is left then to give the terminal back but the tracker."""
    life = plan.wiring.life()
    try:
        if plan.is_traced or plan.is_watched:
            _tell_regularly(life, journal, plan.size)
        life.get()
    except EOFError:
        if rank == TRACKER and plan.terminal is not None:
            os.write(STDOUT, plan.undo)
            termios.tcsetattr(STDOUT, termios.TCSANOW, plan.terminal)
    finally:
        os._exit(1)


def _tell_regularly(life: PacketQueue, journal: Journal, size: int) -> None:
    """Until the parent is gone: it can show, and merge into a trace, only what everybody has told.

    The more processes there are, the more rarely each of them wakes up for it.
    """
    ended = select.poll()
    ended.register(life.fileno(), select.POLLIN)
    pause_ms = max(TELL_EVERY_MS, size * TELL_EVERY_MS // 100)
    journal.flush()
    while not ended.poll(pause_ms):
        journal.flush()


def terminal_state() -> list[Any] | None:
    """The settings of the terminal that stdout is; None where it is none."""
    try:
        return termios.tcgetattr(STDOUT)
    except (termios.error, OSError, ValueError):
        return None
