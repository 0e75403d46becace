"""Faults in virtual time: what a plan does to ranks, and to messages on their way."""

from collections import defaultdict
from collections.abc import Callable
from math import prod
from random import Random
from typing import TYPE_CHECKING

import greenlet

from emulator.engines.virtual.simulation import Inbox, Life
from emulator.errors import WorkerDied
from emulator.faults import Fault, Slow
from emulator.faults.injector import Injector
from emulator.faults.rules import MessageRules
from emulator.protocol.events import AnyEvent, Channel, Died, MessageFaulted, Restarted
from emulator.protocol.messages import TRACKER, AnyMessage, Lost, Returned
from emulator.protocol.node import Storage

if TYPE_CHECKING:
    from emulator.engines.virtual.engine import VirtualNode, VirtualRun

NOTICE_S = 0.002
"""How long it takes until a death is told; longer where messages of the dead are still on their way."""
RESTART_S = 0.1
"""How long after its death a client is started again, where only the option says that it is."""
CAUSE = "was killed"


class Killed(greenlet.GreenletExit):
    """Ends whatever a rank was doing when it was killed. No `Exception`: nothing of the protocol may catch it."""


class VirtualFaults:
    """The clock and the hands of the injector in virtual time."""

    def __init__(self, run: "VirtualRun", faults: tuple[Fault, ...]) -> None:
        self.died: dict[int, str] = {}
        """Clients that are dead, and do not come back: what of."""
        self.returning: set[int] = set()
        """Clients that are dead, and come back."""
        self._run = run
        self._faults = faults
        self._lives: dict[int, int] = defaultdict(int)
        self._rules = MessageRules(faults)
        self._slowing: set[int] = set()
        self._rng = Random(f"{run.options.rng_seed}/faults")
        self._held: defaultdict[int, list[tuple[Inbox, int, int, AnyMessage]]] = defaultdict(list)
        """What goes on its way when the fault at this place of the plan ends."""
        num_wanted = sum(run.scenario.wanted_segments())
        self.injector = Injector(faults, num_wanted, self, self)

    # The injector's clock and hands

    def at(self, time_s: float, action: Callable[[], None]) -> None:
        """Nothing happens to a swarm that has ended, and its run takes no longer for what was to happen then."""
        self._run.simulation.at(time_s, lambda: action() if self._run.running else None)

    def now_s(self) -> float:
        return self._run.simulation.now_s

    def is_running(self, rank: int) -> bool:
        return rank in self._run.running and rank not in self.returning

    def record(self, rank: int, event: AnyEvent) -> None:
        self._run.record(rank, event)

    def pause(self, rank: int) -> None:
        self._run.simulation.pause(rank)

    def resume(self, rank: int) -> None:
        self._run.simulation.resume(rank)

    def switch(self, index: int, is_on: bool) -> None:
        fault, simulation = self._faults[index], self._run.simulation
        if isinstance(fault, Slow):
            (self._slowing.add if is_on else self._slowing.discard)(index)
            for rank in fault.ranks:
                simulation.slow(rank, self._factor(rank))
        elif is_on:
            self._rules.begin(index)
        else:
            self._rules.end(index)
            for held in self._held.pop(index, ()):
                simulation.send(*held)

    def _factor(self, rank: int) -> float:
        slowing = (self._faults[index] for index in self._slowing)
        return prod(fault.factor for fault in slowing if isinstance(fault, Slow) and rank in fault.ranks)

    def kill(self, rank: int, restart_s: float | None, is_state_kept: bool) -> None:
        """The rank does nothing more from now on; whatever it was doing ends when it is next on turn."""
        run, simulation = self._run, self._run.simulation
        run.record(rank, Died(CAUSE))
        simulation.close(rank)
        if rank == TRACKER:
            simulation.at(simulation.now_s, _raising(WorkerDied(f"the tracker {CAUSE}; {run.where(rank)}")))
            self.died[rank] = CAUSE
            return
        if run.options.restart and restart_s is None:
            restart_s, is_state_kept = RESTART_S, True
        life = run.lives.pop(rank, None)
        if life is not None:
            simulation.at(simulation.now_s, _ending(life))
        lost_s = simulation.now_s + max(NOTICE_S, simulation.longest_delay_s)
        simulation.recall(rank, lost_s)
        for held in self._held.values():
            held[:] = [entry for entry in held if entry[1] != rank]
        simulation.at(lost_s, lambda: self._tell(rank, Lost(restart_s is not None)))
        if restart_s is None:
            run.running.discard(rank)
            self.died[rank] = f"client {rank} {CAUSE}; {run.where(rank)}"
        else:
            self.returning.add(rank)
            simulation.at(max(lost_s, simulation.now_s + restart_s), lambda: self._restart(rank, is_state_kept))

    # Death and return

    def _tell(self, rank: int, message: AnyMessage) -> None:
        """Tell everybody who lives, on both communicators, as if the rank itself had said it."""
        inboxes = self._run.simulation.inboxes
        inboxes["download"][TRACKER].deliver(rank, message)
        for other in sorted(self._run.running):
            if other not in (rank, TRACKER) and other not in self.returning:
                inboxes["download"][other].deliver(rank, message)
                inboxes["upload"][other].deliver(rank, message)

    def _restart(self, rank: int, is_state_kept: bool) -> None:
        run = self._run
        if TRACKER not in run.running:  # it died when all had finished: there is nothing to come back to
            self._give_up(rank)
            return
        if not is_state_kept:
            run.disk(rank).erase(run.scenario.clients[rank - 1].wanted)
        run.simulation.reopen(rank)
        run.record(rank, Restarted(is_state_kept))
        self._tell(rank, Returned())
        self.returning.discard(rank)
        for other in sorted({*self.died, *self.returning}):
            for inboxes in run.simulation.inboxes.values():
                inboxes[rank].deliver(other, Lost(other in self.returning))
        self._lives[rank] += 1
        run.bear(rank, self._lives[rank])

    def _give_up(self, rank: int) -> None:
        self.returning.discard(rank)
        self._run.running.discard(rank)
        self.died[rank] = f"client {rank} {CAUSE}; {self._run.where(rank)}"

    def end_with_tracker(self) -> None:
        """The tracker has stopped. Whoever came back so late that it did not hear of it waits for nothing."""
        for rank in [rank for rank in self._lives if self.is_running(rank) and self._run.is_waiting_to_begin(rank)]:
            life = self._run.lives.pop(rank)
            self._run.record(rank, Died("came back when the swarm was over"))
            self._run.simulation.close(rank)
            self._run.simulation.at(self.now_s(), _ending(life))
            self._give_up(rank)

    # Messages

    def check(self, rank: int) -> None:
        """Raise `Killed` where this rank is dead, as it may be only since its last step."""
        if rank in self.died or rank in self.returning:
            raise Killed

    def prepare_send(self, rank: int) -> None:
        """Do what is due before this rank sends once more. Raises `Killed` where it is dead, now or since before."""
        self.check(rank)
        self.injector.count_message(rank)
        self.check(rank)

    def send(self, node: "VirtualNode", channel: Channel, dest: int, message: AnyMessage) -> None:
        """Put a message on its way, past the rules."""
        simulation, source = self._run.simulation, node.rank
        inbox = simulation.inboxes[channel][dest]
        verdict = self._rules.verdict(source, dest, channel, message, self._rng) if self._rules.is_active else None
        if verdict is None or verdict.action == "passed":
            simulation.send(inbox, source, dest, message)
            return
        if self._run.journal.hears_messages:
            what = "delayed" if verdict.action == "held" else verdict.action
            node.record(MessageFaulted(what, channel, dest, verdict.message or message))
        match verdict.action:
            case "held":
                self._held[verdict.fault].append((inbox, source, dest, message))
            case "delayed":
                simulation.send_late(inbox, source, dest, message, verdict.delay_s)
            case "duplicated":
                simulation.send(inbox, source, dest, message)
                simulation.send_late(inbox, source, dest, message, verdict.delay_s)
            case "corrupted":
                simulation.send(inbox, source, dest, verdict.message or message)


class CountingStorage:
    """A rank's disk that tells the injector of every segment that is got."""

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


def _ending(life: Life) -> Callable[[], None]:
    """In the event loop, for the end of a greenlet goes on in its parent."""

    def end() -> None:
        if not life.dead:
            life.throw(Killed)

    return end
