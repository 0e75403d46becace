"""Faults in virtual time: how ranks die, come back and stand still, and when."""

from collections.abc import Callable
from random import Random

import greenlet

from emulator.engines.lives import TOO_LATE, Comeback, Death, State
from emulator.engines.virtual.inbox import RankGreenlet
from emulator.engines.virtual.road import FaultyRoad
from emulator.engines.virtual.world import World
from emulator.errors import WorkerDied
from emulator.faults.injector import Injector
from emulator.protocol.events import AnyEvent, Died, Restarted
from emulator.protocol.messages import TRACKER, AnyMessage, Lost, Returned
from emulator.protocol.node import Storage

NOTICE_S = 0.002
"""How long it takes until a death is told; longer where messages of the dead are still on their way."""
CAUSE = "was killed"


class Killed(greenlet.GreenletExit):
    """Ends whatever a rank was doing when it was killed. No `Exception`: nothing of the protocol may catch it."""


class VirtualFaults:
    """The clock and the hands of the injector in virtual time."""

    def __init__(self, world: World, start: Callable[[int], None]) -> None:
        """`start` starts a client, in the life that the ledger says."""
        self._world = world
        self._start = start
        self._simulation = world.simulation
        self._lives = world.lives
        rng = Random(f"{world.options.rng_seed}/faults")
        self.road = FaultyRoad(world.faults, world.simulation, world.journal, rng)
        self.injector = Injector(world.faults, sum(world.scenario.wanted_segments()), self, self)

    # The injector's clock and hands

    def at(self, time_s: float, action: Callable[[], None]) -> None:
        """Nothing happens to a swarm that has ended, and its run takes no longer for what was to happen then."""
        self._simulation.at(time_s, lambda: None if self._lives.is_over else action())

    def now_s(self) -> float:
        return self._simulation.now_s

    def is_running(self, rank: int) -> bool:
        return self._lives.is_running(rank)

    def record(self, rank: int, event: AnyEvent) -> None:
        self._world.record(rank, event)

    def pause(self, rank: int) -> None:
        self._lives.stop(rank)
        self._simulation.pause(rank)

    def resume(self, rank: int) -> None:
        if self._lives.state(rank) is State.STOPPED and self._lives.go_on(rank):
            self._simulation.resume(rank)

    def switch(self, index: int, is_on: bool) -> None:
        self.road.switch(index, is_on)

    def kill(self, rank: int, restart_s: float | None, is_state_kept: bool) -> None:
        """The rank does nothing more from now on; whatever it was doing ends when it is next on turn."""
        if restart_s is not None:
            self._lives.doom(rank, Comeback(restart_s, is_state_kept))
        death = self._end_life(rank, CAUSE)
        simulation, comeback = self._simulation, death.comeback
        if rank == TRACKER:
            simulation.at(simulation.now_s, _raising(WorkerDied(death.text)))
            return
        lost_s = simulation.now_s + max(NOTICE_S, simulation.longest_delay_s)
        simulation.recall(rank, lost_s)
        self.road.forget(rank)
        simulation.at(lost_s, lambda: self._tell(rank, Lost(comeback is not None)))
        if comeback is not None:
            simulation.at(max(lost_s, simulation.now_s + comeback.after_s), lambda: self._restart(rank, comeback))

    # Death and return

    def _end_life(self, rank: int, how: str) -> Death:
        self._world.record(rank, Died(how))
        self._simulation.close(rank)
        greenlet = self._world.greenlets.get(rank)
        if greenlet is not None:
            self._simulation.at(self.now_s(), _ending(greenlet))
        return self._lives.die(rank, how, self._world.where(rank))

    def _tell(self, rank: int, message: AnyMessage) -> None:
        """Tell all ranks that live, on both communicators, as if the rank itself had said it."""
        inboxes = self._simulation.inboxes
        inboxes["download"][TRACKER].deliver(rank, message)
        for other in self._lives.running():
            if other not in (rank, TRACKER):
                inboxes["download"][other].deliver(rank, message)
                inboxes["upload"][other].deliver(rank, message)

    def _restart(self, rank: int, comeback: Comeback) -> None:
        world = self._world
        if self._lives.state(rank) is not State.RETURNING:
            return  # the tracker has ended since
        if not comeback.is_state_kept:
            world.disk(rank).erase(world.scenario.clients[rank - 1].wanted)
        self._simulation.reopen(rank)
        world.record(rank, Restarted(comeback.is_state_kept))
        self._tell(rank, Returned())
        self._lives.come_back(rank)
        for other, is_returning in self._lives.gone():
            for inboxes in self._simulation.inboxes.values():
                inboxes[rank].deliver(other, Lost(is_returning))
        self._start(rank)

    def end_with_tracker(self) -> None:
        """The tracker has ended. A client that came back too late for the tracker to hear of it waits for nothing."""
        for rank in self._lives.returned():
            if self._world.is_waiting_to_begin(rank):
                self._end_life(rank, TOO_LATE)

    # What is checked and counted at every message

    def check(self, rank: int) -> None:
        """Raise `Killed` where this rank is dead, as it may be only since its last step."""
        if self._lives.is_gone(rank):
            raise Killed

    def prepare_send(self, rank: int) -> None:
        """Do what is due before this rank sends once more. Raises `Killed` where it is dead, now or since before."""
        self.check(rank)
        self.injector.count_message(rank)
        self.check(rank)


class CountingStorage:
    """A client's disk that tells the injector of every segment that arrives."""

    keeps_segments = True

    def __init__(self, storage: Storage, rank: int, injector: Injector) -> None:
        self.storage = storage
        self.read_input = storage.read_input
        self.read_stored = storage.read_stored
        self.write_output = storage.write_output
        self._rank = rank
        self._injector = injector

    def store(self, file: str, segment: int, data: str) -> None:
        self.storage.store(file, segment, data)
        self._injector.count_segments(self._rank, 1)


def _raising(error: Exception) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


def _ending(greenlet: RankGreenlet) -> Callable[[], None]:
    """In the event loop, for the end of a greenlet goes on in its parent."""

    def end() -> None:
        if not greenlet.dead:
            greenlet.throw(Killed)

    return end
