"""`free rider client 4`."""

from typing import ClassVar, Self

from emulator.faults.draws import Draw
from emulator.faults.fault import Trait
from emulator.faults.spelling import names, plural_s
from emulator.faults.words import Words


class FreeRider(Trait, frozen=True):
    """Clients that answer every request for a segment with a miss."""

    loses_files: ClassVar[bool] = True
    withholds: ClassVar[bool] = True
    words: ClassVar[tuple[str, ...]] = ("free rider", "free riders")
    weight: ClassVar[int] = 1

    def _text(self) -> str:
        return f"free rider{plural_s(self.ranks)} {names(self.ranks)}"

    @classmethod
    def read(cls, words: Words) -> Self:
        return cls(ranks=words.take_clients())

    @classmethod
    def draw(cls, draw: Draw) -> Self:
        return cls(ranks=draw.clients())
