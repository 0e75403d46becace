"""The virtual engine: the same protocol in simulated time, deterministic and without a process.

An event loop takes what is to happen in the order of `(time, sequence)`. A client's download thread is a greenlet, as
it waits in the middle of its work; upload threads and the tracker only react, so they are called when a message
arrives, and need no stack of their own.

The network of this engine: every message takes `DELAY_S`; where a pace is given, a segment besides takes `1 / pace`
of its uploader's time, one after the other, so that queues arise by themselves. Everything else takes no time.
"""

import time
import traceback
from collections import deque
from collections.abc import Callable
from functools import partial
from heapq import heappop, heappush
from itertools import count
from pathlib import Path
from random import Random

import greenlet

from emulator.engines.supervisor import SignalWatch, name_of
from emulator.engines.worker import one_line
from emulator.errors import RunError, RunTimedOut, WorkerFailed
from emulator.options import Options
from emulator.protocol.client import run_client
from emulator.protocol.events import AnyEvent, Channel, Received, Sent, ThreadEnded, ThreadFailed, ThreadStarted
from emulator.protocol.messages import TRACKER, AnyMessage, Hit
from emulator.protocol.node import Clock, Communicator, Handler, Node, Storage
from emulator.protocol.tracker import Tracker
from emulator.scenario.storage import DirectoryStorage
from emulator.strategies import find_strategy
from emulator.trace.format import encode_record
from emulator.trace.records import Observer, Record, ThreadName
from emulator.trace.writer import TraceWriter

DELAY_S = 0.001
"""Propagation delay of every message."""
BATCH = 1_024
"""Steps between two looks at signals, at the clock on the wall and at the screen."""

React = Callable[[int, AnyMessage], None]


class Inbox:
    """Messages that have arrived for one reader: a handler that reacts to each, or a greenlet that waits for one."""

    def __init__(self) -> None:
        self._react: React | None = None
        self._waiting: greenlet.greenlet | None = None
        self._messages: deque[tuple[int, AnyMessage]] = deque()

    def deliver(self, source: int, message: AnyMessage) -> None:
        if self._react is not None:
            self._react(source, message)
            return
        self._messages.append((source, message))
        if self._waiting is not None:
            waiting, self._waiting = self._waiting, None
            waiting.switch()

    def serve(self, react: React) -> None:
        """From now on, react at once; first to what is here already."""
        self._react = react
        while self._messages:
            react(*self._messages.popleft())

    def take(self) -> tuple[int, AnyMessage]:
        """The next message; the greenlet that asks waits for it."""
        if not self._messages:
            self._waiting = greenlet.getcurrent()
            pause()
        return self._messages.popleft()


def pause() -> None:
    """Leave the running greenlet for the event loop, until somebody switches back."""
    loop = greenlet.getcurrent().parent
    if loop is None:
        raise RuntimeError("only a client's greenlet can wait; a handler has to react without waiting")
    loop.switch()


class Simulation:
    """The clock, the heap of what is to happen, everybody's inboxes, and the network between them."""

    def __init__(self, size: int, pace: float | None, journal: "Journal") -> None:
        self.now_s = 0.0
        self.journal = journal
        self._inboxes: dict[Channel, list[Inbox]] = {
            "download": [Inbox() for _ in range(size)],
            "upload": [Inbox() for _ in range(size)],
        }
        self._heap: list[tuple[float, int, Callable[[], object]]] = []
        self._sequence = count()
        self._segment_s = 1 / pace if pace else 0.0
        self._free_s: dict[int, float] = {}
        """When each uploader's line is free for the next segment."""

    # The clock of all nodes

    def now(self) -> float:
        return self.now_s

    def sleep(self, duration_s: float) -> None:
        self.at(self.now_s + duration_s, greenlet.getcurrent().switch)
        pause()

    def at(self, time_s: float, action: Callable[[], object]) -> None:
        heappush(self._heap, (time_s, next(self._sequence), action))

    def step(self) -> bool:
        """Do what comes next; False where nothing does."""
        if not self._heap:
            return False
        self.now_s, _, action = heappop(self._heap)
        action()
        return True

    # The network

    def inbox(self, channel: Channel, rank: int) -> Inbox:
        return self._inboxes[channel][rank]

    def send(self, channel: Channel, source: int, dest: int, message: AnyMessage) -> None:
        leaves_s = self.now_s
        if self._segment_s and isinstance(message, Hit):
            leaves_s = self._free_s[source] = max(self.now_s, self._free_s.get(source, 0.0)) + self._segment_s
        self.at(leaves_s + DELAY_S, partial(self.inbox(channel, dest).deliver, source, message))


class Journal:
    """All events of a run, in the order in which they happen, for the observer and the trace."""

    def __init__(self, observer: Observer, trace: TraceWriter | None) -> None:
        self.is_traced = trace is not None
        self._observer = observer
        self._trace = trace
        self._records: list[Record] = []
        self._lines: list[bytes] = []

    def record(self, record: Record) -> None:
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
    """A communicator of one thread; every message is recorded where the run is traced."""

    def __init__(self, channel: Channel, node: "VirtualNode", simulation: Simulation) -> None:
        self._channel = channel
        self._node = node
        self._simulation = simulation
        self._inbox = simulation.inbox(channel, node.rank)
        self._is_traced = simulation.journal.is_traced

    def send(self, message: AnyMessage, dest: int) -> None:
        if self._is_traced:
            self._node.record(Sent(self._channel, dest, message))
        self._simulation.send(self._channel, self._node.rank, dest, message)

    def recv(self) -> tuple[int, AnyMessage]:
        source, message = self._inbox.take()
        self._note(source, message)
        return source, message

    def serve(self, handler: Handler, end: Callable[[], None]) -> None:
        """React to every message with `handler`; call `end` when it stops running."""

        def react(source: int, message: AnyMessage) -> None:
            self._note(source, message)
            try:
                handler.handle(source, message)
            except Exception as error:
                raise self._node.failure(error) from error
            if not handler.is_running:
                end()

        self._inbox.serve(react)

    def _note(self, source: int, message: AnyMessage) -> None:
        if self._is_traced:
            self._node.record(Received(self._channel, source, message))


class VirtualNode:
    """The node of one thread."""

    def __init__(self, thread: ThreadName, step: str, rank: int, run: "VirtualRun") -> None:
        self.rank = rank
        self.size = run.size
        self.step = step
        self.clock: Clock = run.simulation
        self.random = Random(f"{run.options.rng_seed}/{rank}/{thread}")
        self.storage: Storage = DirectoryStorage(run.inputs, run.output, rank)
        self.download: Communicator = VirtualCommunicator("download", self, run.simulation)
        self.upload: Communicator = VirtualCommunicator("upload", self, run.simulation)
        self.thread = thread
        self._run = run
        self.record(ThreadStarted(0))

    def record(self, event: AnyEvent) -> None:
        simulation = self._run.simulation
        simulation.journal.record(Record(simulation.now_s, self.rank, self.thread, self.step, event))

    def failure(self, error: Exception) -> WorkerFailed:
        """Record that this thread has failed, and say where."""
        text = one_line(error)
        self.record(ThreadFailed(text, ""))
        where = f"{name_of(self.rank)} failed in its {self.thread} thread at {self.step}"
        return WorkerFailed(f"{where}: {text}", "".join(traceback.format_exception(error)))

    def run_threads(self, download: Callable[[Node], None], upload: Callable[[Node], Handler]) -> None:
        """P4: the download thread goes on in the client's greenlet, which then waits for the upload thread's end."""
        uploading = VirtualNode("upload", self.step, self.rank, self._run)
        downloading = VirtualNode("download", self.step, self.rank, self._run)
        handler = upload(uploading)
        here = greenlet.getcurrent()

        def end() -> None:
            uploading.record(ThreadEnded())
            if is_waiting:
                here.switch()

        is_waiting = False
        VirtualCommunicator("upload", uploading, self._run.simulation).serve(handler, end)
        try:
            download(downloading)
        except Exception as error:
            raise downloading.failure(error) from error
        downloading.record(ThreadEnded())
        if handler.is_running:
            is_waiting = True
            pause()


class VirtualRun:
    """One run: the tracker's handler, a greenlet for each client, and how far they have come."""

    def __init__(self, inputs: Path, num_clients: int, output: Path, options: Options, journal: Journal) -> None:
        self.inputs = inputs
        self.output = output
        self.options = options
        self.size = num_clients + 1
        self.simulation = Simulation(self.size, options.pace, journal)
        self._nodes: list[VirtualNode] = []
        self._running: set[int] = set(range(self.size))

    def start(self) -> None:
        tracker = VirtualNode("main", "T1", TRACKER, self)
        communicator = VirtualCommunicator("download", tracker, self.simulation)
        communicator.serve(Tracker(tracker, self.options.numwant), partial(self._end, tracker))
        for rank in range(1, self.size):
            self.simulation.at(0.0, greenlet.greenlet(partial(self._live, rank)).switch)

    def _live(self, rank: int) -> None:
        node = VirtualNode("main", "P1", rank, self)
        try:
            run_client(node, find_strategy(self.options.strategy), self.options.quota)
        except WorkerFailed:
            raise  # told by the thread in which it failed
        except Exception as error:
            raise node.failure(error) from error
        self._end(node)

    def _end(self, node: VirtualNode) -> None:
        node.record(ThreadEnded())
        self._running.discard(node.rank)

    def check_end(self) -> None:
        """Raise `RunError` where somebody waits for what will never come."""
        if self._running:
            names = ", ".join(name_of(rank) for rank in sorted(self._running)[:3])
            raise RunError(f"nothing is left to happen, and these wait for ever: {names}")


def run_virtual(
    inputs: Path,
    num_clients: int,
    output: Path,
    options: Options,
    observer: Observer,
    trace: TraceWriter | None = None,
) -> None:
    """Run the swarm of `in1.txt` … in `inputs` in virtual time, in this process and thread.

    The same scenario and options give the same events at the same times. Raises `RunError` where a client fails, the
    time limit (of the wall) is reached, or a signal comes.
    """
    journal = Journal(observer, trace)
    run = VirtualRun(inputs, num_clients, output, options, journal)
    signals = SignalWatch()
    ends_s = None if options.timeout_s is None else time.monotonic() + options.timeout_s
    with signals.installed():
        observer.begin()
        try:
            run.start()
            _loop(run.simulation, signals, observer, ends_s)
            run.check_end()
        finally:
            journal.flush()
            observer.end()


def _loop(simulation: Simulation, signals: SignalWatch, observer: Observer, ends_s: float | None) -> None:
    tick_s = time.monotonic()
    while True:
        for _ in range(BATCH):
            if not simulation.step():
                return
        simulation.journal.flush()
        signals.check()
        now_s = time.monotonic()
        if ends_s is not None and now_s >= ends_s:
            raise RunTimedOut(f"the time limit was reached at {simulation.now_s:.6f} s of virtual time")
        if observer.interval_s is not None and now_s >= tick_s:
            observer.tick()
            tick_s = now_s + observer.interval_s
