"""What every kind of fault has: its line in the language, its place in random plans, its effect, what follows from it.

There are three ways for a fault to happen, and each kind takes one of them: a `Blow`, a `Condition` or a `Trait`.
"""

from collections.abc import Iterator
from typing import ClassVar, Self

import msgspec

from emulator.faults.draws import Draw
from emulator.faults.hands import Hands
from emulator.faults.rules import MessageRule
from emulator.faults.spelling import duration
from emulator.faults.triggers import AT_ONCE, AnyTrigger
from emulator.faults.words import Words
from emulator.protocol.terms import Terms


class Fault(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """One fault of a plan. `str` of it is its line in the language.

    `Fault` itself is no kind. It stands for a fault of a kind that is not known, of which no fact holds.
    """

    # What follows from a fault of this kind

    is_fatal: ClassVar[bool] = False
    """Its ranks die. Deaths are shown by themselves, so a screen need not show the fault as well."""
    stops: ClassVar[bool] = False
    """Its ranks stand still while it lasts."""
    loses_messages: ClassVar[bool] = False
    """An answer may never come: clients wait for each one for a limited time."""
    disturbs_messages: ClassVar[bool] = False
    """Questions, answers and closes may come twice, late, or in another order, if they come."""
    loses_files: ClassVar[bool] = False
    """A wanted file may rightly be given up, or its output be missing."""
    fills_disks: ClassVar[bool] = False
    """The disks of its ranks have no room while it lasts."""
    withholds: ClassVar[bool] = False
    """Its ranks give no segment, whatever they hold."""
    lies: ClassVar[bool] = False
    """Every segment that its ranks give is wrong."""

    # How the language and random plans know it

    words: ClassVar[tuple[str, ...]] = ()
    """What a line of this kind begins with; the first is the one that errors name."""
    weight: ClassVar[int] = 0
    """How often random plans draw it, in relation to other kinds."""

    ranks: tuple[int, ...] = ()
    """The ranks that it happens to, in ascending order; 0 is the tracker. Empty for messages of all ranks."""
    when: AnyTrigger = AT_ONCE
    for_s: float | None = None
    """How long it lasts; None for what does not end, and for what takes no time."""

    def __str__(self) -> str:
        begin = "" if self.when == AT_ONCE else f" {self.when}"
        end = "" if self.for_s is None else f" for {duration(self.for_s)}"
        return f"{self._text()}{begin}{end}"

    @property
    def brings_back(self) -> bool:
        """Whether its ranks are started again after their death."""
        return False

    def _text(self) -> str:
        """The line without its time."""
        raise NotImplementedError

    @classmethod
    def read(cls, words: Words) -> Self:
        """Read the rest of a line whose beginning has been taken. Raises `ValueError`."""
        raise NotImplementedError

    @classmethod
    def can_be_drawn(cls, draw: Draw) -> bool:  # noqa: ARG003
        """Whether a random plan for this run can have such a fault."""
        return True

    @classmethod
    def draw(cls, draw: Draw) -> Self:
        """A random fault of this kind, such as the language can write."""
        raise NotImplementedError

    def simpler(self) -> Iterator[Self]:
        """Faults of this kind that do less, the simplest first."""
        for ranks in halves(self.ranks):
            yield msgspec.structs.replace(self, ranks=ranks)

    def for_fewer(self, num_clients: int) -> Self | None:
        """The same fault in a swarm of fewer clients; None where it concerned only those that are not there."""
        ranks = up_to(num_clients, self.ranks)
        return None if self.ranks and not ranks else msgspec.structs.replace(self, ranks=ranks)

    def obstacles(self, engine: str, has_rates: bool) -> Iterator[str]:  # noqa: ARG002
        """Why this engine cannot inject it; nothing where it can. `has_rates`: whether lines have limits."""
        yield from self.when.obstacles(engine)


class Blow(Fault, frozen=True):
    """What the engine's hands do to each of `ranks` that is running, when its own trigger comes."""

    def strike(self, rank: int, hands: Hands) -> None:
        raise NotImplementedError

    def relieve(self, rank: int, hands: Hands) -> None:
        """Undo it, after `for_s`."""


class Condition(Fault, frozen=True):
    """What is on for a time, or to the end; everything that carries messages or writes asks what is on (`InEffect`)."""

    comes_first: ClassVar[bool] = False
    """Whether messages meet its rule before those of other kinds, wherever in the plan it is."""

    @property
    def slowness(self) -> float:
        """By how much it slows the lines of its ranks."""
        return 1.0

    def rule(self, index: int) -> MessageRule | None:  # noqa: ARG002
        """What it does to messages, as the fault at place `index` of the plan; None for nothing."""
        return None

    def lateness_s(self, sender: int) -> float:  # noqa: ARG002
        """By how much it may delay one message of this rank."""
        return 0.0


class Trait(Fault, frozen=True):
    """What its clients are from their start; `when` is no time of the run."""

    def told(self, terms: Terms) -> Terms:
        """The terms of one of its clients, which are `terms` without it."""
        return terms


def halves(ranks: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    if len(ranks) > 1:
        middle = len(ranks) // 2
        yield ranks[:middle]
        yield ranks[middle:]


def up_to(num_clients: int, ranks: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(rank for rank in ranks if rank <= num_clients)
