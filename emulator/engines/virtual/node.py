"""The node that the virtual engine gives to each thread of the protocol."""

import traceback
from collections.abc import Callable
from random import Random
from typing import Protocol

import greenlet

from emulator.engines.names import failed_at, one_line
from emulator.engines.virtual.communicators import Owner, VirtualCommunicator
from emulator.engines.virtual.world import World
from emulator.errors import WorkerFailed
from emulator.protocol.events import AnyEvent, Channel, ThreadEnded, ThreadFailed, ThreadStarted
from emulator.protocol.node import Clock, Communicator, Handler, Node, Storage
from emulator.trace.records import ThreadName


class Supplies(Protocol):
    """What a run gives to its nodes."""

    world: World

    def communicator(self, channel: Channel, owner: Owner) -> VirtualCommunicator: ...

    def storage(self, rank: int) -> Storage: ...


class VirtualNode:
    """The node of one thread."""

    __slots__ = ("_random", "_run", "clock", "download", "rank", "size", "step", "storage", "thread", "upload")

    def __init__(self, thread: ThreadName, step: str, rank: int, run: Supplies) -> None:
        self.rank = rank
        self.size = run.world.size
        self.step = step
        self.thread = thread
        self.clock: Clock = run.world.simulation
        self.storage = run.storage(rank)
        self.download: Communicator = run.communicator("download", self)
        self.upload: Communicator = run.communicator("upload", self)
        self._run = run
        self._random: Random | None = None
        run.world.enter(self)
        self.record(ThreadStarted(0))

    @property
    def random(self) -> Random:
        """Made when it is first used: most threads draw nothing, and a generator is 2.5 kB."""
        if self._random is None:
            self._random = Random(f"{self._run.world.options.rng_seed}/{self.rank}/{self.thread}")
        return self._random

    def record(self, event: AnyEvent) -> None:
        world = self._run.world
        world.journal.record(world.simulation.now_s, self.rank, self.thread, self.step, event)

    def failure(self, error: BaseException) -> WorkerFailed:
        """Record that this thread has failed; the error that ends the run."""
        text = one_line(error)
        self.record(ThreadFailed(text, ""))
        where = failed_at(self.rank, self.thread, self.step)
        return WorkerFailed(f"{where}: {text}", "".join(traceback.format_exception(error)))

    def run_threads(self, download: Callable[[Node], None], upload: Callable[[Node], Handler]) -> None:
        """P4: the download thread goes on in the client's greenlet, which then waits for the upload thread's end."""
        simulation = self._run.world.simulation
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
