"""`fill the disk of client 3 at 40%`."""

from typing import ClassVar, Self

from emulator.faults.draws import Draw
from emulator.faults.fault import Condition
from emulator.faults.spelling import names
from emulator.faults.words import Words


class FullDisk(Condition, frozen=True):
    """Nothing more fits on the disks of `ranks`: what they write fails, as by ENOSPC, and leaves nothing behind.

    A client keeps in memory what it gets, gives it to others, and cannot write its outputs. After `for_s` there is
    room again.
    """

    loses_files: ClassVar[bool] = True
    fills_disks: ClassVar[bool] = True
    words: ClassVar[tuple[str, ...]] = ("fill the disk", "fill the disks")
    weight: ClassVar[int] = 2

    def _text(self) -> str:
        return f"fill the disk{'' if len(self.ranks) == 1 else 's'} of {names(self.ranks)}"

    @classmethod
    def read(cls, words: Words) -> Self:
        words.expect("of")
        ranks = words.take_clients()
        when = words.take_trigger(ranks, is_needed=False)
        return cls(ranks=ranks, when=when, for_s=words.take_length())

    @classmethod
    def draw(cls, draw: Draw) -> Self:
        when = draw.own_time()
        return cls(ranks=draw.clients(), when=when, for_s=None if draw.chance(0.5) else draw.time_s())
