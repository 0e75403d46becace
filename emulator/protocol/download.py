"""The download thread: D1 … D8. A strategy makes the choices of D4 to D6 (`strategies/peers_first.py`)."""

from emulator.protocol.beyond.presence import arrive, depart
from emulator.protocol.beyond.pursuit import Pursuit, Pursuits
from emulator.protocol.beyond.resume import resume
from emulator.protocol.events import (
    BarrierPassed,
    DownloadsFinished,
    DownloadStarted,
    FileNotWritten,
    FileUnavailable,
    FileWritten,
)
from emulator.protocol.files import ClientInput, FileMetadata
from emulator.protocol.library import HeldFile, Library
from emulator.protocol.messages import TRACKER, FileCompleted, Finished, MetadataRequest, SwarmRequest
from emulator.protocol.node import DiskFull, Node, unexpected
from emulator.protocol.questions import Questions
from emulator.protocol.round import Round, Strategy
from emulator.protocol.terms import Terms


class Downloader:
    """Downloads the wanted files one after the other, in rounds of at most a quota of segments."""

    def __init__(
        self, node: Node, questions: Questions, library: Library, mine: ClientInput, strategy: Strategy, terms: Terms
    ) -> None:
        self._node = node
        self._questions = questions
        self._library = library
        self._mine = mine
        self._strategy = strategy
        self._terms = terms
        self._pursuits = Pursuits(node, questions, terms.quota)

    def run(self) -> None:
        """The thread's whole life."""
        self._node.step = "D1"
        files = self._ask_metadata()

        self._node.step = "D2"
        self._questions.await_barrier(2)
        self._node.record(BarrierPassed(2))

        self._node.step = "D3"
        arrive(self._node, self._terms)
        for name in self._mine.wanted:
            if name in files:
                self._download(files[name])  # D3 … D7
            else:
                self._node.record(FileUnavailable(name, 0, 0))

        self._node.step = "D8"
        self._node.record(DownloadsFinished())
        self._node.download.send(Finished(), TRACKER)
        depart(self._node, self._terms, self._mine, self._library)

    def _ask_metadata(self) -> dict[str, FileMetadata]:
        """D1: the metadata of every wanted file, except those whose owners all died before they reported."""
        answer = self._questions.ask_tracker(MetadataRequest, self._mine.wanted)
        files = {metadata.name: metadata for metadata in answer.files}
        if not files.keys() <= set(self._mine.wanted):
            raise unexpected(self._node, TRACKER, answer)
        return files

    def _download(self, metadata: FileMetadata) -> None:
        """D3: rounds, until the file is whole or given up."""
        self._node.step = "D3"
        is_owned = metadata.name in self._library
        held = self._library.open(metadata)
        if not is_owned:
            resume(held, self._node.storage)
        self._node.record(DownloadStarted(metadata.name, metadata.num_segments, held.num_present))
        pursuit = self._pursuits.begin(held)
        while not held.is_complete:
            round = self._begin_round(pursuit)
            self._strategy.run_round(round)  # D4 … D6
            pursuit.end_round(round)
            if pursuit.gives_up():
                return
            pursuit.rest()
        self._complete(held, is_owned)

    def _begin_round(self, pursuit: Pursuit) -> Round:
        """D3: ask the tracker for the file's seeds and peers, anew in each round."""
        swarm = self._questions.ask_tracker(SwarmRequest, pursuit.file)
        return pursuit.begin_round(swarm.seeds, swarm.peers)

    def _complete(self, held: HeldFile, is_owned: bool) -> None:
        """D7. The tracker knows from P2 that a client seeds the files that it owns, and is not told again."""
        self._node.step = "D7"
        try:
            self._node.storage.write_output(held.content)
        except DiskFull:
            self._node.record(FileNotWritten(held.metadata.name))
        else:
            self._node.record(FileWritten(held.metadata.name, held.metadata.num_segments))
        if not is_owned:
            self._node.download.send(FileCompleted(held.metadata.name), TRACKER)
