"""`pause client 3 at 2s for 1s`."""

from typing import ClassVar, Self

from emulator.faults.draws import Draw
from emulator.faults.fault import Blow
from emulator.faults.hands import Hands
from emulator.faults.spelling import duration, names
from emulator.faults.words import Words


class Pause(Blow, frozen=True):
    """Each of `ranks` stands still for `for_s` when its own trigger comes. A pause of the tracker is an outage."""

    stops: ClassVar[bool] = True
    words: ClassVar[tuple[str, ...]] = ("pause",)
    weight: ClassVar[int] = 3

    def __str__(self) -> str:
        return f"pause {names(self.ranks)} {self.when} for {duration(self.for_s or 0.0)}"

    @classmethod
    def read(cls, words: Words) -> Self:
        ranks = words.take_ranks()
        return cls(ranks=ranks, when=words.take_trigger(ranks), for_s=words.expect_length())

    @classmethod
    def draw(cls, draw: Draw) -> Self:
        if draw.chance(0.25):
            return cls(ranks=(0,), when=draw.own_time(is_client=False), for_s=draw.time_s())
        return cls(ranks=draw.clients(), when=draw.own_time(), for_s=draw.time_s())

    def strike(self, rank: int, hands: Hands) -> None:
        hands.pause(rank)

    def relieve(self, rank: int, hands: Hands) -> None:
        hands.resume(rank)
