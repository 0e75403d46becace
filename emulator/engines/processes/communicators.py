"""A communicator over the inboxes of all processes."""

import msgspec

from emulator.engines.processes.packet_queue import PacketQueue
from emulator.engines.processes.wiring import Wiring
from emulator.protocol.events import Channel
from emulator.protocol.messages import AnyMessage

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
