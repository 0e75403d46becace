"""`duplicate 5% of messages`."""

import random
from typing import ClassVar

from emulator.faults.kinds.message_fault import MessageFault
from emulator.faults.rules import Fate

MAX_APART_S = 0.01
"""How long after the first the second arrives at most."""


class Duplicate(MessageFault, frozen=True):
    """They arrive twice."""

    words: ClassVar[tuple[str, ...]] = ("duplicate",)
    weight: ClassVar[int] = 2

    def fate(self, index: int, rng: random.Random) -> Fate:
        return Fate("duplicated", index, rng.random() * MAX_APART_S)
