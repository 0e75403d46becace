"""What a fault plan does to messages in virtual time."""

from collections import defaultdict
from collections.abc import Sequence
from math import prod
from random import Random

from emulator.engines.virtual.inbox import Inbox
from emulator.engines.virtual.journal import Journal, Teller
from emulator.engines.virtual.simulation import Simulation
from emulator.faults import Fault, Slow
from emulator.faults.rules import MessageRules, Verdict
from emulator.protocol.events import Channel, MessageFaulted
from emulator.protocol.messages import AnyMessage


class FaultyRoad:
    """Puts messages on their way, past the rules of those faults that are switched on."""

    def __init__(self, faults: Sequence[Fault], simulation: Simulation, journal: Journal, rng: Random) -> None:
        self._faults = faults
        self._simulation = simulation
        self._journal = journal
        self._rng = rng
        self._rules = MessageRules(faults)
        self._slowing: set[int] = set()
        self._held: defaultdict[int, list[tuple[Inbox, int, int, AnyMessage]]] = defaultdict(list)
        """What goes on its way when the fault at this place of the plan ends."""

    def switch(self, index: int, is_on: bool) -> None:
        """The fault at this place of the plan begins, or ends."""
        fault = self._faults[index]
        if isinstance(fault, Slow):
            (self._slowing.add if is_on else self._slowing.discard)(index)
            for rank in fault.ranks:
                self._simulation.slow(rank, self._factor(rank))
        elif is_on:
            self._rules.begin(index)
        else:
            self._rules.end(index)
            for held in self._held.pop(index, ()):
                self._simulation.send(*held)

    def _factor(self, rank: int) -> float:
        slowing = (self._faults[index] for index in self._slowing)
        return prod(fault.factor for fault in slowing if isinstance(fault, Slow) and rank in fault.ranks)

    def forget(self, rank: int) -> None:
        """The rank is dead: what it has sent and a fault holds back never arrives."""
        for held in self._held.values():
            held[:] = [entry for entry in held if entry[1] != rank]

    def send(self, sender: Teller, channel: Channel, dest: int, message: AnyMessage) -> None:
        simulation, source = self._simulation, sender.rank
        inbox = simulation.inboxes[channel][dest]
        verdict = self._rules.verdict(source, dest, channel, message, self._rng) if self._rules.is_active else None
        if verdict is None or verdict.action == "passed":
            simulation.send(inbox, source, dest, message)
            return
        if self._journal.hears_messages:
            what = "delayed" if verdict.action == "held" else verdict.action
            event = MessageFaulted(what, channel, dest, verdict.message or message)
            self._journal.record(simulation.now_s, source, sender.thread, sender.step, event)
        self._send_otherwise(inbox, source, dest, message, verdict)

    def _send_otherwise(self, inbox: Inbox, source: int, dest: int, message: AnyMessage, verdict: Verdict) -> None:
        simulation = self._simulation
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
