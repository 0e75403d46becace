"""What the kinds have in common that happen to a share of all messages."""

import random
from collections.abc import Iterator
from functools import partial
from typing import Any, ClassVar, Self

import msgspec

from emulator.faults.draws import Draw
from emulator.faults.fault import Condition, Fault
from emulator.faults.rules import Disturbance, Fate, MessageRule
from emulator.faults.spelling import names, number
from emulator.faults.words import Words


class MessageFault(Condition, frozen=True):
    """Something that happens to messages that `ranks` send, to each with a probability of `percent`."""

    what: ClassVar[str] = "messages"
    disturbs_messages: ClassVar[bool] = True

    percent: float

    def _text(self) -> str:
        sender = f" of {names(self.ranks)}" if self.ranks else ""
        return f"{self.words[0]} {number(self.percent)}% of {self.what}{sender}{self._how()}"

    def _how(self) -> str:
        """The values that only this kind has."""
        return ""

    @classmethod
    def read(cls, words: Words) -> Self:
        percent = words.take_percent()
        words.expect("of", cls.what)
        ranks = cls._read_senders(words) if words.take("of") else ()
        own = cls._read_own(words)
        when = words.take_trigger(is_needed=False)
        return cls(percent=percent, ranks=ranks, when=when, for_s=words.take_length(), **own)

    @classmethod
    def _read_senders(cls, words: Words) -> tuple[int, ...]:
        return words.take_ranks()

    @classmethod
    def _read_own(cls, words: Words) -> dict[str, Any]:  # noqa: ARG003
        """The fields that only this kind has."""
        return {}

    @classmethod
    def draw(cls, draw: Draw) -> Self:
        when, for_s = draw.span()
        percent, own = draw.percent(), cls._draw_own(draw)
        return cls(percent=percent, ranks=draw.senders(), when=when, for_s=for_s, **own)

    @classmethod
    def _draw_own(cls, draw: Draw) -> dict[str, Any]:  # noqa: ARG003
        """The fields that only this kind has."""
        return {}

    def simpler(self) -> Iterator[Self]:
        yield from Fault.simpler(self)
        if self.percent >= 2:
            yield msgspec.structs.replace(self, percent=float(self.percent // 2))

    def rule(self, index: int) -> MessageRule | None:
        return Disturbance(self.ranks, self.percent / 100, partial(self.fate, index))

    def fate(self, index: int, rng: random.Random) -> Fate:
        """What becomes of a message that it concerns."""
        raise NotImplementedError

    def sends(self, sender: int) -> bool:
        """Whether it concerns messages of this rank."""
        return not self.ranks or sender in self.ranks
