"""The upload thread: U1 … U5. A handler: the loop that receives messages (U1) is `node.serve`."""

from emulator.protocol.events import ConnectionClosed, ConnectionOpened
from emulator.protocol.library import Library
from emulator.protocol.messages import (
    AnyMessage,
    Close,
    ConnectionCount,
    ConnectionCountRequest,
    Hit,
    Miss,
    SegmentRequest,
    Stop,
)
from emulator.protocol.node import Node, unexpected


class Uploader:
    """Serves the segments that its client holds, and knows which clients it has connections with."""

    def __init__(self, node: Node, library: Library) -> None:
        self.is_running = True
        self._node = node
        self._library = library
        self._connections: dict[int, int] = {}
        """By client with which a connection is open: the number of segments given so far."""
        node.step = "U1"

    def handle(self, source: int, message: AnyMessage) -> None:
        """React to one message. Raises `ProtocolError` for one that has no place on this communicator."""
        match message:
            case SegmentRequest():
                self._node.step = "U2"
                self._answer_segment(source, message)
            case ConnectionCountRequest(request):
                self._node.step = "U3"
                self._node.download.send(ConnectionCount(len(self._connections), request), source)
            case Close():
                self._node.step = "U4"
                self._forget(source)
            case Stop():
                self._node.step = "U5"
                self._end()
                return
            case _:
                self._handle_beyond(source, message)
        self._node.step = "U1"

    def _answer_segment(self, client: int, asked: SegmentRequest) -> None:
        """U2: a hit for a segment of a file that the client seeds or is still downloading, else a miss."""
        data = self._library.get(asked.file, asked.segment)
        if data is None:
            self._node.download.send(Miss(asked.file, asked.segment, asked.request), client)
            return
        num_given = self._connections.get(client, 0)
        self._connections[client] = num_given + 1
        if num_given == 0:
            self._node.record(ConnectionOpened(client, len(self._connections)))
        self._node.download.send(Hit(asked.file, asked.segment, data, asked.request), client)

    def _forget(self, client: int) -> None:
        num_given = self._connections.pop(client, None)
        if num_given is not None:
            self._node.record(ConnectionClosed(client, num_given, len(self._connections)))

    def _end(self) -> None:
        """U5. A stop can overtake another client's close if order holds between two ranks only."""
        for client in list(self._connections):
            self._forget(client)
        self.is_running = False

    def _handle_beyond(self, source: int, message: AnyMessage) -> None:
        """Handle a message that the steps do not know (`beyond/uploader.py`)."""
        raise unexpected(self._node, source, message)
