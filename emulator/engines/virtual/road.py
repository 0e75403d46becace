"""What a fault plan does to messages in virtual time."""

from collections import defaultdict
from collections.abc import Sequence
from random import Random

from emulator.engines.virtual.inbox import Inbox
from emulator.engines.virtual.journal import Journal, Teller
from emulator.engines.virtual.simulation import Simulation
from emulator.faults import Fault
from emulator.faults.in_effect import InEffect
from emulator.faults.rules import Fate
from emulator.protocol.events import Channel, MessageFaulted
from emulator.protocol.messages import AnyMessage


class FaultyRoad:
    """Puts messages on their way, past the rules of those faults that are switched on."""

    def __init__(self, faults: Sequence[Fault], simulation: Simulation, journal: Journal, rng: Random) -> None:
        self._simulation = simulation
        self._journal = journal
        self._rng = rng
        self.in_effect = InEffect(faults)
        self._held: defaultdict[int, list[tuple[Inbox, int, int, AnyMessage]]] = defaultdict(list)
        """What goes on its way when the fault at this place of the plan ends."""

    def switch(self, index: int, is_on: bool) -> None:
        """The fault at this place of the plan begins, or ends."""
        self.in_effect.switch(index, is_on)
        for rank, slowness in self.in_effect.slowed(index).items():
            self._simulation.slow(rank, slowness)
        if not is_on:
            for held in self._held.pop(index, ()):
                self._simulation.send(*held)

    def forget(self, rank: int) -> None:
        """The rank is dead: what it has sent and a fault holds back never arrives."""
        for held in self._held.values():
            held[:] = [entry for entry in held if entry[1] != rank]

    def send(self, sender: Teller, channel: Channel, dest: int, message: AnyMessage) -> None:
        simulation, source = self._simulation, sender.rank
        inbox = simulation.inboxes[channel][dest]
        fate = self.in_effect.fate(source, dest, message, self._rng) if self.in_effect.touches_messages else None
        if fate is None or fate.action == "passed":
            simulation.send(inbox, source, dest, message)
            return
        if self._journal.hears_messages:
            what = "delayed" if fate.action == "held" else fate.action
            event = MessageFaulted(what, channel, dest, fate.message or message)
            self._journal.record(simulation.now_s, source, sender.thread, sender.step, event)
        self._send_otherwise(inbox, source, dest, message, fate)

    def _send_otherwise(self, inbox: Inbox, source: int, dest: int, message: AnyMessage, fate: Fate) -> None:
        simulation = self._simulation
        match fate.action:
            case "held":
                self._held[fate.fault].append((inbox, source, dest, message))
            case "delayed":
                simulation.send_late(inbox, source, dest, message, fate.delay_s)
            case "duplicated":
                simulation.send(inbox, source, dest, message)
                simulation.send_late(inbox, source, dest, message, fate.delay_s)
            case "corrupted":
                simulation.send(inbox, source, dest, fate.message or message)
