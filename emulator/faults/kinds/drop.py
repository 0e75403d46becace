"""`drop 10% of messages of client 3 for 1s`."""

import random
from typing import ClassVar, Self

from emulator.faults.kinds.message_fault import MessageFault
from emulator.faults.rules import Fate
from emulator.faults.words import Words


class Drop(MessageFault, frozen=True):
    """They do not arrive."""

    loses_messages: ClassVar[bool] = True
    words: ClassVar[tuple[str, ...]] = ("drop",)
    weight: ClassVar[int] = 3

    @classmethod
    def read(cls, words: Words) -> Self:
        fault = super().read(words)
        if fault.percent == 100 and fault.for_s is None:
            words.fail("'for 1s', as a run in which no message arrives has no end")
        return fault

    def fate(self, index: int, rng: random.Random) -> Fate:  # noqa: ARG002
        return Fate("dropped", index)
