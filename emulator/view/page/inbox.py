"""Which sending a receipt belongs to: a trace has both, and nothing that joins them."""

from collections import deque

from emulator.protocol.events import MessageFaulted
from emulator.protocol.messages import AnyMessage

MAX_IN_FLIGHT = 10_000
"""Messages on their way to one reader that are remembered; older ones are taken for lost."""


class Inbox:
    """The messages on their way to one rank on one communicator, in the order of their sending."""

    def __init__(self) -> None:
        self._num_sent = 0
        self._num_received = 0
        self._flying: deque[tuple[int, AnyMessage, int]] = deque(maxlen=MAX_IN_FLIGHT)
        """Source, message, and how many were sent to this inbox before it."""

    def send(self, source: int, message: AnyMessage) -> None:
        self._flying.append((source, message, self._num_sent))
        self._num_sent += 1

    def fault(self, source: int, event: MessageFaulted) -> None:
        """A fault did something to the message that `source` has sent last."""
        at = next((index for index in reversed(range(len(self._flying))) if self._flying[index][0] == source), None)
        if at is None:
            return
        if event.verdict == "dropped":
            del self._flying[at]
        elif event.verdict == "duplicated":
            self._flying.insert(at, self._flying[at]) if len(self._flying) < MAX_IN_FLIGHT else None
        elif event.verdict == "corrupted":
            self._flying[at] = (source, event.message, self._flying[at][2])

    def receive(self, source: int, message: AnyMessage) -> int | None:
        """The earliest such message: its number, less the number of messages received before. None: none was sent."""
        flying = self._flying
        for index, (sender, sent, number) in enumerate(flying):
            if sender == source and sent == message:
                del flying[index]
                self._num_received += 1
                return number - self._num_received + 1
        return None
