"""When a fault begins."""

from collections.abc import Iterator

import msgspec

from emulator.faults.spelling import duration, number


class Trigger(msgspec.Struct, frozen=True, tag=True, gc=False):
    """When a fault begins; it begins once. A trigger that never comes (100% of a swarm with losses) starts nothing."""

    def obstacles(self, engine: str) -> Iterator[str]:  # noqa: ARG002
        """Why this engine cannot start a fault by this trigger; nothing where it can."""
        yield from ()


class AtTime(Trigger, frozen=True):
    time_s: float = 0.0
    """Since the run began, as in its trace."""

    def __str__(self) -> str:
        return f"at {duration(self.time_s)}"


class AtShare(Trigger, frozen=True):
    percent: float
    """Of all segments that all clients want, how many have been transferred."""

    def __str__(self) -> str:
        return f"at {number(self.percent)}%"


class AfterSegments(Trigger, frozen=True):
    count: int
    """Segments that a client has got; each of the fault's clients counts its own."""

    def __str__(self) -> str:
        return f"after {self.count} segment{'' if self.count == 1 else 's'}"


class AtMessage(Trigger, frozen=True):
    number: int
    """Just before the rank's `number`th send, counted from 1 over all its threads and both communicators."""

    def __str__(self) -> str:
        return f"at message {self.number}"

    def obstacles(self, engine: str) -> Iterator[str]:
        if engine != "virtual":
            yield f"the engine {engine!r} cannot stop before one message; give a time, or take --engine virtual"


AnyTrigger = AtTime | AtShare | AfterSegments | AtMessage
AT_ONCE = AtTime()
