"""The tracker: T1 … T9. A handler: the loop that receives messages (T5) is `node.serve`.

The tracker holds no segment, and does not know which client holds which.
"""

from collections.abc import Iterable

from emulator.protocol.events import BarrierOpened, ClientFinished, RoleChanged
from emulator.protocol.files import FileMetadata
from emulator.protocol.messages import (
    AnyMessage,
    Barrier,
    FileCompleted,
    Finished,
    Metadata,
    MetadataAnswer,
    MetadataRequest,
    Stop,
    SwarmAnswer,
    SwarmRequest,
)
from emulator.protocol.node import Node, ProtocolError, unexpected
from emulator.protocol.swarm import SwarmTable


class Tracker:
    """Knows the swarms of all files, and how far each client has come. Answers with at most `numwant` of each role.

    Barriers and the end compare sets of clients, never counts.
    """

    def __init__(self, node: Node, numwant: int) -> None:
        self.is_running = True
        self._node = node
        self._numwant = numwant
        self._table = SwarmTable()
        self._live = set(range(1, node.size))
        # Of the live clients:
        self._reported: set[int] = set()
        self._asked: set[int] = set()
        self._finished: set[int] = set()
        self._barrier = 0
        """The number of the last barrier that has opened."""
        node.step = "T1"

    def handle(self, source: int, message: AnyMessage) -> None:
        """React to one message. Raises `ProtocolError` for one that has no place here, or contradicts another."""
        try:
            self._react(source, message)
        except (KeyError, ValueError) as error:
            raise ProtocolError(
                f"tracker at {self._node.step}: rank {source} sent {message!r:.200}: {error}"
            ) from error
        if self.is_running:
            # Between messages, the tracker waits for reports (T1), then for metadata requests (T3), then for anything.
            self._node.step = ("T1", "T3", "T5")[self._barrier]

    def _react(self, source: int, message: AnyMessage) -> None:
        match message:
            case Metadata(files):
                self._add_owner(source, files)
            case MetadataRequest():
                self._answer_metadata(source, message)
            case SwarmRequest():
                self._answer_swarm(source, message)
            case FileCompleted(file):
                self._add_seed(source, file)
            case Finished():
                self._finish(source)
                self._stop_if_all_finished()
            case _:
                self._react_beyond(source, message)

    def _add_owner(self, client: int, files: Iterable[FileMetadata]) -> None:
        self._node.step = "T1"
        for metadata in files:
            self._table.report(client, metadata)
            self._node.record(RoleChanged(client, metadata.name, "seed"))
        self._reported.add(client)
        self._open_due_barriers()

    def _open_due_barriers(self) -> None:
        """T2, T4: open a barrier as soon as every live client has reached it."""
        if self._barrier == 0 and self._live <= self._reported:
            self._node.step = "T2"
            self._open_barrier(1)
        if self._barrier == 1 and self._live <= self._asked:
            self._node.step = "T4"
            self._open_barrier(2)

    def _open_barrier(self, number: int) -> None:
        self._barrier = number
        self._node.record(BarrierOpened(number))
        for client in sorted(self._live):
            self._node.download.send(Barrier(number), client)

    def _answer_metadata(self, client: int, asked: MetadataRequest) -> None:
        self._node.step = "T3"
        self._node.download.send(MetadataAnswer(self._table.metadata(asked.files), asked.request), client)
        self._asked.add(client)
        self._open_due_barriers()

    def _answer_swarm(self, client: int, asked: SwarmRequest) -> None:
        self._node.step = "T6"
        file = asked.file
        if self._table.join(file, client):
            self._node.record(RoleChanged(client, file, "peer"))
        seeds, peers = self._table.draw(file, client, self._numwant, self._node.random)
        self._node.download.send(SwarmAnswer(file, seeds, peers, asked.request), client)

    def _add_seed(self, client: int, file: str) -> None:
        self._node.step = "T7"
        if self._table.complete(file, client):
            self._node.record(RoleChanged(client, file, "seed"))

    def _finish(self, client: int) -> None:
        self._node.step = "T8"
        if client not in self._finished:
            self._finished.add(client)
            self._node.record(ClientFinished(client))

    def _stop_if_all_finished(self) -> None:
        if self._live <= self._finished:
            self._node.step = "T9"
            for client in sorted(self._live):
                self._node.upload.send(Stop(), client)
            self.is_running = False

    def _react_beyond(self, source: int, message: AnyMessage) -> None:
        """React to a message that the steps do not know (`beyond/tracker.py`)."""
        raise unexpected(self._node, source, message)
