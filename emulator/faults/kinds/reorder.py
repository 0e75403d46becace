"""`reorder 10% of messages within 5ms`."""

import random
from typing import Any, ClassVar

from emulator.faults.draws import Draw
from emulator.faults.kinds.message_fault import MessageFault
from emulator.faults.rules import Fate
from emulator.faults.spelling import duration
from emulator.faults.words import Words

WITHIN_S = 0.01
"""By how much a message is late at most, where the line does not say."""


class Reorder(MessageFault, frozen=True):
    """They arrive up to `within_s` later, each with a delay of its own, so that others overtake them."""

    words: ClassVar[tuple[str, ...]] = ("reorder",)
    weight: ClassVar[int] = 2

    within_s: float = WITHIN_S

    def _how(self) -> str:
        return "" if self.within_s == WITHIN_S else f" within {duration(self.within_s)}"

    @classmethod
    def _read_own(cls, words: Words) -> dict[str, Any]:
        return {"within_s": words.take_time()} if words.take("within") else {}

    @classmethod
    def _draw_own(cls, draw: Draw) -> dict[str, Any]:
        return {"within_s": draw.time_s()}

    def fate(self, index: int, rng: random.Random) -> Fate:
        return Fate("delayed", index, rng.random() * self.within_s)

    def lateness_s(self, sender: int) -> float:
        return self.within_s if self.sends(sender) else 0.0
