"""`delay 10% of messages by 20ms`."""

import random
from typing import Any, ClassVar

from emulator.faults.draws import Draw
from emulator.faults.kinds.message_fault import MessageFault
from emulator.faults.rules import Fate
from emulator.faults.spelling import duration
from emulator.faults.words import Words


class Delay(MessageFault, frozen=True):
    """They arrive `by_s` later, and so perhaps after others that were sent later."""

    words: ClassVar[tuple[str, ...]] = ("delay",)
    weight: ClassVar[int] = 2

    by_s: float

    def _how(self) -> str:
        return f" by {duration(self.by_s)}"

    @classmethod
    def _read_own(cls, words: Words) -> dict[str, Any]:
        words.expect("by")
        return {"by_s": words.take_time()}

    @classmethod
    def _draw_own(cls, draw: Draw) -> dict[str, Any]:
        return {"by_s": draw.time_s()}

    def fate(self, index: int, rng: random.Random) -> Fate:  # noqa: ARG002
        return Fate("delayed", index, self.by_s)

    def lateness_s(self, sender: int) -> float:
        return self.by_s if self.sends(sender) else 0.0
