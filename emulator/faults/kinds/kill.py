"""`kill client 3 at 40%`, also `and restart it after 0.5s`, `without its state`."""

from collections.abc import Iterator
from typing import ClassVar, Self

import msgspec

from emulator.faults.draws import Draw
from emulator.faults.fault import Blow, Fault
from emulator.faults.hands import Hands
from emulator.faults.spelling import duration, names
from emulator.faults.words import Words


class Kill(Blow, frozen=True):
    """Each of `ranks` dies, as by SIGKILL, when its own trigger comes."""

    is_fatal: ClassVar[bool] = True
    loses_files: ClassVar[bool] = True
    words: ClassVar[tuple[str, ...]] = ("kill",)
    weight: ClassVar[int] = 11
    """More often than anything else, as deaths reach everything that can hang."""

    restart_s: float | None = None
    """How long after its death it is started again; None for never."""
    is_state_kept: bool = True
    """Whether it comes back with the segments and outputs that it had stored."""

    def __str__(self) -> str:
        text = f"kill {names(self.ranks)} {self.when}"
        if self.restart_s is None:
            return text
        them, their = ("it", "its") if len(self.ranks) == 1 else ("them", "their")
        text += f" and restart {them} after {duration(self.restart_s)}"
        return text if self.is_state_kept else f"{text} without {their} state"

    @property
    def brings_back(self) -> bool:
        return self.restart_s is not None

    @classmethod
    def read(cls, words: Words) -> Self:
        ranks = words.take_ranks()
        when = words.take_trigger(ranks)
        if not words.take("and"):
            return cls(ranks=ranks, when=when)
        words.expect("restart")
        if ranks == (0,):
            words.refuse("the run ends with its tracker, which cannot be restarted")
        if not words.take_one_of("it", "them"):
            words.fail("'it'")
        words.expect("after")
        restart_s = words.take_time()
        return cls(ranks=ranks, when=when, restart_s=restart_s, is_state_kept=not _is_without_state(words))

    @classmethod
    def draw(cls, draw: Draw) -> Self:
        if draw.may_kill_tracker and draw.chance(0.1):
            return cls(ranks=(0,), when=draw.own_time(is_client=False))
        ranks, when = draw.clients(), draw.own_time()
        if draw.chance(0.55):
            return cls(ranks=ranks, when=when)
        return cls(ranks=ranks, when=when, restart_s=draw.time_s(), is_state_kept=draw.chance(0.5))

    def simpler(self) -> Iterator[Self]:
        yield from Fault.simpler(self)
        if self.restart_s is not None:
            yield msgspec.structs.replace(self, restart_s=None, is_state_kept=True)
            if not self.is_state_kept:
                yield msgspec.structs.replace(self, is_state_kept=True)

    def strike(self, rank: int, hands: Hands) -> None:
        hands.kill(rank, self.restart_s, self.is_state_kept)


def _is_without_state(words: Words) -> bool:
    if not words.take("without"):
        return False
    if not words.take_one_of("its", "their"):
        words.fail("'its state'")
    words.expect("state")
    return True
