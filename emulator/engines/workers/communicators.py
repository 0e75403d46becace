"""What any engine of real workers can lay over its own communicators: a road, and a trace."""

import time
from collections.abc import Callable
from typing import Protocol

from emulator.engines.workers.journal import Journal
from emulator.engines.workers.outbox import Outbox
from emulator.engines.workers.road import Road
from emulator.faults.rules import Fate
from emulator.protocol.events import Channel, MessageFaulted
from emulator.protocol.messages import AnyMessage, Hit
from emulator.protocol.node import Communicator
from emulator.trace.format import ReceivedLine, SentLine
from emulator.trace.records import ThreadName

TRACE_BATCH = 300
"""Lines of a trace that travel in one packet; as many as fit one, unless their names are long."""


class Place(Protocol):
    """Where a thread is: what its messages are stamped with."""

    thread: ThreadName
    step: str


class RoadCommunicator:
    """A communicator whose messages take time, or come to harm, on the road that all threads of its worker share.

    Sending takes no time: an uploader answers other questions while segments wait for its line.
    """

    def __init__(
        self,
        channel: Channel,
        inner: Communicator,
        outbox_of: Callable[[int], Outbox],
        road: Road,
        place: Place,
        journal: Journal,
    ) -> None:
        """`inner` receives; `outbox_of` is the way to the inbox of a rank."""
        self._channel = channel
        self._outbox_of = outbox_of
        self._road = road
        self._place = place
        self._journal = journal
        self.recv = inner.recv

    def send(self, message: AnyMessage, dest: int) -> None:
        def note(fate: Fate) -> None:
            if self._journal.is_traced and fate.action != "passed":
                done = "delayed" if fate.action == "held" else fate.action
                event = MessageFaulted(done, self._channel, dest, fate.message or message)
                self._journal.trace(self._place.thread, self._place.step, event)
                if self._journal.is_told_first:
                    self._journal.flush()

        self._road.carry(self._channel, dest, self._outbox_of(dest), message, note)


class TracedCommunicator:
    """A communicator that records every message: before it is handed over to another one, and after it was taken.

    It writes into the journal itself: for so short a task, each call in between would be a good part of the cost.
    """

    def __init__(self, channel: Channel, rank: int, inner: Communicator, place: Place, journal: Journal) -> None:
        self._channel = channel
        self._rank = rank
        self._hand_over, self._take = inner.send, inner.recv
        self._place = place
        self._journal = journal
        self._began_ns = journal.began_ns

    def send(self, message: AnyMessage, dest: int) -> None:
        place, journal = self._place, self._journal
        with journal.lock:
            now = (time.monotonic_ns() - self._began_ns) / 1e9
            journal.times_s.append(now)
            journal.lines.append(SentLine(self._channel, dest, message, now, self._rank, place.thread, place.step))
        if journal.is_told_first:
            journal.flush()
        self._hand_over(message, dest)
        if len(journal.lines) >= TRACE_BATCH:
            journal.flush()

    def recv(self, timeout_s: float | None = None) -> tuple[int, AnyMessage]:
        source, message = received = self._take() if timeout_s is None else self._take(timeout_s)
        place, journal = self._place, self._journal
        with journal.lock:
            now = (time.monotonic_ns() - self._began_ns) / 1e9
            journal.times_s.append(now)
            journal.lines.append(
                ReceivedLine(self._channel, source, message, now, self._rank, place.thread, place.step)
            )
        return received


class WatchedCommunicator:
    """A communicator over another one that tells the journal of every segment, for a view that is drawn meanwhile."""

    def __init__(self, inner: Communicator, journal: Journal) -> None:
        self.send = inner.send
        self._take = inner.recv
        self._arrive = journal.arrive

    def recv(self, timeout_s: float | None = None) -> tuple[int, AnyMessage]:
        source, message = received = self._take(timeout_s)
        if type(message) is Hit:
            self._arrive(source, message)
        return received
