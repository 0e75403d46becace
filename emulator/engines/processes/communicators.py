"""The communicators of the process engine: over the inboxes of all ranks, plain, on a road, or traced."""

import time
from typing import Protocol

import msgspec

from emulator.engines.processes.journal import Journal
from emulator.engines.processes.packet_queue import PacketQueue
from emulator.engines.processes.road import Road
from emulator.engines.processes.wiring import Wiring
from emulator.faults.rules import Fate
from emulator.protocol.events import Channel, MessageFaulted
from emulator.protocol.messages import AnyMessage
from emulator.protocol.node import Communicator
from emulator.trace.format import ReceivedLine, SentLine
from emulator.trace.records import ThreadName

TRACE_BATCH = 300
"""Lines of a trace that travel in one packet; as many as fit one, unless their names are long."""

# Made once, before any worker is forked: to make a decoder takes longer than to decode a hundred messages.
_encode = msgspec.msgpack.Encoder().encode
decode_letter = msgspec.msgpack.Decoder(tuple[int, AnyMessage]).decode


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

    def recv(self, timeout_s: float | None = None) -> tuple[int, AnyMessage]:
        return decode_letter(self._inbox.get() if timeout_s is None else self._inbox.get(timeout_s))


class Place(Protocol):
    """Where a thread is: what its messages are stamped with."""

    thread: ThreadName
    step: str


class RoadCommunicator(QueueCommunicator):
    """A communicator whose messages take time, or come to harm, on the road that all of its process share.

    Sending takes no time: an uploader answers other questions while segments wait for its line.
    """

    def __init__(self, channel: Channel, rank: int, wiring: Wiring, road: Road, node: Place, journal: Journal) -> None:
        super().__init__(channel, rank, wiring)
        self._road = road
        self._node = node
        self._journal = journal

    def send(self, message: AnyMessage, dest: int) -> None:
        def note(fate: Fate) -> None:
            if self._journal.is_traced and fate.action != "passed":
                done = "delayed" if fate.action == "held" else fate.action
                event = MessageFaulted(done, self._channel, dest, fate.message or message)
                self._journal.trace(self._node.thread, self._node.step, event)
                if self._journal.is_told_first:
                    self._journal.flush()

        self._road.carry(self._channel, dest, self._wiring.inbox(self._channel, dest), message, note)


class TracedCommunicator:
    """A communicator that records every message: before it is handed over to another one, and after it was taken.

    It writes into the journal itself: for so short a task, each call in between would be a good part of the cost.
    """

    def __init__(self, channel: Channel, rank: int, inner: Communicator, node: Place, journal: Journal) -> None:
        self._channel = channel
        self._rank = rank
        self._hand_over, self._take = inner.send, inner.recv
        self._node = node
        self._journal = journal
        self._began_ns = journal.began_ns

    def send(self, message: AnyMessage, dest: int) -> None:
        node, journal = self._node, self._journal
        with journal.lock:
            now = (time.monotonic_ns() - self._began_ns) / 1e9
            journal.times_s.append(now)
            journal.lines.append(SentLine(self._channel, dest, message, now, self._rank, node.thread, node.step))
        if journal.is_told_first:
            journal.flush()
        self._hand_over(message, dest)
        if len(journal.lines) >= TRACE_BATCH:
            journal.flush()

    def recv(self, timeout_s: float | None = None) -> tuple[int, AnyMessage]:
        source, message = received = self._take() if timeout_s is None else self._take(timeout_s)
        node, journal = self._node, self._journal
        with journal.lock:
            now = (time.monotonic_ns() - self._began_ns) / 1e9
            journal.times_s.append(now)
            journal.lines.append(ReceivedLine(self._channel, source, message, now, self._rank, node.thread, node.step))
        return received
