"""The tracker: T1 … T9. A handler: the loop that receives (T5) is `node.serve`.

It holds no segment, and does not know who holds which segment.
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
    """Knows the swarms of all files, and how far each client has come. Answers with at most `numwant` of each role."""

    def __init__(self, node: Node, numwant: int) -> None:
        self.is_running = True
        self._node = node
        self._numwant = numwant
        self._table = SwarmTable()
        self._clients = frozenset(range(1, node.size))
        self._reported: set[int] = set()
        self._asked: set[int] = set()
        self._finished: set[int] = set()
        node.step = "T1"

    def handle(self, source: int, message: AnyMessage) -> None:
        try:
            self._react(source, message)
        except (KeyError, ValueError) as error:
            raise ProtocolError(
                f"tracker at {self._node.step}: rank {source} sent {message!r:.200}: {error}"
            ) from error

        if self.is_running:
            self._node.step = self._waiting_step

    @property
    def _waiting_step(self) -> str:
        """What the tracker does between two messages: it collects reports, then requests, then serves as they come."""
        return "T1" if self._reported != self._clients else "T3" if self._asked != self._clients else "T5"

    def _react(self, source: int, message: AnyMessage) -> None:
        match message:
            case Metadata(files):
                self._add_owner(source, files)
            case MetadataRequest(names):
                self._answer_metadata(source, names)
            case SwarmRequest(file):
                self._answer_swarm(source, file)
            case FileCompleted(file):
                self._add_seed(source, file)
            case Finished():
                self._finish(source)
            case _:
                raise unexpected(self._node, source, message)

    def _add_owner(self, client: int, files: Iterable[FileMetadata]) -> None:
        self._node.step = "T1"
        for metadata in files:
            self._table.report(client, metadata)
            self._node.record(RoleChanged(client, metadata.name, "seed"))
        self._reported.add(client)
        if self._reported == self._clients:
            self._node.step = "T2"
            self._open_barrier(1)

    def _answer_metadata(self, client: int, names: Iterable[str]) -> None:
        self._node.step = "T3"
        self._node.download.send(MetadataAnswer(self._table.metadata(names)), client)
        self._asked.add(client)
        if self._asked == self._clients:
            self._node.step = "T4"
            self._open_barrier(2)

    def _open_barrier(self, number: int) -> None:
        self._node.record(BarrierOpened(number))
        for client in sorted(self._clients):
            self._node.download.send(Barrier(number), client)

    def _answer_swarm(self, client: int, file: str) -> None:
        self._node.step = "T6"
        if self._table.join(file, client):
            self._node.record(RoleChanged(client, file, "peer"))
        seeds, peers = self._table.draw(file, client, self._numwant, self._node.random)
        self._node.download.send(SwarmAnswer(file, seeds, peers), client)

    def _add_seed(self, client: int, file: str) -> None:
        self._node.step = "T7"
        if self._table.complete(file, client):
            self._node.record(RoleChanged(client, file, "seed"))

    def _finish(self, client: int) -> None:
        self._node.step = "T8"
        self._finished.add(client)
        self._node.record(ClientFinished(client))
        if self._finished == self._clients:
            self._node.step = "T9"
            for rank in sorted(self._clients):
                self._node.upload.send(Stop(), rank)
            self.is_running = False
