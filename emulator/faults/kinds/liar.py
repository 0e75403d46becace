"""`liar client 4`."""

from typing import ClassVar, Self

from emulator.faults.draws import Draw
from emulator.faults.fault import Condition
from emulator.faults.rules import Falsification, MessageRule
from emulator.faults.spelling import names, plural_s
from emulator.faults.words import Words


class Liar(Condition, frozen=True):
    """Clients that give nothing but wrong segments."""

    loses_files: ClassVar[bool] = True
    lies: ClassVar[bool] = True
    words: ClassVar[tuple[str, ...]] = ("liar", "liars")
    weight: ClassVar[int] = 1

    def _text(self) -> str:
        return f"liar{plural_s(self.ranks)} {names(self.ranks)}"

    @classmethod
    def read(cls, words: Words) -> Self:
        return cls(ranks=words.take_clients())

    @classmethod
    def draw(cls, draw: Draw) -> Self:
        return cls(ranks=draw.clients())

    def rule(self, index: int) -> MessageRule | None:
        return Falsification(self.ranks, 1.0, index)
