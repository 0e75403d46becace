"""The virtual engine: the same protocol in simulated time, deterministic and without a process.

The clock, the network and who waits for what are `simulation.py`; the network model is that of both engines
(`lines.py`). What a network says nothing about takes no time. The same scenario and options give the same events.
"""

import contextlib
import gc
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from random import Random
from typing import Protocol

import greenlet
import msgspec

from emulator.engines.processes.supervisor import name_of
from emulator.engines.processes.worker import one_line
from emulator.engines.signals import SignalWatch
from emulator.engines.terms import patience_of, terms_of
from emulator.engines.virtual.faults import CountingStorage, Killed, VirtualFaults
from emulator.engines.virtual.simulation import Life, Simulation
from emulator.errors import RunError, RunTimedOut, WorkerFailed
from emulator.faults import Fault, Kill
from emulator.protocol.client import run_client
from emulator.protocol.events import AnyEvent, Channel, Received, Sent, ThreadEnded, ThreadFailed, ThreadStarted
from emulator.protocol.files import ClientInput, FileMetadata
from emulator.protocol.messages import TRACKER, AnyMessage
from emulator.protocol.node import Clock, Communicator, Handler, Node, Storage
from emulator.protocol.terms import Terms
from emulator.protocol.tracker import Tracker
from emulator.scenario.options import Options
from emulator.scenario.scenario import Scenario
from emulator.scenario.storage import DirectoryStorage, MemoryStorage
from emulator.strategies import find_strategy
from emulator.trace.format import encode_record
from emulator.trace.records import Observer, Record, ThreadName
from emulator.trace.writer import TraceWriter

BATCH = 1_024
"""Things that happen between two looks at signals, at the clock on the wall and at the screen."""

LEAST_PATIENCE_S = 0.01
"""Virtual time that an answer is waited for, where messages can be lost, besides the time that it may take."""
BEFORE_DOWNLOADS = ("P1", "P2", "P3", "P4", "D1", "D2")
NO_DISK = MemoryStorage(ClientInput(), {})
"""The tracker's."""


class Ear(Protocol):
    """Hears of everything while it happens, single messages included, and without a record being made of it."""

    def sent(self, rank: int, on: Channel, to: int, message: AnyMessage) -> None: ...

    def received(self, rank: int, on: Channel, source: int, message: AnyMessage) -> None: ...

    def event(self, rank: int, thread: str, event: AnyEvent) -> None: ...


class Totals(msgspec.Struct, frozen=True):
    """What the engine alone knows of a run."""

    num_messages: int
    """Messages that arrived."""
    num_tracker_messages: int
    """Those that arrived at the tracker."""
    written: Mapping[int, Mapping[str, bool]]
    """In a run without a folder for outputs: the files that each client wrote, and whether they were right."""
    died: Mapping[int, str] = {}
    """Clients that died and did not come back: what of, and where they were."""


class Journal:
    """All events of a run, in the order in which they happen, for the observer, the trace and the ear."""

    def __init__(self, observer: Observer | None, trace: TraceWriter | None, ear: Ear | None) -> None:
        self.hears_messages = trace is not None or ear is not None
        """Whether single messages are recorded."""
        self._observer = observer
        self._trace = trace
        self._ear = ear
        self._records: list[Record] = []
        self._lines: list[bytes] = []

    def record(self, now_s: float, rank: int, thread: ThreadName, step: str, event: AnyEvent) -> None:
        if self._ear is not None:
            self._ear.event(rank, thread, event)
        if self._observer is not None:
            record = Record(now_s, rank, thread, step, event)
            self._records.append(record)
            if self._trace is not None:
                self._lines.append(encode_record(record))

    def sent(self, node: "VirtualNode", on: Channel, dest: int, message: AnyMessage) -> None:
        if self._ear is not None:
            self._ear.sent(node.rank, on, dest, message)
        if self._trace is not None:
            self._write(node, Sent(on, dest, message))

    def received(self, node: "VirtualNode", on: Channel, source: int, message: AnyMessage) -> None:
        if self._ear is not None:
            self._ear.received(node.rank, on, source, message)
        if self._trace is not None:
            self._write(node, Received(on, source, message))

    def _write(self, node: "VirtualNode", event: Sent | Received) -> None:
        self._lines.append(encode_record(Record(node.clock.now(), node.rank, node.thread, node.step, event)))

    def flush(self) -> None:
        records, self._records = self._records, []
        if records and self._observer is not None:
            self._observer.observe(records)
        lines, self._lines = self._lines, []
        if self._trace is not None and lines:
            self._trace.append(lines)


class VirtualCommunicator:
    """A communicator of one rank."""

    __slots__ = ("_inbox", "_inboxes", "_rank", "_simulation", "channel", "node")

    def __init__(self, channel: Channel, node: "VirtualNode", run: "VirtualRun") -> None:
        simulation = run.simulation
        self.channel = channel
        self.node = node
        self._rank = node.rank
        self._simulation = simulation
        self._inboxes = simulation.inboxes[channel]
        self._inbox = self._inboxes[node.rank]

    def send(self, message: AnyMessage, dest: int) -> None:
        self._simulation.send(self._inboxes[dest], self._rank, dest, message)

    def recv(self, timeout_s: float | None = None) -> tuple[int, AnyMessage]:
        if timeout_s is None:
            return self._simulation.take(self._inbox)
        return self._simulation.take_in_time(self._inbox, timeout_s)

    def serve(self, handler: Handler, end: Callable[[], None]) -> None:
        """React to every message with `handler`; call `end` when it stops running."""
        handle, node, inbox = handler.handle, self.node, self._inbox

        def react(source: int, message: AnyMessage) -> None:
            try:
                handle(source, message)
            except Killed:
                return
            except Exception as error:
                raise node.failure(error) from error
            if not handler.is_running:
                inbox.close()
                end()

        inbox.serve(react)


class TracedCommunicator(VirtualCommunicator):
    """A communicator of one thread that records every message: before it is sent, and after it was taken."""

    __slots__ = ("_journal",)

    def __init__(self, channel: Channel, node: "VirtualNode", run: "VirtualRun") -> None:
        super().__init__(channel, node, run)
        self._journal = run.journal

    def send(self, message: AnyMessage, dest: int) -> None:
        self._journal.sent(self.node, self.channel, dest, message)
        super().send(message, dest)

    def recv(self, timeout_s: float | None = None) -> tuple[int, AnyMessage]:
        source, message = super().recv(timeout_s)
        self._journal.received(self.node, self.channel, source, message)
        return source, message

    def serve(self, handler: Handler, end: Callable[[], None]) -> None:
        super().serve(_Noting(handler, self, self._journal), end)


class FaultyCommunicator(VirtualCommunicator):
    """A communicator of one thread whose messages go past the rules of a fault plan, and whose rank may die."""

    __slots__ = ("_faults", "_journal")

    def __init__(self, channel: Channel, node: "VirtualNode", run: "VirtualRun") -> None:
        super().__init__(channel, node, run)
        self._faults = run.faults
        self._journal = run.journal

    def send(self, message: AnyMessage, dest: int) -> None:
        self._faults.prepare_send(self._rank)
        self._journal.sent(self.node, self.channel, dest, message)
        self._faults.send(self.node, self.channel, dest, message)

    def recv(self, timeout_s: float | None = None) -> tuple[int, AnyMessage]:
        self._faults.check(self._rank)
        source, message = super().recv(timeout_s)
        self._journal.received(self.node, self.channel, source, message)
        return source, message

    def serve(self, handler: Handler, end: Callable[[], None]) -> None:
        super().serve(_Noting(handler, self, self._journal), end)


class _Noting:
    """A handler whose messages are recorded before it handles them."""

    def __init__(self, handler: Handler, communicator: VirtualCommunicator, journal: Journal) -> None:
        self._handler = handler
        self._communicator = communicator
        self._journal = journal

    @property
    def is_running(self) -> bool:
        return self._handler.is_running

    def handle(self, source: int, message: AnyMessage) -> None:
        self._journal.received(self._communicator.node, self._communicator.channel, source, message)
        self._handler.handle(source, message)


class VirtualNode:
    """The node of one thread."""

    __slots__ = ("_random", "_run", "clock", "download", "rank", "size", "step", "storage", "thread", "upload")

    def __init__(self, thread: ThreadName, step: str, rank: int, run: "VirtualRun") -> None:
        self.rank = rank
        self.size = run.size
        self.step = step
        self.thread = thread
        self.clock: Clock = run.simulation
        self.storage = run.enter(self) or NO_DISK
        self.download: Communicator = run.communicator("download", self)
        self.upload: Communicator = run.communicator("upload", self)
        self._run = run
        self._random: Random | None = None
        self.record(ThreadStarted(0))

    @property
    def random(self) -> Random:
        """Made when it is first used: most threads draw nothing, and a generator is 2.5 kB."""
        if self._random is None:
            self._random = Random(f"{self._run.options.rng_seed}/{self.rank}/{self.thread}")
        return self._random

    def record(self, event: AnyEvent) -> None:
        run = self._run
        run.journal.record(run.simulation.now_s, self.rank, self.thread, self.step, event)

    def failure(self, error: BaseException) -> WorkerFailed:
        """Record that this thread has failed, and say where."""
        text = one_line(error)
        self.record(ThreadFailed(text, ""))
        where = f"{name_of(self.rank)} failed in its {self.thread} thread at {self.step}"
        return WorkerFailed(f"{where}: {text}", "".join(traceback.format_exception(error)))

    def run_threads(self, download: Callable[[Node], None], upload: Callable[[Node], Handler]) -> None:
        """P4: the download thread goes on in the client's greenlet, which then waits for the upload thread's end."""
        simulation = self._run.simulation
        uploading = VirtualNode("upload", self.step, self.rank, self._run)
        downloading = VirtualNode("download", self.step, self.rank, self._run)
        handler = upload(uploading)
        here = greenlet.getcurrent()

        def end() -> None:
            uploading.record(ThreadEnded())
            if is_waiting:
                here.switch(None)

        is_waiting = False
        self._run.communicator("upload", uploading).serve(handler, end)
        try:
            download(downloading)
        except (Exception, SystemExit) as error:  # the latter from a strategy of the user's own
            raise downloading.failure(error) from error
        downloading.record(ThreadEnded())
        if handler.is_running:
            is_waiting = True
            simulation.stay()


class VirtualRun:
    """One run: the tracker's handler, a greenlet for each client, and how far they have come."""

    def __init__(self, scenario: Scenario, output: Path | None, options: Options, journal: Journal) -> None:
        num_clients = len(scenario.clients)
        plan = options.faults_of(num_clients)
        network = options.network_of(num_clients)
        self.scenario = scenario
        self.options = options
        self.journal = journal
        self.size = num_clients + 1
        self.simulation = Simulation(self.size, network)
        self.running: set[int] = set(range(self.size))
        """Ranks that have neither ended nor died; those among them that come back."""
        self.lives: dict[int, Life] = {}
        self.num_tracker_messages = 0
        self._output = output
        self._files: Mapping[str, FileMetadata] = scenario.files if output is None else {}
        self._disks: dict[int, DirectoryStorage | MemoryStorage] = {}
        self._nodes: dict[int, VirtualNode] = {}
        """The node of each rank that began last, of clients the download thread's."""
        self._loop = greenlet.getcurrent()
        self._plan = plan
        self._patience_s = patience_of(network, plan, LEAST_PATIENCE_S)
        self._is_storing = options.resume or options.restart or any(map(_is_restarting, plan))
        self._kind = TracedCommunicator if journal.hears_messages else VirtualCommunicator
        if plan:
            self._kind = FaultyCommunicator
            self.faults = VirtualFaults(self, plan)

    def start(self) -> None:
        tracker = VirtualNode("main", "T1", TRACKER, self)
        handler = _Counting(Tracker(tracker, self.options.numwant), self)
        self.communicator("download", tracker).serve(handler, partial(self._end_tracker, tracker))
        for rank in range(1, self.size):
            self.bear(rank)

    def bear(self, rank: int, life: int = 0) -> None:
        """Start a client, for the `life`th time after the first."""
        terms = terms_of(self.options, self._plan, rank, life, self._patience_s)
        begun = Life(rank, partial(self._live, rank, terms), self._loop)
        if self._plan:
            self.lives[rank] = begun
        self.simulation.at(self.simulation.now_s, begun.switch)

    def communicator(self, channel: Channel, node: "VirtualNode") -> VirtualCommunicator:
        return self._kind(channel, node, self)

    def enter(self, node: "VirtualNode") -> Storage | None:
        """A thread begins; returns its client's disk, which outlives it."""
        if self._plan and node.thread != "upload":
            self._nodes[node.rank] = node
        if node.rank == TRACKER:
            return None
        disk = self.disk(node.rank)
        return CountingStorage(disk, node.rank, self.faults.injector) if self._plan else disk

    def disk(self, rank: int) -> DirectoryStorage | MemoryStorage:
        disk = self._disks.get(rank)
        if disk is None:
            disk = self._disks[rank] = self._make_disk(self.scenario.clients[rank - 1], rank)
        return disk

    def _make_disk(self, mine: ClientInput, rank: int) -> DirectoryStorage | MemoryStorage:
        if self._output is None:
            return MemoryStorage(mine, self._files, is_storing=self._is_storing)
        inputs = self.scenario.inputs
        return DirectoryStorage(inputs, self._output, rank, is_storing=self._is_storing, content=mine)

    def record(self, rank: int, event: AnyEvent) -> None:
        """What happens to a rank, whatever it does itself."""
        step = self._nodes[rank].step if rank in self._nodes else "P1"
        self.journal.record(self.simulation.now_s, rank, "main", step, event)

    def where(self, rank: int) -> str:
        node = self._nodes.get(rank)
        return f"{node.thread} thread at {node.step}" if node else "it had not begun"

    def _live(self, rank: int, terms: Terms) -> None:
        if self._plan and rank not in self.lives:
            return  # it was killed at the moment at which it was to begin
        node = VirtualNode("main", "P1", rank, self)
        try:
            run_client(node, find_strategy(self.options.strategy), terms)
        except WorkerFailed:
            raise  # told by the thread in which it failed
        except Exception as error:
            raise node.failure(error) from error
        self._end(node)

    def _end(self, node: "VirtualNode") -> None:
        node.record(ThreadEnded())
        self.running.discard(node.rank)

    def _end_tracker(self, node: "VirtualNode") -> None:
        self._end(node)
        if self._plan:
            self.faults.end_with_tracker()

    def is_waiting_to_begin(self, rank: int) -> bool:
        """Whether a client has not got past the barriers yet."""
        return rank not in self._nodes or self._nodes[rank].step in BEFORE_DOWNLOADS

    def check_end(self) -> None:
        """Raise `RunError` where somebody waits for what will never come."""
        if self.running:
            names = ", ".join(name_of(rank) for rank in sorted(self.running)[:3])
            raise RunError(f"nothing is left to happen, and these wait for ever: {names}")

    def totals(self) -> Totals:
        written = {rank: disk.is_right for rank, disk in self._disks.items() if isinstance(disk, MemoryStorage)}
        died = self.faults.died if self._plan else {}
        return Totals(self.simulation.num_delivered, self.num_tracker_messages, written, died)


def _is_restarting(fault: Fault) -> bool:
    return isinstance(fault, Kill) and fault.restart_s is not None


class _Counting:
    """The tracker's handler, with a count of its messages."""

    def __init__(self, handler: Handler, run: VirtualRun) -> None:
        self._handler = handler
        self._run = run

    @property
    def is_running(self) -> bool:
        return self._handler.is_running

    def handle(self, source: int, message: AnyMessage) -> None:
        self._run.num_tracker_messages += 1
        self._handler.handle(source, message)


def run_virtual(
    scenario: Scenario,
    output: Path | None,
    options: Options,
    observer: Observer,
    trace: TraceWriter | None = None,
) -> Totals:
    """Run `scenario` in virtual time, in this process and thread.

    Outputs are written to the folder `output`; where there is none, they are compared with what they should be, and
    inputs are not read again. The same scenario and options give the same events at the same times. Raises `RunError`
    where a client fails, the time limit (of the wall) is reached, or a signal comes.
    """
    journal = Journal(observer, trace, None)
    run = VirtualRun(scenario, output, options, journal)
    signals = SignalWatch()
    ends_s = None if options.timeout_s is None else time.monotonic() + options.timeout_s
    with signals.installed(), _few_collections():
        observer.begin()
        try:
            run.start()
            _loop(run, signals, observer, ends_s)
            run.check_end()
        finally:
            journal.flush()
            observer.end()
    return run.totals()


def simulate(scenario: Scenario, options: Options, ear: Ear, most_events: int) -> Totals:
    """Run `scenario` in virtual time and in memory, for an ear alone; quick to begin and to end.

    Raises `RunTimedOut` after `most_events`, which stands for a swarm that never comes to an end, and else what
    `run_virtual` raises. Takes no notice of signals.
    """
    run = VirtualRun(scenario, None, options, Journal(None, None, ear))
    run.start()
    num_left = most_events
    while run.running and run.simulation.run(BATCH):
        num_left -= BATCH
        if num_left <= 0:
            raise RunTimedOut(f"no end after {most_events:,} events, at {run.simulation.now_s:.6f} s of virtual time")
    run.check_end()
    return run.totals()


@contextlib.contextmanager
def _few_collections() -> Iterator[None]:
    """A swarm is millions of objects without a cycle: to look for one again and again costs a third of the time."""
    thresholds = gc.get_threshold()
    gc.set_threshold(1_000_000, 100, 100)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)


def _loop(run: VirtualRun, signals: SignalWatch, observer: Observer, ends_s: float | None) -> None:
    tick_s = time.monotonic()
    simulation = run.simulation
    while run.running and simulation.run(BATCH):
        run.journal.flush()
        signals.check()
        now_s = time.monotonic()
        if ends_s is not None and now_s >= ends_s:
            raise RunTimedOut(f"the time limit was reached at {simulation.now_s:.6f} s of virtual time")
        if observer.interval_s is not None and now_s >= tick_s:
            observer.tick()
            tick_s = now_s + observer.interval_s
