"""The virtual engine: the same protocol in simulated time, deterministic and without a process.

The clock, the network and who waits for what are `simulation.py`; the network model is that of both engines
(`lines.py`). What a network says nothing about takes no time. The same scenario and options give the same events.
"""

import time
import traceback
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from random import Random

import greenlet
import msgspec

from emulator.engines.signals import SignalWatch
from emulator.engines.simulation import Life, Simulation
from emulator.engines.supervisor import name_of
from emulator.engines.terms import terms_of
from emulator.engines.worker import one_line
from emulator.errors import RunError, RunTimedOut, WorkerFailed
from emulator.options import Options
from emulator.protocol.client import run_client
from emulator.protocol.events import AnyEvent, Channel, Received, Sent, ThreadEnded, ThreadFailed, ThreadStarted
from emulator.protocol.files import FileMetadata
from emulator.protocol.messages import TRACKER, AnyMessage
from emulator.protocol.node import Clock, Communicator, Handler, Node, Storage
from emulator.protocol.round import Strategy
from emulator.protocol.terms import Terms
from emulator.protocol.tracker import Tracker
from emulator.scenario.scenario import Scenario
from emulator.scenario.storage import DirectoryStorage, MemoryStorage
from emulator.strategies import find_strategy
from emulator.trace.format import encode_record
from emulator.trace.records import Observer, Record, ThreadName
from emulator.trace.writer import TraceWriter

BATCH = 1_024
"""Things that happen between two looks at signals, at the clock on the wall and at the screen."""

PATIENCE_S = 0.05
"""Virtual time that an answer is waited for where messages can be lost."""

Tap = Callable[[Record], None]
"""Hears of everything, single messages included, while it happens."""


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
    """All events of a run, in the order in which they happen, for the observer, the trace and the tap."""

    def __init__(self, observer: Observer, trace: TraceWriter | None, tap: Tap | None) -> None:
        self.is_traced = trace is not None or tap is not None
        """Whether single messages are recorded."""
        self._observer = observer
        self._trace = trace
        self._tap = tap
        self._records: list[Record] = []
        self._lines: list[bytes] = []

    def record(self, record: Record) -> None:
        if self._tap is not None:
            self._tap(record)
        if self._trace is not None:
            self._lines.append(encode_record(record))
        if not isinstance(record.event, Sent | Received):
            self._records.append(record)

    def flush(self) -> None:
        records, self._records = self._records, []
        if records:
            self._observer.observe(records)
        lines, self._lines = self._lines, []
        if self._trace is not None and lines:
            self._trace.append(lines)


class VirtualCommunicator:
    """A communicator of one thread."""

    def __init__(self, channel: Channel, node: "VirtualNode", simulation: Simulation) -> None:
        self.channel = channel
        self.node = node
        self._rank = node.rank
        self._simulation = simulation
        self._inboxes = simulation.inboxes[channel]
        self._inbox = self._inboxes[node.rank]
        self._send = simulation.send

    def send(self, message: AnyMessage, dest: int) -> None:
        self._send(self._inboxes[dest], self._rank, dest, message)

    def recv(self, timeout_s: float | None = None) -> tuple[int, AnyMessage]:
        return self._simulation.take(self._inbox, timeout_s)

    def serve(self, handler: Handler, end: Callable[[], None]) -> None:
        """React to every message with `handler`; call `end` when it stops running."""
        handle, node = handler.handle, self.node

        def react(source: int, message: AnyMessage) -> None:
            try:
                handle(source, message)
            except Exception as error:
                raise node.failure(error) from error
            if not handler.is_running:
                end()

        self._inbox.serve(react)


class TracedCommunicator(VirtualCommunicator):
    """A communicator that records every message: before it is sent, and after it was taken."""

    def send(self, message: AnyMessage, dest: int) -> None:
        self.node.record(Sent(self.channel, dest, message))
        super().send(message, dest)

    def recv(self, timeout_s: float | None = None) -> tuple[int, AnyMessage]:
        source, message = super().recv(timeout_s)
        self.node.record(Received(self.channel, source, message))
        return source, message

    def serve(self, handler: Handler, end: Callable[[], None]) -> None:
        super().serve(_Noting(handler, self), end)


class _Noting:
    """A handler whose messages are recorded before it handles them."""

    def __init__(self, handler: Handler, communicator: VirtualCommunicator) -> None:
        self._handler = handler
        self._communicator = communicator

    @property
    def is_running(self) -> bool:
        return self._handler.is_running

    def handle(self, source: int, message: AnyMessage) -> None:
        self._communicator.node.record(Received(self._communicator.channel, source, message))
        self._handler.handle(source, message)


class VirtualNode:
    """The node of one thread."""

    __slots__ = ("_random", "_run", "clock", "download", "rank", "size", "step", "storage", "thread", "upload")

    def __init__(self, thread: ThreadName, step: str, rank: int, run: "VirtualRun", storage: Storage) -> None:
        self.rank = rank
        self.size = run.size
        self.step = step
        self.thread = thread
        self.clock: Clock = run.simulation
        self.storage = storage
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
        run.journal.record(Record(run.simulation.now_s, self.rank, self.thread, self.step, event))

    def failure(self, error: Exception) -> WorkerFailed:
        """Record that this thread has failed, and say where."""
        text = one_line(error)
        self.record(ThreadFailed(text, ""))
        where = f"{name_of(self.rank)} failed in its {self.thread} thread at {self.step}"
        return WorkerFailed(f"{where}: {text}", "".join(traceback.format_exception(error)))

    def run_threads(self, download: Callable[[Node], None], upload: Callable[[Node], Handler]) -> None:
        """P4: the download thread goes on in the client's greenlet, which then waits for the upload thread's end."""
        simulation = self._run.simulation
        uploading = VirtualNode("upload", self.step, self.rank, self._run, self.storage)
        downloading = VirtualNode("download", self.step, self.rank, self._run, self.storage)
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
        except Exception as error:
            raise downloading.failure(error) from error
        downloading.record(ThreadEnded())
        if handler.is_running:
            is_waiting = True
            simulation.stay()


class VirtualRun:
    """One run: the tracker's handler, a greenlet for each client, and how far they have come."""

    def __init__(self, scenario: Scenario, output: Path | None, options: Options, journal: Journal) -> None:
        self.options = options
        self.journal = journal
        self.size = len(scenario.clients) + 1
        self.simulation = Simulation(self.size, options.network_of(self.size - 1))
        self.running: set[int] = set(range(self.size))
        self.num_tracker_messages = 0
        self._scenario = scenario
        self._output = output
        self._files: Mapping[str, FileMetadata] = scenario.files if output is None else {}
        self._storages: dict[int, Storage] = {}
        self._strategy: Strategy = find_strategy(options.strategy)
        self._loop = greenlet.getcurrent()
        self._kind = TracedCommunicator if journal.is_traced else VirtualCommunicator

    def start(self) -> None:
        tracker = VirtualNode("main", "T1", TRACKER, self, self.storage(TRACKER))
        self.communicator("download", tracker).serve(
            _Counting(Tracker(tracker, self.options.numwant), self), partial(self._end, tracker)
        )
        for rank in range(1, self.size):
            self.bear(rank)

    def bear(self, rank: int, life: int = 0) -> None:
        """Start a client, for the `life`th time after the first."""
        body = partial(self._live, rank, terms_of(self.options, (), rank, life, PATIENCE_S))
        self.simulation.at(self.simulation.now_s, Life(rank, body, self._loop).switch)

    def communicator(self, channel: Channel, node: VirtualNode) -> VirtualCommunicator:
        return self._kind(channel, node, self.simulation)

    def storage(self, rank: int) -> Storage:
        """The rank's disk, which outlives it."""
        if rank not in self._storages:
            self._storages[rank] = self._make_storage(rank)
        return self._storages[rank]

    def _make_storage(self, rank: int) -> Storage:
        if self._output is not None:
            return DirectoryStorage(self._scenario.inputs, self._output, rank)
        return MemoryStorage(self._scenario.clients[rank - 1], self._files)

    def _live(self, rank: int, terms: Terms) -> None:
        node = VirtualNode("main", "P1", rank, self, self.storage(rank))
        try:
            run_client(node, self._strategy, terms)
        except WorkerFailed:
            raise  # told by the thread in which it failed
        except Exception as error:
            raise node.failure(error) from error
        self._end(node)

    def _end(self, node: VirtualNode) -> None:
        node.record(ThreadEnded())
        self.running.discard(node.rank)

    def check_end(self) -> None:
        """Raise `RunError` where somebody waits for what will never come."""
        if self.running:
            names = ", ".join(name_of(rank) for rank in sorted(self.running)[:3])
            raise RunError(f"nothing is left to happen, and these wait for ever: {names}")

    def totals(self) -> Totals:
        disks = {rank: disk.is_right for rank, disk in self._storages.items() if isinstance(disk, MemoryStorage)}
        return Totals(self.simulation.num_delivered, self.num_tracker_messages, disks)


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
    tap: Tap | None = None,
) -> Totals:
    """Run `scenario` in virtual time, in this process and thread.

    Outputs are written to the folder `output`; where there is none, they are compared with what they should be, and
    inputs are not read again. The same scenario and options give the same events at the same times. Raises `RunError`
    where a client fails, the time limit (of the wall) is reached, or a signal comes.
    """
    journal = Journal(observer, trace, tap)
    run = VirtualRun(scenario, output, options, journal)
    signals = SignalWatch()
    ends_s = None if options.timeout_s is None else time.monotonic() + options.timeout_s
    with signals.installed():
        observer.begin()
        try:
            run.start()
            _loop(run, signals, observer, ends_s)
            run.check_end()
        finally:
            journal.flush()
            observer.end()
    return run.totals()


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
