"""`slow client 3 by 4 for 1s`."""

from collections.abc import Iterator
from typing import ClassVar, Self

from emulator.faults.draws import Draw
from emulator.faults.fault import Condition, Fault
from emulator.faults.spelling import names, number
from emulator.faults.words import Words


class Slow(Condition, frozen=True):
    """The rates of `ranks`, up and down, are divided by `factor`, and the delays of their messages multiplied by it."""

    words: ClassVar[tuple[str, ...]] = ("slow",)
    weight: ClassVar[int] = 1

    factor: float

    def _text(self) -> str:
        return f"slow {names(self.ranks)} by {number(self.factor)}"

    @classmethod
    def read(cls, words: Words) -> Self:
        ranks = words.take_clients()
        words.expect("by")
        factor = words.take_factor()
        when = words.take_trigger(is_needed=False)
        return cls(ranks=ranks, factor=factor, when=when, for_s=words.take_length())

    @classmethod
    def can_be_drawn(cls, draw: Draw) -> bool:
        return draw.can_slow

    @classmethod
    def draw(cls, draw: Draw) -> Self:
        when, for_s = draw.span()
        return cls(ranks=draw.clients(), factor=float(draw.rng.randint(2, 10)), when=when, for_s=for_s)

    def obstacles(self, engine: str, has_rates: bool) -> Iterator[str]:
        yield from Fault.obstacles(self, engine, has_rates)
        if engine != "virtual" and not has_rates:
            yield f"the engine {engine!r} slows by rates, and there are none; give rates, or take --engine virtual"

    @property
    def slowness(self) -> float:
        return self.factor
