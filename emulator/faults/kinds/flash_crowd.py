"""`flash crowd of clients 5-20 at 2s`."""

from typing import ClassVar, Self

import msgspec

from emulator.faults.draws import Draw
from emulator.faults.fault import Trait
from emulator.faults.spelling import names
from emulator.faults.triggers import AtTime
from emulator.faults.words import Words
from emulator.protocol.terms import Terms


class FlashCrowd(Trait, frozen=True):
    """Clients that begin to download at `when`, which is an `AtTime` counted from the second barrier (D2)."""

    words: ClassVar[tuple[str, ...]] = ("flash crowd",)
    weight: ClassVar[int] = 1

    def __str__(self) -> str:
        return f"flash crowd of {names(self.ranks)} {self.when}"

    @classmethod
    def read(cls, words: Words) -> Self:
        words.expect("of")
        ranks = words.take_clients()
        words.expect("at")
        return cls(ranks=ranks, when=AtTime(words.take_time(is_above_zero=False)))

    @classmethod
    def draw(cls, draw: Draw) -> Self:
        return cls(ranks=draw.clients(), when=AtTime(draw.time_s()))

    def told(self, terms: Terms) -> Terms:
        """A client that comes back has waited in an earlier life."""
        if terms.life or not isinstance(self.when, AtTime):
            return terms
        return msgspec.structs.replace(terms, arrives_s=max(terms.arrives_s, self.when.time_s))
