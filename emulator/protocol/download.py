"""The download thread: D1 … D8. The choices of D4 to D6 are the strategy's (`strategies/peers_first.py`)."""

from emulator.protocol.events import (
    Arrived,
    BarrierPassed,
    DownloadsFinished,
    DownloadStarted,
    FileUnavailable,
    FileWritten,
    RoundBegan,
    RoundEnded,
)
from emulator.protocol.files import ClientInput, FileMetadata
from emulator.protocol.library import Holding, Library
from emulator.protocol.messages import (
    TRACKER,
    FileCompleted,
    Finished,
    Leave,
    MetadataAnswer,
    MetadataRequest,
    Stuck,
    StuckAnswer,
    SwarmAnswer,
    SwarmRequest,
)
from emulator.protocol.node import Node, unexpected
from emulator.protocol.questions import Questions
from emulator.protocol.round import Round, Strategy
from emulator.protocol.terms import Terms
from emulator.protocol.trust import Trust

FIRST_PAUSE_S = 0.001
LONGEST_PAUSE_S = 0.1
"""A round that got nothing is followed by another one after a pause that doubles from the first to the longest."""
MOST_EMPTY_ROUNDS = 3
"""After so many in a row, in which no seed gave anything, the client tells the tracker that it is stuck."""
MOST_IDLE_ROUNDS = 3_000
"""So many in a row, in which the strategy asks nobody for a segment though the list has seeds, are no patience."""


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
        # Of the file that is being downloaded:
        self._trust = Trust()
        self._num_rounds = 0

    def run(self) -> None:
        self._node.step = "D1"
        files = self._ask_metadata()

        self._node.step = "D2"
        self._questions.await_barrier(2)
        self._node.record(BarrierPassed(2))

        self._node.step = "D3"
        self._arrive()
        for name in self._mine.wanted:
            if name in files:
                self._download(files[name])  # D3 … D7
            else:
                self._node.record(FileUnavailable(name, 0, 0))

        self._node.step = "D8"
        self._questions.hear_out()
        self._node.record(DownloadsFinished())
        self._node.download.send(Finished(), TRACKER)
        self._depart()

    def _ask_metadata(self) -> dict[str, FileMetadata]:
        """D1: the metadata of every wanted file; those are missing whose owners all died before they told of them."""
        self._questions.number += 1
        answer = self._questions.ask_tracker(MetadataRequest(self._mine.wanted, self._questions.number))
        if not isinstance(answer, MetadataAnswer):
            raise unexpected(self._node, TRACKER, answer)
        files = {metadata.name: metadata for metadata in answer.files}
        if not files.keys() <= set(self._mine.wanted):
            raise unexpected(self._node, TRACKER, answer)
        return files

    def _arrive(self) -> None:
        """D3: a client may come to the swarm later than others."""
        if self._terms.arrives_s > 0:
            self._node.clock.sleep(self._terms.arrives_s)
            self._node.record(Arrived())

    def _download(self, metadata: FileMetadata) -> None:
        """D3: rounds, each with a fresh swarm list, until the file is there, or nobody has what is missing."""
        node, file = self._node, metadata.name
        node.step = "D3"
        is_owned = file in self._library
        holding = self._library.open(metadata)
        for segment, data in () if is_owned else node.storage.read_stored(metadata):
            if not holding.has(segment):
                holding.add(segment, data)
        node.record(DownloadStarted(file, metadata.num_segments, metadata.num_segments - holding.num_missing))
        if self._run_rounds(holding):
            self._complete(holding, is_owned)

    def _run_rounds(self, holding: Holding) -> bool:
        """D3: whether the file came to be whole."""
        self._trust, self._num_rounds = Trust(), 0
        num_empty, num_idle, pause_s = 0, 0, FIRST_PAUSE_S
        while not holding.is_complete:
            num_missing = holding.num_missing
            round = self._begin_round(holding)
            self._strategy.run_round(round)
            self._end_round(round)
            num_idle = num_idle + 1 if round.seeds and not round.visits else 0
            if num_idle >= MOST_IDLE_ROUNDS:
                text = f"the strategy has asked nobody for a segment of {round.file!r} in {num_idle:,} rounds in a row"
                raise RuntimeError(f"{text}, with seeds in its list")
            num_empty = 0 if round.num_taken else num_empty + 1
            if num_empty >= MOST_EMPTY_ROUNDS and not round.seeds:
                if self._is_lost(holding):
                    return False
                num_empty = 0
            if holding.num_missing < num_missing:
                pause_s = FIRST_PAUSE_S
            else:
                self._node.clock.sleep(pause_s)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
        return True

    def _begin_round(self, holding: Holding) -> Round:
        file = holding.metadata.name
        self._questions.number += 1
        swarm = self._questions.ask_tracker(SwarmRequest(file, self._questions.number))
        if not isinstance(swarm, SwarmAnswer) or swarm.file != file:
            raise unexpected(self._node, TRACKER, swarm)
        return self._open_round(holding, swarm.seeds, swarm.peers)

    def _open_round(self, holding: Holding, seeds: tuple[int, ...], peers: tuple[int, ...]) -> Round:
        """Seeds that let this client down are not asked: the least connected one may be one that gives nothing."""
        self._num_rounds += 1
        self._node.record(RoundBegan(holding.metadata.name, self._num_rounds, seeds, peers))
        uploaders = (self._trust.without_let_down(seeds), peers)
        return Round(self._node, self._questions, holding, uploaders, self._terms.quota)

    def _end_round(self, round: Round) -> None:
        self._trust.weigh(round.visits)
        self._node.step = "D3"
        self._node.record(RoundEnded(round.file, self._num_rounds, round.num_taken))

    def _is_lost(self, holding: Holding) -> bool:
        """Tell the tracker what is missing. It answers when all peers are stuck, or when there is reason to go on."""
        file = holding.metadata.name
        self._questions.number += 1
        stuck = Stuck(file, holding.missing_bits, self._trust.distrusted(), self._questions.number)
        answer = self._questions.ask_tracker(stuck)
        if not isinstance(answer, StuckAnswer) or answer.file != file:
            raise unexpected(self._node, TRACKER, answer)
        if answer.num_lost:
            num_present = holding.metadata.num_segments - holding.num_missing
            self._node.record(FileUnavailable(file, num_present, answer.num_lost))
            return True
        if answer.holders:
            self._try_holders(self._open_round(holding, (), answer.holders))
        return False

    def _try_holders(self, round: Round) -> None:
        """D4 with peers of whom the tracker knows that they hold what is missing first."""
        for holder in round.peers:
            if round.is_open:
                with round.connect(holder) as connection:
                    connection.take_until_miss()
        self._trust.expect(round.peers)
        self._end_round(round)

    def _complete(self, holding: Holding, is_owned: bool) -> None:
        """D7. The tracker knows from P2 that a client seeds what it owns, and is not told again."""
        self._node.step = "D7"
        file = holding.metadata.name
        self._node.storage.write_output(holding.content)
        self._node.record(FileWritten(file, holding.metadata.num_segments))
        if not is_owned:
            self._node.download.send(FileCompleted(file), TRACKER)

    def _depart(self) -> None:
        """D8: leave the swarm, if the scenario says so. Owners of files stay: they are where everything comes from."""
        if self._terms.stays_s is not None and not self._mine.owned:
            self._node.clock.sleep(self._terms.stays_s)
            self._library.withdraw()
            self._node.download.send(Leave(), TRACKER)
