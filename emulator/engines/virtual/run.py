"""One run in virtual time: the tracker's handler, a greenlet for each client, and how far they have come."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import greenlet

from emulator.engines.disks import FillableDisk
from emulator.engines.names import name_of
from emulator.engines.outcome import Outcome
from emulator.engines.patience import Waits
from emulator.engines.terms import terms_of, uploader_of
from emulator.engines.virtual.communicators import FaultyCommunicator, Owner, TracedCommunicator, VirtualCommunicator
from emulator.engines.virtual.faults import CountingStorage, VirtualFaults
from emulator.engines.virtual.inbox import RankGreenlet
from emulator.engines.virtual.journal import Journal
from emulator.engines.virtual.node import VirtualNode
from emulator.engines.virtual.world import World
from emulator.errors import RunError, WorkerFailed
from emulator.protocol.beyond.tracker import ExtendedTracker
from emulator.protocol.client import run_client
from emulator.protocol.events import Channel, ThreadEnded
from emulator.protocol.files import ClientInput
from emulator.protocol.messages import TRACKER, AnyMessage
from emulator.protocol.node import Handler, Storage
from emulator.scenario.setup import Setup
from emulator.scenario.storage import MemoryStorage
from emulator.strategies import find_strategy

MIN_PATIENCE_S = 0.01
"""Virtual time that an answer is waited for, where messages can be lost, besides the time that it may take."""
NO_DISK = MemoryStorage(ClientInput(), {})
"""The tracker's."""


class VirtualRun:
    """The run, and what it supplies to its nodes."""

    def __init__(self, setup: Setup, output: Path | None, journal: Journal) -> None:
        self.world = World(setup, output, journal)
        self._faults = VirtualFaults(self.world, self._start) if self.world.faults else None
        self._waits = Waits.of(self.world.network, MIN_PATIENCE_S)
        self._num_tracker_messages = 0
        self._loop = greenlet.getcurrent()

    @property
    def is_over(self) -> bool:
        return self.world.lives.is_over

    def start(self) -> None:
        """Start all ranks, which do nothing before the simulation runs."""
        node = VirtualNode("main", "T1", TRACKER, self)
        handler = _Counting(ExtendedTracker(node, self.world.options.numwant), self._count_tracker_message)
        self.communicator("download", node).serve(handler, partial(self._end_tracker, node))
        for rank in range(1, self.world.size):
            self._start(rank)

    def _start(self, rank: int) -> None:
        """Start a client, in the life that the ledger says."""
        simulation = self.world.simulation
        self.world.greenlets[rank] = greenlet = RankGreenlet(rank, partial(self._live, rank), self._loop)
        simulation.at(simulation.now_s, greenlet.switch)

    def _live(self, rank: int) -> None:
        world = self.world
        if not world.lives.is_running(rank):
            return  # it was killed at the moment at which it was to begin
        life, patience_s = world.lives.life(rank), self._waits.plain_s
        terms = terms_of(world.options, world.faults, rank, life, patience_s, partial(self._more_s, rank))
        node = VirtualNode("main", "P1", rank, self)
        try:
            run_client(node, find_strategy(world.options.strategy), terms, uploader_of(world.faults, rank))
        except WorkerFailed:
            raise  # told by the thread in which it failed
        except Exception as error:
            raise node.failure(error) from error
        self._end(node)

    def _more_s(self, rank: int, source: int, waited_s: float) -> float:
        if self._faults is None:
            return 0.0
        busy_s = self.world.simulation.busy_s(source)
        return self._waits.whole_s(self._faults.road.in_effect, rank, source, busy_s) - waited_s

    def _end(self, node: VirtualNode) -> None:
        node.record(ThreadEnded())
        self.world.lives.end(node.rank)

    def _end_tracker(self, node: VirtualNode) -> None:
        self._end(node)
        if self._faults is not None:
            self._faults.end_with_tracker()

    def _count_tracker_message(self) -> None:
        self._num_tracker_messages += 1

    # What nodes are given

    def communicator(self, channel: Channel, owner: Owner) -> VirtualCommunicator:
        world = self.world
        if self._faults is not None:
            return FaultyCommunicator(channel, owner, world.simulation, world.journal, self._faults)
        if world.journal.hears_messages:
            return TracedCommunicator(channel, owner, world.simulation, world.journal)
        return VirtualCommunicator(channel, owner, world.simulation)

    def storage(self, rank: int) -> Storage:
        if rank == TRACKER:
            return NO_DISK
        disk = self.world.disk(rank)
        if self._faults is None:
            return disk
        in_effect = self._faults.road.in_effect
        return CountingStorage(FillableDisk(disk, lambda: in_effect.is_disk_full(rank)), rank, self._faults.injector)

    # What came of it

    def check_end(self) -> None:
        """Raise `RunError` where ranks wait for what will never come."""
        if not self.is_over:
            names = ", ".join(name_of(rank) for rank in self.world.lives.running()[:3])
            raise RunError(f"nothing is left to happen, and these wait for ever: {names}")

    def outcome(self) -> Outcome:
        world = self.world
        return Outcome(
            died=world.lives.died,
            num_messages=world.simulation.num_delivered,
            num_tracker_messages=self._num_tracker_messages,
            written=world.written(),
        )


class _Counting:
    """The tracker's handler, with a count of its messages."""

    def __init__(self, handler: Handler, count: Callable[[], None]) -> None:
        self._handler = handler
        self._count = count

    @property
    def is_running(self) -> bool:
        return self._handler.is_running

    def handle(self, source: int, message: AnyMessage) -> None:
        self._count()
        self._handler.handle(source, message)
