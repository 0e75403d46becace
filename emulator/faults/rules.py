"""What faults do to messages on their way: each fault is a small rule, the first that does not pass a message wins.

Questions, their answers and closes can be lost, doubled, late or wrong. What is told once, and never asked for again,
goes as over a connection that retransmits: a cut holds it back until it ends, and nothing else touches it, so that it
arrives once and in order. What the engine itself tells (`Lost`, `Returned`) does not pass here at all.
"""

import random
from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec

from emulator.faults import Corrupt, CutOff, Delay, Drop, Duplicate, Fault, Liar, MessageFault, Reorder
from emulator.faults.kinds import REORDER_S
from emulator.protocol.events import Channel
from emulator.protocol.messages import (
    TRACKER,
    AnyMessage,
    Close,
    ConnectionCount,
    ConnectionCountRequest,
    Hit,
    Holdings,
    HoldingsRequest,
    Lost,
    Miss,
    Returned,
    SegmentRequest,
    Stuck,
    StuckAnswer,
    SwarmAnswer,
    SwarmRequest,
)

LOSABLE: frozenset[type] = frozenset(
    {
        SegmentRequest,
        Hit,
        Miss,
        ConnectionCountRequest,
        ConnectionCount,
        HoldingsRequest,
        Holdings,
        SwarmRequest,
        SwarmAnswer,
        Close,
        Stuck,
        StuckAnswer,
    }
)
"""Questions, which are asked again, their answers, and closes, which nobody waits for."""


class Verdict(msgspec.Struct, frozen=True):
    """What becomes of one message."""

    action: Literal["passed", "dropped", "held", "delayed", "duplicated", "corrupted"]
    fault: int = -1
    """The place in the plan of the fault that did it. A held message goes on its way when that fault ends."""
    delay_s: float = 0.0
    """Delayed: how much later it arrives. Duplicated: how long after the first the second arrives."""
    message: AnyMessage | None = None
    """Corrupted: what arrives instead."""


PASSED = Verdict("passed")


class Rule(Protocol):
    def judge(self, source: int, dest: int, message: AnyMessage, rng: random.Random) -> Verdict: ...


class Cut:
    """`cut off`: between two groups, in both directions."""

    def __init__(self, fault: CutOff, index: int) -> None:
        self._ranks = frozenset(fault.ranks)
        self._others = frozenset(fault.others)
        self._dropped = Verdict("dropped", index)
        self._held = Verdict("held", index)

    def judge(self, source: int, dest: int, message: AnyMessage, rng: random.Random) -> Verdict:  # noqa: ARG002
        if not (self._is_between(source, dest) or self._is_between(dest, source)):
            return PASSED
        return self._dropped if type(message) in LOSABLE else self._held

    def _is_between(self, one: int, other: int) -> bool:
        if one not in self._ranks:
            return False
        return other in self._others if self._others else other != TRACKER and other not in self._ranks


class Disturbance:
    """`drop`, `duplicate`, `delay`, `reorder`: some messages of some senders."""

    def __init__(self, fault: MessageFault, index: int) -> None:
        self._fault = fault
        self._index = index
        self._share = fault.percent / 100
        self._senders = frozenset(fault.ranks)

    def judge(self, source: int, dest: int, message: AnyMessage, rng: random.Random) -> Verdict:  # noqa: ARG002
        if type(message) not in LOSABLE or (self._senders and source not in self._senders):
            return PASSED
        return self._verdict(rng) if rng.random() < self._share else PASSED

    def _verdict(self, rng: random.Random) -> Verdict:
        match self._fault:
            case Drop():
                return Verdict("dropped", self._index)
            case Duplicate():
                return Verdict("duplicated", self._index, rng.random() * REORDER_S)
            case Delay(by_s=by_s):
                return Verdict("delayed", self._index, by_s)
            case Reorder(within_s=within_s):
                return Verdict("delayed", self._index, rng.random() * within_s)
            case _:
                raise TypeError(f"{self._fault} does nothing to messages on their way")


class Falsification:
    """`corrupt` and `liar`: some segments, or all, of some senders."""

    def __init__(self, senders: Sequence[int], share: float, index: int) -> None:
        self._senders = frozenset(senders)
        self._share = share
        self._index = index

    def judge(self, source: int, dest: int, message: AnyMessage, rng: random.Random) -> Verdict:  # noqa: ARG002
        if type(message) is not Hit or (self._senders and source not in self._senders):
            return PASSED
        if self._share < 1 and rng.random() >= self._share:
            return PASSED
        wrong = msgspec.structs.replace(message, data=falsified(message.data, rng))
        return Verdict("corrupted", self._index, message=wrong)


class MessageRules:
    """The rules of a plan, of which those apply whose faults have begun and not ended. Cuts come before all others."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self._rules = {index: rule for index, fault in enumerate(faults) if (rule := make_rule(fault, index))}
        self._begun: set[int] = set()
        self._active: tuple[Rule, ...] = ()

    @property
    def is_active(self) -> bool:
        """Whether anything can happen to a message now."""
        return bool(self._active)

    def begin(self, index: int) -> None:
        """The fault at this place of the plan takes effect; one that leaves messages alone changes nothing."""
        if index in self._rules:
            self._begun.add(index)
            self._arrange()

    def end(self, index: int) -> None:
        self._begun.discard(index)
        self._arrange()

    def _arrange(self) -> None:
        rules = [self._rules[index] for index in sorted(self._begun)]
        self._active = tuple(sorted(rules, key=lambda rule: not isinstance(rule, Cut)))

    def verdict(
        self,
        source: int,
        dest: int,
        channel: Channel,  # noqa: ARG002 (faults of lines, not of communicators)
        message: AnyMessage,
        rng: random.Random,
    ) -> Verdict:
        """What becomes of a message that is sent now. Draws from `rng` only where a fault concerns the message."""
        if not self._active or isinstance(message, (Lost, Returned)):
            return PASSED
        for rule in self._active:
            verdict = rule.judge(source, dest, message, rng)
            if verdict is not PASSED:
                return verdict
        return PASSED


def make_rule(fault: Fault, index: int) -> Rule | None:
    """The rule of a fault that does something to messages; None for others."""
    match fault:
        case CutOff():
            return Cut(fault, index)
        case Corrupt():
            return Falsification(fault.ranks, fault.percent / 100, index)
        case Liar():
            return Falsification(fault.ranks, 1.0, index)
        case MessageFault():
            return Disturbance(fault, index)
        case _:
            return None


def falsified(data: str, rng: random.Random) -> str:
    """Other hexadecimal digits of the same number, never the same in any spelling."""
    num_digits = len(data)
    other = f"{rng.getrandbits(4 * num_digits):0{num_digits}x}"
    if other != data.lower():
        return other
    return other[:-1] + ("1" if other[-1] == "0" else "0")
