"""The faults that are on now, and what they come to together."""

import random
from collections.abc import Sequence
from math import prod

from emulator.faults.fault import Condition, Fault
from emulator.faults.rules import PASSED, Fate, MessageRule
from emulator.protocol.messages import AnyMessage, Lost, Returned


class InEffect:
    """The conditions of a plan, of which those count that have begun and not ended."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self._conditions = {index: fault for index, fault in enumerate(faults) if isinstance(fault, Condition)}
        self._rules = {
            index: rule for index, fault in self._conditions.items() if (rule := fault.rule(index)) is not None
        }
        self._on: dict[int, Condition] = {}
        self._active: tuple[MessageRule, ...] = ()

    def switch(self, index: int, is_on: bool) -> None:
        """The fault at this place of the plan begins, or ends."""
        if is_on:
            self._on[index] = self._conditions[index]
        else:
            self._on.pop(index, None)
        indices = sorted(self._on.keys() & self._rules, key=lambda index: (not self._on[index].comes_first, index))
        self._active = tuple(self._rules[index] for index in indices)

    @property
    def touches_messages(self) -> bool:
        """Whether anything can happen to a message now."""
        return bool(self._active)

    def fate(self, source: int, dest: int, message: AnyMessage, rng: random.Random) -> Fate:
        """What becomes of a message that is sent now. Draws from `rng` only where a fault concerns the message."""
        if not self._active or isinstance(message, (Lost, Returned)):
            return PASSED
        for rule in self._active:
            fate = rule.judge(source, dest, message, rng)
            if fate is not PASSED:
                return fate
        return PASSED

    def slowed(self, index: int) -> dict[int, float]:
        """The ranks whose lines the fault at this place slows, with the slowness that each has now; 1 for none."""
        fault = self._conditions[index]
        return {rank: self.slowness(rank) for rank in fault.ranks} if fault.slowness != 1 else {}

    def slowness(self, rank: int) -> float:
        """How many times as long the lines of this rank take."""
        return prod(fault.slowness for fault in self._on.values() if rank in fault.ranks)

    def is_disk_full(self, rank: int) -> bool:
        """Whether nothing more fits on the disk of this rank."""
        return any(fault.fills_disks and rank in fault.ranks for fault in self._on.values())

    def lateness_s(self, sender: int) -> float:
        """By how much one message of this rank may be delayed: no more than one fault does something to it."""
        return max((fault.lateness_s(sender) for fault in self._on.values()), default=0.0)
