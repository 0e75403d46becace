"""What a receipt waits for, when the parts of a trace are merged."""

from collections import Counter

from emulator.protocol.events import AnyEvent, Died, MessageFaulted, Received, Restarted, Sent
from emulator.protocol.messages import (
    AnyMessage,
    ConnectionCount,
    ConnectionCountRequest,
    Hit,
    Holdings,
    HoldingsRequest,
    Lost,
    MetadataAnswer,
    MetadataRequest,
    Miss,
    Returned,
    SegmentRequest,
    Stuck,
    StuckAnswer,
    SwarmAnswer,
    SwarmRequest,
)
from emulator.trace.format import Stamp

Numbered = (
    MetadataRequest
    | MetadataAnswer
    | SwarmRequest
    | SwarmAnswer
    | SegmentRequest
    | Hit
    | Miss
    | ConnectionCountRequest
    | ConnectionCount
    | HoldingsRequest
    | Holdings
    | Stuck
    | StuckAnswer
)
Cause = tuple[str, int, int, str]
"""A kind of message on its way: communicator, source, destination, `kind`. Or the death or return of a source."""


class Causes:
    """The causes that have happened, and the receipts that have used them up."""

    def __init__(self) -> None:
        self._num: Counter[Cause] = Counter()
        self._early: dict[Cause, list[AnyMessage]] = {}
        """What was received although no sending of it had been found."""

    def has(self, cause: Cause | None) -> bool:
        """Whether what waits for this cause can happen; None is no cause to wait for."""
        return cause is None or self._num[cause] > 0

    def add(self, rank: int, event: AnyEvent) -> Cause | None:
        """Count this event; returns the cause that others may have waited for, if it is one."""
        cause: Cause
        match event:
            case Sent(on, to, message):
                cause = (on, rank, to, kind(message))
                if message in self._early.get(cause, ()):
                    self._early[cause].remove(message)
                    return None
            case MessageFaulted("duplicated", on, to, message):
                cause = (on, rank, to, kind(message))
            case MessageFaulted("dropped", on, to, message):
                self._num[on, rank, to, kind(message)] -= 1
                return None
            case Died():
                cause = ("death", rank, 0, "")
            case Restarted():
                cause = ("return", rank, 0, "")
            case _:
                return None
        self._num[cause] += 1
        return cause

    def use(self, cause: Cause) -> None:
        """A receipt has happened. Each message is received once, a death or return by all."""
        if cause[0] in ("death", "return"):
            return
        self._num[cause] -= 1
        if not self._num[cause]:
            del self._num[cause]

    def do_without(self, cause: Cause, message: AnyMessage) -> None:
        """A receipt happens without its cause. If an equal message is sent later, that is the one."""
        self._early.setdefault(cause, []).append(message)


def cause_of(stamp: Stamp, event: AnyEvent) -> Cause | None:
    """What has to happen before this event; None where nothing elsewhere has to."""
    if not isinstance(event, Received):
        return None
    if isinstance(event.message, Lost):
        return ("death", event.source, 0, "")
    if isinstance(event.message, Returned):
        return ("return", event.source, 0, "")
    return (event.on, event.source, stamp.rank, kind(event.message))


def kind(message: AnyMessage) -> str:
    """What messages are counted by: their type, and the number of their question where the program gives numbers."""
    name = type(message).__name__
    return f"{name} {message.request}" if isinstance(message, Numbered) and message.request else name
