"""What runs inside a worker process: the node that the process engine gives to the protocol, and its last belt."""

import os
import random
import select
import signal
import sys
import termios
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from emulator.engines.lines import Lines
from emulator.engines.names import encodable, one_line
from emulator.engines.patience import Waits
from emulator.engines.processes.communicators import (
    QueueCommunicator,
    RoadCommunicator,
    TracedCommunicator,
    decode_letter,
)
from emulator.engines.processes.journal import Journal, WallClock
from emulator.engines.processes.packet_queue import PacketQueue
from emulator.engines.processes.road import FaultyRoad, Road
from emulator.engines.processes.sender import Sender
from emulator.engines.processes.wiring import CHANNELS, STEPS, StepBoard, Wiring
from emulator.engines.signals import ENDING_SIGNALS
from emulator.engines.terms import terms_of, uploader_of
from emulator.faults import Fault
from emulator.faults.plan import concerns_lines
from emulator.protocol.beyond.tracker import ExtendedTracker
from emulator.protocol.client import run_client
from emulator.protocol.events import AnyEvent, Channel, ThreadEnded, ThreadFailed, ThreadStarted
from emulator.protocol.files import FileMetadata
from emulator.protocol.messages import TRACKER, Returned
from emulator.protocol.node import Clock, Communicator, Handler, Node, Storage, serve
from emulator.scenario.network import Network
from emulator.scenario.options import Options
from emulator.scenario.storage import DirectoryStorage
from emulator.strategies import find_strategy
from emulator.trace.records import ThreadName

STDOUT = 1
LONGEST_TRACEBACK = 8_000
_CODES = {step: code for code, step in enumerate(STEPS)}


class WorkerPlan(msgspec.Struct, frozen=True):
    """All that a worker is told when it starts; it can be pickled."""

    wiring: Wiring
    size: int
    inputs: Path
    output: Path
    options: Options
    network: Network | None
    """Where messages take more time than they do anyway."""
    faults: tuple[Fault, ...]
    waits: Waits
    """How long an answer is waited for, where messages can be lost."""
    began_s: float
    """`time.monotonic()` at the start of the run."""
    tells_every_s: float | None
    """How often each worker tells what it has recorded, though it were little; None for no need to."""
    is_traced: bool
    """Whether every message is recorded, and told for a trace."""
    undo: bytes
    """What gives the terminal back as it was, should the parent be killed while it draws on it."""
    terminal: list[Any] | None
    """The terminal's settings before the parent began to draw, as `termios` has them; None where it does not."""

    @property
    def is_storing(self) -> bool:
        """Whether what a client has got outlives it."""
        return self.options.resume or self.may_restart

    @property
    def is_told_first(self) -> bool:
        """Whether a trace has to tell, of one that is killed, everything that others saw or that is on its disk."""
        return self.is_traced and (self.options.restart or any(fault.is_fatal for fault in self.faults))

    @property
    def may_restart(self) -> bool:
        """Whether a process may be started again, so that the parent keeps what that needs."""
        return self.options.restart or any(fault.brings_back for fault in self.faults)


class Worker(msgspec.Struct, frozen=True):
    """What the threads of one process share."""

    rank: int
    plan: WorkerPlan
    life: int
    """How often this rank was started before."""
    clock: Clock
    journal: Journal
    board: StepBoard
    road: Road | None


class WorkerNode:
    """The node of one thread."""

    def __init__(self, thread: ThreadName, step: str, worker: Worker) -> None:
        rank, plan = worker.rank, worker.plan
        self.rank = rank
        self.size = plan.size
        self.clock = worker.clock
        self.download = self._communicator("download", worker)
        self.upload = self._communicator("upload", worker)
        self.random = random.Random(f"{plan.options.rng_seed}/{rank}/{thread}{'/' * worker.life}")
        self.storage: Storage = storage_of(rank, plan, worker.journal)
        self.thread = thread
        self._worker = worker
        self._record = worker.journal.record
        self._cells = worker.board.cells
        self._cell = worker.board.cell(rank, thread)
        self.step = step

    def _communicator(self, channel: Channel, worker: Worker) -> Communicator:
        rank, plan = worker.rank, worker.plan
        communicator: Communicator = (
            QueueCommunicator(channel, rank, plan.wiring)
            if worker.road is None
            else RoadCommunicator(channel, rank, plan.wiring, worker.road, self, worker.journal)
        )
        return TracedCommunicator(channel, rank, communicator, self, worker.journal) if plan.is_traced else communicator

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
            self.tell(error)
            return False
        return True

    def tell(self, error: BaseException) -> None:
        try:
            import traceback  # with all that it imports, only where it is needed

            text = "".join(traceback.format_exception(error))[-LONGEST_TRACEBACK:]
            self.record(ThreadFailed(one_line(error), encodable(text)))
            self._worker.journal.flush()
        except BaseException:
            os._exit(1)  # the parent sees that at least, and where it was


def storage_of(rank: int, plan: WorkerPlan, journal: Journal) -> Storage:
    storage = DirectoryStorage(plan.inputs, plan.output, rank, is_storing=plan.is_storing)
    return ToldStorage(storage, journal) if plan.is_told_first else storage


class ToldStorage:
    """A disk on which nothing is that was not told before."""

    def __init__(self, storage: Storage, journal: Journal) -> None:
        self.keeps_segments = storage.keeps_segments
        self.read_input = storage.read_input
        self.read_stored = storage.read_stored
        self._storage = storage
        self._journal = journal

    def store(self, file: str, segment: int, data: str) -> None:
        self._journal.flush()
        self._storage.store(file, segment, data)

    def write_output(self, content: FileMetadata) -> None:
        self._journal.flush()
        self._storage.write_output(content)


def run_worker(rank: int, plan: WorkerPlan, life: int = 0, is_state_kept: bool = True) -> None:
    """The main function of every process that the engine starts; `life` counts how often this rank died before."""
    _take_signals()
    plan.wiring.keep_own(rank)
    clock = WallClock(plan.began_s)
    journal = Journal(rank, plan.wiring.events(), clock, plan.is_traced, plan.is_told_first)
    sender = Sender(clock, lambda error: node.tell(error))
    road = make_road(rank, plan, clock, sender)
    worker = Worker(rank, plan, life, clock, journal, plan.wiring.board(), road)
    node = WorkerNode("main", "T1" if rank == TRACKER else "P1", worker)
    watch = threading.Thread(target=_watch_parent, args=(rank, plan, journal), name="life", daemon=True)

    def body(node: Node) -> None:
        watch.start()  # in here, for where there are too many threads this raises
        if life:
            _begin_again(rank, plan, is_state_kept=is_state_kept)
        if road is not None:
            sender.start()
        _run_rank(node, plan, life, road)
        if road is not None:
            sender.close()

    is_well = node.live(body)
    journal.flush()
    if not is_well:
        sys.exit(1)


def make_road(rank: int, plan: WorkerPlan, clock: Clock, sender: Sender) -> Road | None:
    """What lies between this rank and the inboxes; None where nothing does."""
    lines = None if plan.network is None else Lines(plan.network)
    if concerns_lines(plan.faults):
        rng = random.Random(f"{plan.options.rng_seed}/{rank}/faults")
        return FaultyRoad(rank, clock, sender, lines, plan.faults, plan.wiring.fault_board(), rng)
    return None if lines is None else Road(rank, clock, sender, lines)


def _run_rank(node: Node, plan: WorkerPlan, life: int, road: Road | None) -> None:
    if node.rank == TRACKER:
        serve(node.download, ExtendedTracker(node, plan.options.numwant))
    else:
        more_s = partial(road.more_s, plan.waits) if isinstance(road, FaultyRoad) else None
        terms = terms_of(plan.options, plan.faults, node.rank, life, plan.waits.plain_s, more_s)
        run_client(node, find_strategy(plan.options.strategy), terms, uploader_of(plan.faults, node.rank))


def _begin_again(rank: int, plan: WorkerPlan, *, is_state_kept: bool) -> None:
    """Pass over what was meant for this rank's life before; without its state, lose also what that had stored."""
    for channel in CHANNELS:
        inbox = plan.wiring.inbox(channel, rank)
        while decode_letter(inbox.get()) != (rank, Returned()):
            pass
    if not is_state_kept:
        storage = DirectoryStorage(plan.inputs, plan.output, rank)
        storage.erase(storage.read_input().wanted)


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
        if plan.tells_every_s is not None:
            _tell_regularly(life, journal, plan.tells_every_s)
        life.get()
    except EOFError:
        if any(fault.stops for fault in plan.faults):
            os.killpg(0, signal.SIGCONT)  # who was stopped has to go on to notice
        if rank == TRACKER and plan.terminal is not None:
            os.write(STDOUT, plan.undo)
            termios.tcsetattr(STDOUT, termios.TCSANOW, plan.terminal)
    finally:
        os._exit(1)


def _tell_regularly(life: PacketQueue, journal: Journal, every_s: float) -> None:
    """Until the parent is gone: it can show, and merge into a trace, only what everybody has told."""
    ended = select.poll()
    ended.register(life.fileno(), select.POLLIN)
    journal.flush()
    while not ended.poll(every_s * 1000):
        journal.flush()


def terminal_state() -> list[Any] | None:
    """The settings of the terminal that stdout is; None where it is none."""
    try:
        return termios.tcgetattr(STDOUT)
    except (termios.error, OSError, ValueError):
        return None
