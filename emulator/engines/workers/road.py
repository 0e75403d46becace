"""What lies between sending a message and its inbox, in one process: lines that take their time, and faults."""

import random
import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from emulator.engines.lines import Lines
from emulator.engines.patience import Waits
from emulator.engines.workers.outbox import Outbox
from emulator.engines.workers.sender import Sender
from emulator.faults import Fault
from emulator.faults.in_effect import InEffect
from emulator.faults.rules import Fate
from emulator.protocol.events import Channel
from emulator.protocol.messages import AnyMessage, Hit
from emulator.protocol.node import Clock

LOOK_EVERY_S = 0.005
"""How often a process looks whether the fault has ended that holds its messages back."""

_encode = msgspec.msgpack.Encoder().encode

Note = Callable[[Fate], None]
"""Hears what becomes of a message that does not pass as it is, before it goes on its way."""


class Switches(Protocol):
    """Which faults are on."""

    @property
    def states(self) -> bytes:
        """1 for each fault that is on, 0 for each that is not, in the order of the plan."""


class Road:
    """Carries the messages of all threads of one rank: each arrives when the lines say, if no fault concerns it."""

    def __init__(self, rank: int, clock: Clock, sender: Sender, lines: Lines | None) -> None:
        self._rank = rank
        self._clock = clock
        self._sender = sender
        self._lines = lines
        self._due_s: dict[tuple[Channel, int], float] = {}
        """When the latest message that took its time arrives, for each way: what is sent later comes after it."""

    def carry(
        self,
        channel: Channel,
        dest: int,
        inbox: Outbox,
        message: AnyMessage,
        note: Note,  # noqa: ARG002
    ) -> None:
        """Send a message on its way."""
        now_s = self._clock.now()
        arrival_s = self._arrival_s(now_s, channel, dest, message)
        data = _encode((self._rank, message))
        if arrival_s <= now_s and (channel, dest) not in self._due_s:
            inbox.deliver(data)
        else:
            self._sender.post(arrival_s, inbox, data)

    def _arrival_s(self, now_s: float, channel: Channel, dest: int, message: AnyMessage) -> float:
        if self._lines is None:
            return now_s
        arrival_s = self._lines.arrival_s(now_s, self._rank, dest, isinstance(message, Hit))
        arrival_s = max(arrival_s, self._due_s.get((channel, dest), 0.0))
        if arrival_s > now_s:
            self._due_s[channel, dest] = arrival_s
        return arrival_s


class FaultyRoad(Road):
    """A road on which faults happen to messages, while the parent has switched them on.

    Every message goes by the sender's thread, so that what was held back is not overtaken by what was sent later.
    """

    def __init__(
        self,
        rank: int,
        clock: Clock,
        sender: Sender,
        lines: Lines | None,
        faults: Sequence[Fault],
        board: Switches,
        rng: random.Random,
    ) -> None:
        super().__init__(rank, clock, sender, lines)
        self._in_effect = InEffect(faults)
        self._board = board
        self._seen = bytes(len(faults))
        self._rng = rng
        self._lock = threading.Lock()
        self._held: defaultdict[int, list[tuple[Outbox, bytes]]] = defaultdict(list)
        """What goes on its way when the fault at this place of the plan ends."""
        self._was_slow: dict[int, tuple[float, float]] = {}
        """When each rank was as slow as that for the last time: its line may still be busy with what it sent then."""
        sender.look_regularly(self.look, LOOK_EVERY_S)

    def carry(self, channel: Channel, dest: int, inbox: Outbox, message: AnyMessage, note: Note) -> None:
        with self._lock:
            self._look()
            now_s = self._clock.now()
            fate = self._in_effect.fate(self._rank, dest, message, self._rng)
            arriving = message if fate.message is None else fate.message
            data = _encode((self._rank, arriving))
            if fate.action != "passed":
                note(fate)
            if fate.action == "held":
                self._held[fate.fault].append((inbox, data))
                return
            arrival_s = self._arrival_s(now_s, channel, dest, message)
            for time_s in _arrivals_s(arrival_s, fate):
                self._sender.post(time_s, inbox, data)

    def look(self) -> bool:
        """Notice what the parent has switched; whether anything is held back."""
        with self._lock:
            self._look()
            return bool(self._held)

    def _look(self) -> None:
        states = self._board.states
        if states == self._seen:
            return
        before, self._seen = self._seen, states
        for index, (was, is_on) in enumerate(zip(before, states, strict=True)):
            if was != is_on:
                self._switch(index, bool(is_on))

    def more_s(self, waits: Waits, source: int, waited_s: float) -> float:
        """How much longer an answer of `source` is waited for."""
        with self._lock:
            self._look()
            ended_s, slowness = self._was_slow.get(source, (0.0, 0.0))
            busy_s = ended_s + slowness * waits.queue_s - self._clock.now()
            return waits.whole_s(self._in_effect, self._rank, source, busy_s) - waited_s

    def _switch(self, index: int, is_on: bool) -> None:
        if not is_on:
            now_s = self._clock.now()
            self._was_slow |= {rank: (now_s, slowness) for rank, slowness in self._in_effect.slowed(index).items()}
        self._in_effect.switch(index, is_on)
        if self._lines is not None:
            for rank, slowness in self._in_effect.slowed(index).items():
                self._lines.slow(rank, slowness)
        if not is_on:
            for inbox, data in self._held.pop(index, ()):
                self._sender.post(self._clock.now(), inbox, data)


def _arrivals_s(arrival_s: float, fate: Fate) -> Sequence[float]:
    match fate.action:
        case "dropped":
            return ()
        case "delayed":
            return (arrival_s + fate.delay_s,)
        case "duplicated":
            return (arrival_s, arrival_s + fate.delay_s)
        case _:
            return (arrival_s,)
