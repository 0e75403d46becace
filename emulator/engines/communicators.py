"""The communicators of the process engine: over the inboxes of all ranks, traced, or slowed for people."""

import time
from typing import Protocol

import msgspec

from emulator.engines.journal import Journal
from emulator.engines.packet_queue import PacketQueue
from emulator.engines.wiring import Wiring
from emulator.protocol.events import Channel
from emulator.protocol.messages import AnyMessage, Hit
from emulator.protocol.node import Clock, Communicator
from emulator.trace.format import ReceivedLine, SentLine
from emulator.trace.records import ThreadName

TRACE_BATCH = 300
"""Lines of a trace that travel in one packet; as many as fit one, unless their names are long."""

# Made once, before any worker is forked: to make a decoder takes longer than to decode a hundred messages.
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[int, AnyMessage]).decode


class QueueCommunicator:
    """A communicator over one inbox a rank. One thread reads; what is sent to a dead rank is dropped."""

    def __init__(self, channel: Channel, rank: int, wiring: Wiring) -> None:
        self._channel = channel
        self._rank = rank
        self._wiring = wiring
        self._inbox = wiring.inbox(channel, rank)
        self._outboxes: dict[int, PacketQueue] = {}

    def send(self, message: AnyMessage, dest: int) -> None:
        outbox = self._outboxes.get(dest)
        if outbox is None:
            outbox = self._outboxes[dest] = self._wiring.inbox(self._channel, dest)
        try:
            outbox.put(_encode((self._rank, message)))
        except BrokenPipeError:
            return  # the parent sees the death for itself

    def recv(self) -> tuple[int, AnyMessage]:
        return _decode(self._inbox.get())


class Place(Protocol):
    """Where a thread is: what its messages are stamped with."""

    thread: ThreadName
    step: str


class TracedCommunicator(QueueCommunicator):
    """A communicator that records every message: before it is handed over, and after it was taken.

    It writes into the journal itself: for so short a task, each call in between would be a good part of the cost.
    """

    def __init__(self, channel: Channel, rank: int, wiring: Wiring, node: Place, journal: Journal) -> None:
        super().__init__(channel, rank, wiring)
        self._hand_over, self._take = super().send, super().recv
        self._node = node
        self._journal = journal
        self._began_ns = journal.began_ns

    def send(self, message: AnyMessage, dest: int) -> None:
        node, journal = self._node, self._journal
        with journal.lock:
            now = (time.monotonic_ns() - self._began_ns) / 1e9
            journal.times_s.append(now)
            journal.lines.append(SentLine(self._channel, dest, message, now, self._rank, node.thread, node.step))
        self._hand_over(message, dest)
        if len(journal.lines) >= TRACE_BATCH:
            journal.flush()

    def recv(self) -> tuple[int, AnyMessage]:
        source, message = received = self._take()
        node, journal = self._node, self._journal
        with journal.lock:
            now = (time.monotonic_ns() - self._began_ns) / 1e9
            journal.times_s.append(now)
            journal.lines.append(ReceivedLine(self._channel, source, message, now, self._rank, node.thread, node.step))
        return received


class PacedCommunicator:
    """A communicator through which segments leave one by one, each taking its time; nothing else is slowed."""

    def __init__(self, communicator: Communicator, clock: Clock, pace: float) -> None:
        self._communicator = communicator
        self._clock = clock
        self._segment_s = 1 / pace
        self._free_s = 0.0
        """When the segment before has left."""

    def send(self, message: AnyMessage, dest: int) -> None:
        if isinstance(message, Hit):
            now = self._clock.now()
            self._free_s = max(self._free_s, now) + self._segment_s
            self._clock.sleep(self._free_s - now)
        self._communicator.send(message, dest)

    def recv(self) -> tuple[int, AnyMessage]:
        return self._communicator.recv()
