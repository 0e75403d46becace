"""Joins each receipt of a message with its sending, which a trace leaves to its reader."""

from collections import deque
from typing import Generic, TypeVar

from emulator.protocol.events import MessageFaulted, Received, Sent
from emulator.protocol.messages import AnyMessage

MAX_IN_FLIGHT = 1_000
"""Messages remembered for each communicator, source and destination; older ones are taken for lost."""

Tag = TypeVar("Tag")


class Arrows(Generic[Tag]):
    """Joins messages in the order in which they were sent, for each communicator, source and destination.

    A sending is given a tag, and its receipt returns it.
    """

    def __init__(self) -> None:
        self._in_flight: dict[tuple[str, int, int], deque[tuple[AnyMessage, Tag]]] = {}

    def sent(self, rank: int, event: Sent, tag: Tag) -> None:
        key = (event.on, rank, event.to)
        self._in_flight.setdefault(key, deque(maxlen=MAX_IN_FLIGHT)).append((event.message, tag))

    def faulted(self, rank: int, event: MessageFaulted) -> None:
        """A fault changed, lost or doubled the latest message on this way."""
        waiting = self._in_flight.get((event.on, rank, event.to))
        if not waiting:
            return
        message, tag = waiting[-1]
        if event.verdict == "corrupted":
            waiting[-1] = (event.message, tag)
        elif event.verdict == "duplicated":
            waiting.append((message, tag))
        elif event.verdict == "dropped":
            waiting.pop()

    def received(self, rank: int, event: Received) -> Tag | None:
        """The tag of the earliest equal message in flight; None where there is none, which breaks the protocol."""
        key = (event.on, event.source, rank)
        waiting = self._in_flight.get(key, deque())
        for index, (message, tag) in enumerate(waiting):
            if message == event.message:
                del waiting[index]
                if not waiting:
                    del self._in_flight[key]
                return tag
        return None
