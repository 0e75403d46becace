"""`cut off clients 1-3 from client 5 at 2s for 1s`."""

import random
from collections.abc import Iterator
from typing import ClassVar, Self

import msgspec

from emulator.faults.draws import Draw
from emulator.faults.fault import Condition, Fault, halves, up_to
from emulator.faults.rules import LOSABLE, PASSED, Fate, MessageRule
from emulator.faults.spelling import names
from emulator.faults.words import Words
from emulator.protocol.messages import TRACKER, AnyMessage


class CutOff(Condition, frozen=True):
    """Nothing passes between `ranks` and `others`, in either direction."""

    loses_messages: ClassVar[bool] = True
    disturbs_messages: ClassVar[bool] = True
    comes_first: ClassVar[bool] = True
    words: ClassVar[tuple[str, ...]] = ("cut off",)
    weight: ClassVar[int] = 3

    others: tuple[int, ...] = ()
    """In ascending order; empty for all clients that are not in `ranks`."""

    def _text(self) -> str:
        return f"cut off {names(self.ranks)}{f' from {names(self.others)}' if self.others else ''}"

    @classmethod
    def read(cls, words: Words) -> Self:
        ranks = words.take_ranks()
        others = words.take_ranks() if words.take("from") else ()
        if not set(ranks).isdisjoint(others):
            words.refuse("nobody can be cut off from itself; name others after 'from'")
        if not others and len(ranks) == words.num_clients:
            words.fail("'from' and somebody else, as there is no other client")
        when = words.take_trigger(is_needed=False)
        return cls(ranks=ranks, others=others, when=when, for_s=words.expect_length())

    @classmethod
    def can_be_drawn(cls, draw: Draw) -> bool:
        return draw.num_clients > 1

    @classmethod
    def draw(cls, draw: Draw) -> Self:
        when, for_s = draw.when(), draw.time_s()
        ranks = draw.clients(most=draw.num_clients - 1)
        if draw.chance(0.6):
            return cls(ranks=ranks, when=when, for_s=for_s)
        if draw.chance(0.5):
            return cls(ranks=ranks, others=(TRACKER,), when=when, for_s=for_s)
        other = draw.rng.choice([rank for rank in range(1, draw.num_clients + 1) if rank not in ranks])
        return cls(ranks=ranks, others=(other,), when=when, for_s=for_s)

    def simpler(self) -> Iterator[Self]:
        yield from Fault.simpler(self)
        for others in halves(self.others):
            yield msgspec.structs.replace(self, others=others)

    def for_fewer(self, num_clients: int) -> Self | None:
        ranks, others = up_to(num_clients, self.ranks), up_to(num_clients, self.others)
        is_alone = not others and (bool(self.others) or len(ranks) == num_clients)
        if not ranks or (is_alone and ranks != (TRACKER,)):
            return None
        return msgspec.structs.replace(self, ranks=ranks, others=others)

    def rule(self, index: int) -> MessageRule | None:
        return Cut(self.ranks, self.others, index)


class Cut:
    """Between two groups: drops what can be lost, and holds the rest back until the cut ends."""

    def __init__(self, ranks: tuple[int, ...], others: tuple[int, ...], index: int) -> None:
        self._ranks = frozenset(ranks)
        self._others = frozenset(others)
        self._dropped = Fate("dropped", index)
        self._held = Fate("held", index)

    def judge(self, source: int, dest: int, message: AnyMessage, rng: random.Random) -> Fate:  # noqa: ARG002
        if not (self._is_between(source, dest) or self._is_between(dest, source)):
            return PASSED
        return self._dropped if type(message) in LOSABLE else self._held

    def _is_between(self, one: int, other: int) -> bool:
        if one not in self._ranks:
            return False
        return other in self._others if self._others else other != TRACKER and other not in self._ranks
