"""The node of a worker's threads, over any pair of communicators."""

import os
import random
import threading
from collections.abc import Callable

import msgspec

from emulator.engines.names import encodable, one_line
from emulator.engines.workers.boards import CODES, StepBoard
from emulator.engines.workers.communicators import Place
from emulator.engines.workers.journal import Journal
from emulator.protocol.events import AnyEvent, Channel, ThreadEnded, ThreadFailed, ThreadStarted
from emulator.protocol.node import Clock, Communicator, Handler, Node, Storage, serve
from emulator.trace.records import ThreadName

MAX_TRACEBACK = 8_000
"""Characters of a traceback that are reported: its end."""


class Worker(msgspec.Struct, frozen=True):
    """What the threads of one worker share."""

    rank: int
    size: int
    life: int
    """How often this rank was started before."""
    rng_seed: int
    clock: Clock
    journal: Journal
    board: StepBoard
    storage: Storage
    connect: Callable[[Channel, Place], Communicator]
    """Makes a communicator for a thread."""


class WorkerNode:
    """The node of one thread."""

    def __init__(self, thread: ThreadName, step: str, worker: Worker) -> None:
        self.rank = worker.rank
        self.size = worker.size
        self.clock = worker.clock
        self.thread = thread
        self.download = worker.connect("download", self)
        self.upload = worker.connect("upload", self)
        self.random = random.Random(f"{worker.rng_seed}/{worker.rank}/{thread}{'/' * worker.life}")
        self.storage = worker.storage
        self._worker = worker
        self._record = worker.journal.record
        self._cells = worker.board.cells
        self._cell = worker.board.cell(worker.rank, thread)
        self.step = step

    @property
    def step(self) -> str:
        return self._step

    @step.setter
    def step(self, step: str) -> None:
        self._step = step
        self._cells[self._cell] = CODES[step]

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

            text = "".join(traceback.format_exception(error))[-MAX_TRACEBACK:]
            self.record(ThreadFailed(one_line(error), encodable(text)))
            self._worker.journal.flush()
        except BaseException:
            os._exit(1)  # the parent sees that at least, and where it was
