"""The tracker with what lies beyond T1 … T9: clients that die, return, depart, or get nothing more."""

from collections import defaultdict
from collections.abc import Iterable

from emulator.protocol.beyond.stuck import StuckPeers
from emulator.protocol.events import ClientLeft
from emulator.protocol.files import FileMetadata
from emulator.protocol.messages import (
    AnyMessage,
    Barrier,
    Leave,
    Lost,
    MetadataRequest,
    Returned,
    Stuck,
    SwarmRequest,
)
from emulator.protocol.node import Node
from emulator.protocol.tracker import Tracker


class ExtendedTracker(Tracker):
    """A `Tracker` that goes on with the live clients, and decides when a file is lost."""

    def __init__(self, node: Node, numwant: int) -> None:
        super().__init__(node, numwant)
        self._stuck: defaultdict[str, StuckPeers] = defaultdict(StuckPeers)
        """By file, the clients that get nothing more."""
        self._returning: set[int] = set()
        """Clients that died and come back, until they are in a swarm again. They may hold what seems to be lost."""

    def _react_beyond(self, source: int, message: AnyMessage) -> None:
        match message:
            case Stuck():
                self._add_stuck(source, message)
            case Leave():
                self._leave(source)
            case Lost(is_coming_back):
                self._lose(source, is_coming_back)
            case Returned():
                self._live.add(source)
                self._returning.add(source)
            case _:
                super()._react_beyond(source, message)

    # The steps, for clients that return

    def _add_owner(self, client: int, files: Iterable[FileMetadata]) -> None:
        is_late = self._barrier >= 1
        super()._add_owner(client, files)
        if is_late:
            self._node.step = "T2"
            self._node.download.send(Barrier(1), client)

    def _answer_metadata(self, client: int, asked: MetadataRequest) -> None:
        is_late = self._barrier == 2
        super()._answer_metadata(client, asked)
        if is_late:
            self._node.step = "T4"
            self._node.download.send(Barrier(2), client)

    def _answer_swarm(self, client: int, asked: SwarmRequest) -> None:
        if client in self._finished:
            return  # a late or duplicated request; its client has had the answer, and may have departed
        super()._answer_swarm(client, asked)
        if self._returning:
            self._welcome(client)

    def _add_seed(self, client: int, file: str) -> None:
        super()._add_seed(client, file)
        self._answer_stuck([file])

    def _finish(self, client: int) -> None:
        super()._finish(client)
        self._welcome(client)

    def _welcome(self, client: int) -> None:
        """A returning client takes part again: what it may hold need not be waited for any longer."""
        if client in self._returning:
            self._returning.remove(client)
            self._answer_stuck(self._table)

    # Clients that get nothing

    def _add_stuck(self, client: int, stuck: Stuck) -> None:
        """Note a client that gets nothing more; it is answered when it should try again, or the file is lost."""
        num_segments = self._table[stuck.file].metadata.num_segments
        if int.from_bytes(stuck.missing, "little").bit_length() > num_segments:
            raise ValueError(f"it misses more than the {num_segments} segments of {stuck.file!r}")
        answer = self._stuck[stuck.file].report(client, stuck)
        if answer is not None:
            self._node.download.send(answer, client)
        self._answer_stuck([stuck.file])

    def _answer_stuck(self, files: Iterable[str]) -> None:
        """Send the answers that are due to clients that are stuck in these files."""
        for file in () if self._returning else files:
            if self._stuck.get(file):
                swarm = self._table[file]
                for client, answer in self._stuck[file].judge(list(swarm.seeds), list(swarm.peers)).items():
                    self._node.download.send(answer, client)

    # Clients that depart or die

    def _leave(self, client: int) -> None:
        """The client leaves all swarms, and stays alive until the stop."""
        self._node.step = "T8"
        self._forget(client)
        self._node.record(ClientLeft(client))
        self._answer_stuck(self._table)

    def _lose(self, client: int, is_coming_back: bool) -> None:
        """The client is dead: it leaves all swarms, and is not waited for unless it comes back."""
        self._forget(client)
        for clients in (self._reported, self._asked, self._finished):
            clients.discard(client)
        if is_coming_back:
            self._returning.add(client)
            return
        self._live.discard(client)
        self._returning.discard(client)
        self._open_due_barriers()
        self._answer_stuck(self._table)
        if self._barrier == 2 or not self._live:
            self._stop_if_all_finished()

    def _forget(self, client: int) -> None:
        self._table.forget(client)
        for stuck in self._stuck.values():
            stuck.forget(client)
