"""What faults do to messages on their way: each fault has a small rule, and the first that does something wins.

Questions, their answers and closes can be lost, doubled, late or wrong. What is told once, and never asked for again,
goes as over a connection that retransmits: a cut holds it back until it ends, and nothing else touches it, so that it
arrives once and in order. What the engine itself tells (`Lost`, `Returned`) meets no rule at all.
"""

import random
from collections.abc import Callable, Sequence
from typing import Literal, Protocol

import msgspec

from emulator.protocol.messages import ANSWERS, AnyMessage, Close, Hit, MetadataRequest

LOSABLE: frozenset[type] = frozenset({Close}).union(
    *((question, *expected.types) for question, expected in ANSWERS.items() if question is not MetadataRequest)
)
"""Closes, for which no thread waits, and questions that are asked again, with their answers. Each client asks for
metadata once, before the second barrier (D1)."""


class Fate(msgspec.Struct, frozen=True):
    """What becomes of one message."""

    action: Literal["passed", "dropped", "held", "delayed", "duplicated", "corrupted"]
    fault: int = -1
    """The place in the plan of the fault that did it. A held message goes on its way when that fault ends."""
    delay_s: float = 0.0
    """Delayed: how much later it arrives. Duplicated: how long after the first the second arrives."""
    message: AnyMessage | None = None
    """Corrupted: what arrives instead."""


PASSED = Fate("passed")


class MessageRule(Protocol):
    """What one fault does to messages while it is on."""

    def judge(self, source: int, dest: int, message: AnyMessage, rng: random.Random) -> Fate: ...


class Disturbance:
    """Happens to a share of the messages that can be lost, of some senders, or of all where none are named."""

    def __init__(self, senders: Sequence[int], share: float, fate: Callable[[random.Random], Fate]) -> None:
        """`fate` draws what becomes of a message that is concerned."""
        self._senders = frozenset(senders)
        self._share = share
        self._fate = fate

    def judge(self, source: int, dest: int, message: AnyMessage, rng: random.Random) -> Fate:  # noqa: ARG002
        if type(message) not in LOSABLE or (self._senders and source not in self._senders):
            return PASSED
        return self._fate(rng) if rng.random() < self._share else PASSED


class Falsification:
    """Gives a share of the segments of some senders, or of all where none are named, another content."""

    def __init__(self, senders: Sequence[int], share: float, index: int) -> None:
        self._senders = frozenset(senders)
        self._share = share
        self._index = index

    def judge(self, source: int, dest: int, message: AnyMessage, rng: random.Random) -> Fate:  # noqa: ARG002
        if type(message) is not Hit or (self._senders and source not in self._senders):
            return PASSED
        if self._share < 1 and rng.random() >= self._share:
            return PASSED
        wrong = msgspec.structs.replace(message, data=falsified(message.data, rng))
        return Fate("corrupted", self._index, message=wrong)


def falsified(data: str, rng: random.Random) -> str:
    """Other hexadecimal digits, as many as `data` has, which are not `data` in another spelling."""
    num_digits = len(data)
    other = f"{rng.getrandbits(4 * num_digits):0{num_digits}x}"
    if other != data.lower():
        return other
    return other[:-1] + ("1" if other[-1] == "0" else "0")
