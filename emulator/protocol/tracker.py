"""The tracker: T1 … T9. A handler: the loop that receives (T5) is `node.serve`.

It holds no segment, and does not know who holds which segment.
"""

from collections.abc import Iterable

from emulator.protocol.events import BarrierOpened, ClientFinished, ClientLeft, RoleChanged
from emulator.protocol.files import FileMetadata
from emulator.protocol.messages import (
    AnyMessage,
    Barrier,
    FileCompleted,
    Finished,
    Leave,
    Lost,
    Metadata,
    MetadataAnswer,
    MetadataRequest,
    Returned,
    Stop,
    Stuck,
    StuckAnswer,
    SwarmAnswer,
    SwarmRequest,
)
from emulator.protocol.node import Node, ProtocolError, unexpected
from emulator.protocol.stuck import Advice, Report
from emulator.protocol.swarm import SwarmTable


class Tracker:
    """Knows the swarms of all files, and how far each client has come. Answers with at most `numwant` of each role.

    Barriers, and the end, compare with the clients that are alive, never with a count of all.
    """

    def __init__(self, node: Node, numwant: int) -> None:
        self.is_running = True
        self._node = node
        self._numwant = numwant
        self._table = SwarmTable()
        self._live = set(range(1, node.size))
        # Of those that are alive:
        self._reported: set[int] = set()
        self._asked: set[int] = set()
        self._finished: set[int] = set()
        self._barrier = 0
        """The last barrier that has been opened."""
        self._returning: set[int] = set()
        """Those that died and come back, until they are in a swarm again: they may hold what nobody else does."""
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
        return ("T1", "T3", "T5")[self._barrier]

    def _react(self, source: int, message: AnyMessage) -> None:
        match message:
            case SwarmRequest():
                self._answer_swarm(source, message)
            case FileCompleted(file):
                self._add_seed(source, file)
            case Metadata(files):
                self._add_owner(source, files)
            case MetadataRequest():
                self._answer_metadata(source, message)
            case Finished():
                self._finish(source)
            case Stuck():
                self._add_stuck(source, message)
            case Leave():
                self._leave(source)
            case Lost(is_coming_back):
                self._lose(source, is_coming_back)
            case Returned():
                self._live.add(source)  # it will report, and is waited for
                self._returning.add(source)
            case _:
                raise unexpected(self._node, source, message)

    def _add_owner(self, client: int, files: Iterable[FileMetadata]) -> None:
        self._node.step = "T1"
        for metadata in files:
            self._table.report(client, metadata)
            self._node.record(RoleChanged(client, metadata.name, "seed"))
        self._reported.add(client)
        if self._barrier >= 1:  # it comes late: it had been lost
            self._node.step = "T2"
            self._node.download.send(Barrier(1), client)
        self._open_due_barriers()

    def _answer_metadata(self, client: int, asked: MetadataRequest) -> None:
        self._node.step = "T3"
        self._node.download.send(MetadataAnswer(self._table.metadata(asked.files), asked.request), client)
        self._asked.add(client)
        if self._barrier == 2:
            self._node.step = "T4"
            self._node.download.send(Barrier(2), client)
        self._open_due_barriers()

    def _open_due_barriers(self) -> None:
        """T2, T4: open a barrier when every live client has got there."""
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

    def _answer_swarm(self, client: int, asked: SwarmRequest) -> None:
        self._node.step = "T6"
        if client in self._finished:
            return  # late, or doubled on its way: it has had its answer, and may have departed
        file = asked.file
        if self._table.join(file, client):
            self._node.record(RoleChanged(client, file, "peer"))
        seeds, peers = self._table.draw(file, client, self._numwant, self._node.random)
        self._node.download.send(SwarmAnswer(file, seeds, peers, asked.request), client)
        if self._returning:
            self._welcome(client)

    def _add_seed(self, client: int, file: str) -> None:
        self._node.step = "T7"
        if self._table.complete(file, client):
            self._node.record(RoleChanged(client, file, "seed"))
            self._advise([file])

    def _finish(self, client: int) -> None:
        self._node.step = "T8"
        if client not in self._finished:
            self._finished.add(client)
            self._node.record(ClientFinished(client))
        self._welcome(client)
        self._stop_if_all_finished()

    def _stop_if_all_finished(self) -> None:
        if self._live <= self._finished:
            self._node.step = "T9"
            for rank in sorted(self._live):
                self._node.upload.send(Stop(), rank)
            self.is_running = False

    # Beyond the steps: clients that get nothing, depart, or die

    def _add_stuck(self, client: int, stuck: Stuck) -> None:
        """A client gets nothing more. It is told when it should try again, or that the file is lost."""
        missing = int.from_bytes(stuck.missing, "little")
        report = Report(missing, frozenset(stuck.distrusted), stuck.request)
        told = self._table.report_stuck(stuck.file, client, report)
        if told is not None:
            self._tell(stuck.file, told)
        self._advise([stuck.file])

    def _advise(self, files: Iterable[str]) -> None:
        for file in () if self._returning else files:
            for advice in self._table.advise(file):
                self._tell(file, advice)

    def _tell(self, file: str, advice: Advice) -> None:
        self._node.download.send(StuckAnswer(file, advice.num_lost, advice.holders, advice.request), advice.rank)

    def _welcome(self, client: int) -> None:
        """The client takes part: if it had been away, nobody has to wait any longer for what it may hold."""
        if client in self._returning:
            self._returning.remove(client)
            self._advise(self._table.stuck_files())

    def _leave(self, client: int) -> None:
        """The client departs, and stays alive until the stop."""
        self._node.step = "T8"
        self._table.forget(client)
        self._node.record(ClientLeft(client))
        self._advise(self._table.stuck_files())

    def _lose(self, client: int, is_coming_back: bool) -> None:
        """The client is dead: it is in no swarm, and nobody waits for it, unless it comes back."""
        self._table.forget(client)
        for ranks in (self._reported, self._asked, self._finished):
            ranks.discard(client)
        if is_coming_back:
            self._returning.add(client)
            return
        self._live.discard(client)
        self._returning.discard(client)
        self._open_due_barriers()
        self._advise(self._table.stuck_files())
        if self._barrier == 2 or not self._live:
            self._stop_if_all_finished()
