"""The download thread: D1 … D8. The choices of D4 to D6 are the strategy's (`strategies/peers_first.py`)."""

from collections.abc import Sequence

from emulator.protocol.events import (
    BarrierPassed,
    DownloadsFinished,
    DownloadStarted,
    FileWritten,
    RoundBegan,
    RoundEnded,
)
from emulator.protocol.files import FileMetadata
from emulator.protocol.library import Holding, Library
from emulator.protocol.messages import (
    TRACKER,
    AnyMessage,
    Barrier,
    FileCompleted,
    Finished,
    MetadataAnswer,
    MetadataRequest,
    SwarmAnswer,
    SwarmRequest,
)
from emulator.protocol.node import Node, unexpected
from emulator.protocol.round import Round, Strategy

FIRST_PAUSE_S = 0.001
LONGEST_PAUSE_S = 0.1
"""A round that got nothing is followed by another one after a pause that doubles from the first to the longest."""


class Downloader:
    """Downloads the wanted files one after the other, in rounds of at most `quota` segments."""

    def __init__(self, node: Node, library: Library, wanted: Sequence[str], strategy: Strategy, quota: int) -> None:
        self._node = node
        self._library = library
        self._wanted = wanted
        self._strategy = strategy
        self._quota = quota

    def run(self) -> None:
        self._node.step = "D1"
        files = self._ask_metadata()

        self._node.step = "D2"
        await_barrier(self._node, 2)

        for metadata in files:
            self._download(metadata)  # D3 … D7

        self._node.step = "D8"
        self._node.record(DownloadsFinished())
        self._node.download.send(Finished(), TRACKER)

    def _ask_metadata(self) -> tuple[FileMetadata, ...]:
        """D1: the metadata of every wanted file, in the order of the wants."""
        answer = self._ask_tracker(MetadataRequest(tuple(self._wanted)))
        if not isinstance(answer, MetadataAnswer) or [file.name for file in answer.files] != list(self._wanted):
            raise unexpected(self._node, TRACKER, answer)
        return answer.files

    def _download(self, metadata: FileMetadata) -> None:
        """D3: rounds, each with a fresh swarm list, until the file is there."""
        node, file = self._node, metadata.name
        node.step = "D3"
        is_owned = file in self._library
        holding = self._library.open(metadata)
        node.record(DownloadStarted(file, metadata.num_segments, metadata.num_segments - holding.num_missing))
        number, pause_s = 0, FIRST_PAUSE_S
        while not holding.is_complete:
            node.step = "D3"
            number += 1
            if self._run_round(holding, number):
                pause_s = FIRST_PAUSE_S
            else:
                node.clock.sleep(pause_s)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
        self._complete(holding, is_owned)

    def _run_round(self, holding: Holding, number: int) -> int:
        """D4 … D6: the number of segments that the strategy got in one round."""
        file = holding.metadata.name
        swarm = self._ask_tracker(SwarmRequest(file))
        if not isinstance(swarm, SwarmAnswer) or swarm.file != file:
            raise unexpected(self._node, TRACKER, swarm)
        self._node.record(RoundBegan(file, number, swarm.seeds, swarm.peers))
        round = Round(self._node, holding, swarm, self._quota)
        self._strategy.run_round(round)
        self._node.step = "D3"
        self._node.record(RoundEnded(file, number, round.num_taken))
        return round.num_taken

    def _complete(self, holding: Holding, is_owned: bool) -> None:
        """D7. The tracker knows from P2 that a client seeds what it owns, and is not told again."""
        self._node.step = "D7"
        file = holding.metadata.name
        self._node.storage.write_output(holding.content)
        self._node.record(FileWritten(file, holding.metadata.num_segments))
        if not is_owned:
            self._node.download.send(FileCompleted(file), TRACKER)

    def _ask_tracker(self, question: AnyMessage) -> AnyMessage:
        self._node.download.send(question, TRACKER)
        source, answer = self._node.download.recv()
        if source != TRACKER:
            raise unexpected(self._node, source, answer)
        return answer


def await_barrier(node: Node, number: int) -> None:
    """P3, D2: wait for the tracker's signal that every client has got here."""
    source, message = node.download.recv()
    if (source, message) != (TRACKER, Barrier(number)):
        raise unexpected(node, source, message)
    node.record(BarrierPassed(number))
