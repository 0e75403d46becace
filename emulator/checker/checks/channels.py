"""Checking who sends what to whom, and on which communicator: the table of `protocol/messages.py`."""

from collections.abc import Callable
from typing import Any

from emulator.checker import rules
from emulator.checker.checks.clients import Known
from emulator.checker.checks.findings import shown
from emulator.protocol.events import Channel
from emulator.protocol.messages import TRACKER, AnyMessage, Lost, Returned

Handler = Callable[[int, int, int, Any], None]
"""Takes the line, the rank that something happens at, the other rank, and the message."""
Table = dict[type, Handler]
"""Who checks a message of each kind."""


class ChannelCheck:
    """The routes of messages."""

    def __init__(self, known: Known) -> None:
        self._add = known.add

    def to_tracker(self, handle: Handler) -> Handler:
        """The handler of what clients send to the tracker."""

        def check(line: int, rank: int, to: int, message: AnyMessage) -> None:
            if to != TRACKER:
                text = f"client {rank} sends {shown(message)} to rank {to}"
                self._add(rules.CHANNELS, (line,), text, "it is sent to the tracker")
            handle(line, rank, to, message)

        return check

    def from_tracker(self, *handlers: Callable[[int, int, Any], None]) -> Handler:
        """The handler of what the tracker sends to clients; there is only one tracker."""

        def check(line: int, _rank: int, to: int, message: AnyMessage) -> None:
            if to == TRACKER:
                text = f"the tracker sends {shown(message)} to itself"
                self._add(rules.CHANNELS, (line,), text, "it is sent to a client")
            for handle in handlers:
                handle(line, to, message)

        return check

    def sent_otherwise(
        self, line: int, rank: int, on: Channel, to: int, message: AnyMessage, handler: Handler | None
    ) -> None:
        """A message that has no place on this communicator. It has a `handler` where it has one on the other one."""
        who = "the tracker" if rank == TRACKER else f"client {rank}"
        text = f"{who} sends {shown(message)} to rank {to} on {on}"
        if handler is not None:
            other = "download" if on == "upload" else "upload"
            self._add(rules.CHANNELS, (line,), text, f"it travels on {other}")
            handler(line, rank, to, message)
        elif isinstance(message, (Lost, Returned)):
            self._add(rules.CHANNELS, (line,), text, "nobody sends it: whoever runs the ranks tells it")
        else:
            only = "a client" if rank == TRACKER else "the tracker"
            self._add(rules.CHANNELS, (line,), text, f"only {only} sends it")
