"""What runs inside a worker process: the node that the process engine gives to the protocol, and its last belt."""

import os
import random
import select
import signal
import sys
import termios
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from emulator.engines.packet_queue import PacketQueue
from emulator.engines.wiring import STEPS, StepBoard, Wiring
from emulator.protocol.client import run_client
from emulator.protocol.events import AnyEvent, Channel, ThreadEnded, ThreadFailed, ThreadStarted
from emulator.protocol.messages import TRACKER, AnyMessage, Hit
from emulator.protocol.node import Clock, Communicator, Handler, Node, Storage, serve
from emulator.protocol.tracker import Tracker
from emulator.scenario.storage import DirectoryStorage
from emulator.strategies import find_strategy
from emulator.trace.format import ReceivedLine, SentLine, encode_lines, encode_record
from emulator.trace.records import Batch, Record, ThreadName

BATCH = 64
"""Events that travel to the parent in one packet, unless `SHIP_AFTER_S` have passed since the last one."""
SHIP_AFTER_S = 0.02
TRACE_BATCH = 300
"""Lines of a trace that travel in one packet; as many as fit one, unless their names are long."""
STDOUT = 1
TELL_EVERY_MS = 50
"""Where a run is traced, how often each of up to 100 processes tells that it has told everything."""
LONGEST_TRACEBACK = 8_000
LONGEST_LINE = 1_000
ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# Made once, before any worker is forked: to make a decoder takes longer than to decode a hundred messages.
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[int, AnyMessage]).decode
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
    is_traced: bool
    """Whether every message is recorded, and told for a trace."""
    undo: bytes
    """What gives the terminal back as it was, should the parent be killed while it draws on it."""
    terminal: list[Any] | None
    """The terminal's settings before the parent began to draw, as `termios` has them; None where it does not."""


class WallClock:
    """Wall time since the run began."""

    def __init__(self, began_s: float) -> None:
        self.began_ns = round(began_s * 1e9)

    def now(self) -> float:
        # In whole nanoseconds, which are written in nine decimals at most.
        return (time.monotonic_ns() - self.began_ns) / 1e9

    def sleep(self, duration_s: float) -> None:
        time.sleep(duration_s)


class QueueCommunicator:
    """A communicator over one inbox a rank. One thread reads; what is sent to a dead rank is dropped."""

    def __init__(self, channel: Channel, rank: int, wiring: Wiring) -> None:
        self._channel = channel
        self._rank = rank
        self._wiring = wiring
        self._inbox = wiring.inbox(channel, rank)
        self._outboxes: dict[int, PacketQueue] = {}

    def send(self, message: AnyMessage, dest: int) -> None:
        outbox = self._outboxes.get(dest)
        if outbox is None:
            outbox = self._outboxes[dest] = self._wiring.inbox(self._channel, dest)
        try:
            outbox.put(_encode((self._rank, message)))
        except BrokenPipeError:
            return  # the parent sees the death for itself

    def recv(self) -> tuple[int, AnyMessage]:
        return _decode(self._inbox.get())


class Journal:
    """One process's events on their way to the parent, in the order in which its threads recorded them."""

    def __init__(self, rank: int, queue: PacketQueue, clock: WallClock, is_traced: bool) -> None:
        self._rank = rank
        self._queue = queue
        self._now = clock.now
        self.began_ns = clock.began_ns
        self._is_traced = is_traced
        self.lock = threading.Lock()
        self._records: list[Record] = []
        self.times_s: list[float] = []
        """When each line was recorded. Whoever adds to both has held the lock since before looking at the clock."""
        self.lines: list[SentLine | ReceivedLine | msgspec.Raw] = []
        """Encoded together: one call for hundreds of lines."""
        self._shipped_s = 0.0

    def record(self, thread: ThreadName, step: str, event: AnyEvent) -> None:
        with self.lock:
            now = self._now()
            record = Record(now, self._rank, thread, step, event)
            self._records.append(record)
            if self._is_traced:
                self.times_s.append(now)
                self.lines.append(msgspec.Raw(encode_record(record)))
            if len(self._records) >= BATCH or now - self._shipped_s > SHIP_AFTER_S:
                self._ship(now)

    def flush(self) -> None:
        """Tell what is waiting; where the run is traced, also that nothing is."""
        with self.lock:
            if self._records or self._is_traced:
                self._ship(self._now())

    def _ship(self, now: float) -> None:
        try:
            self._queue.put(_encode(Batch(self._rank, now, self._records, self.times_s, encode_lines(self.lines))))
        except BrokenPipeError:
            os._exit(1)  # the parent is gone
        self._records.clear()
        self.times_s.clear()
        self.lines.clear()
        self._shipped_s = now


class TracedCommunicator(QueueCommunicator):
    """A communicator that records every message: before it is handed over, and after it was taken.

    It writes into the journal itself: for so short a task, each call in between would be a good part of the cost.
    """

    def __init__(self, channel: Channel, rank: int, wiring: Wiring, node: "WorkerNode", journal: Journal) -> None:
        super().__init__(channel, rank, wiring)
        self._hand_over, self._take = super().send, super().recv
        self._node = node
        self._journal = journal
        self._began_ns = journal.began_ns

    def send(self, message: AnyMessage, dest: int) -> None:
        node, journal = self._node, self._journal
        with journal.lock:
            now = (time.monotonic_ns() - self._began_ns) / 1e9
            journal.times_s.append(now)
            journal.lines.append(SentLine(self._channel, dest, message, now, self._rank, node.thread, node.step))
        self._hand_over(message, dest)
        if len(journal.lines) >= TRACE_BATCH:
            journal.flush()

    def recv(self) -> tuple[int, AnyMessage]:
        source, message = received = self._take()
        node, journal = self._node, self._journal
        with journal.lock:
            now = (time.monotonic_ns() - self._began_ns) / 1e9
            journal.times_s.append(now)
            journal.lines.append(ReceivedLine(self._channel, source, message, now, self._rank, node.thread, node.step))
        return received


class PacedCommunicator:
    """A communicator through which segments leave one by one, each taking its time; nothing else is slowed."""

    def __init__(self, communicator: Communicator, clock: Clock, pace: float) -> None:
        self._communicator = communicator
        self._clock = clock
        self._segment_s = 1 / pace
        self._free_s = 0.0
        """When the segment before has left."""

    def send(self, message: AnyMessage, dest: int) -> None:
        if isinstance(message, Hit):
            now = self._clock.now()
            self._free_s = max(self._free_s, now) + self._segment_s
            self._clock.sleep(self._free_s - now)
        self._communicator.send(message, dest)

    def recv(self) -> tuple[int, AnyMessage]:
        return self._communicator.recv()


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
        if plan.is_traced:
            _tell_regularly(life, journal, plan.size)
        life.get()
    except EOFError:
        if rank == TRACKER and plan.terminal is not None:
            os.write(STDOUT, plan.undo)
            termios.tcsetattr(STDOUT, termios.TCSANOW, plan.terminal)
    finally:
        os._exit(1)


def _tell_regularly(life: PacketQueue, journal: Journal, size: int) -> None:
    """Until the parent is gone: it can merge only what happened before the time up to which everybody has told.

    The more processes there are, the more rarely each of them wakes up for it.
    """
    ended = select.poll()
    ended.register(life.fileno(), select.POLLIN)
    pause_ms = max(TELL_EVERY_MS, size * TELL_EVERY_MS // 100)
    while not ended.poll(pause_ms):
        journal.flush()


def terminal_state() -> list[Any] | None:
    """The settings of the terminal that stdout is; None where it is none."""
    try:
        return termios.tcgetattr(STDOUT)
    except (termios.error, OSError, ValueError):
        return None
