"""What D3 leaves open: which seeds to ask, how long to rest after a round, and when to give a file up.

A file is lost only if no live client holds one of its segments, and no client can see that alone. So a client that gets
nothing tells the tracker what it misses (`Stuck`). The tracker answers when all peers are stuck, or when there is a
reason to go on (`stuck.py`).
"""

from emulator.protocol.beyond.patience import MAX_IDLE_ROUNDS, Patience
from emulator.protocol.beyond.trust import Trust
from emulator.protocol.events import FileUnavailable, RoundBegan, RoundEnded
from emulator.protocol.library import HeldFile
from emulator.protocol.messages import Stuck
from emulator.protocol.node import Node
from emulator.protocol.questions import Questions
from emulator.protocol.round import Round


class Pursuits:
    """All wanted files of one client, one after the other. What it learns of uploaders holds for the files to come."""

    def __init__(self, node: Node, questions: Questions, quota: int) -> None:
        self._node = node
        self._questions = questions
        self._quota = quota
        self._trust = Trust()

    def begin(self, held: HeldFile) -> "Pursuit":
        """D3: begin with the next file."""
        self._trust.begin_file()
        return Pursuit(self._node, self._questions, held, self._quota, self._trust)


class Pursuit:
    """One wanted file, from its first round until it is whole or given up."""

    def __init__(self, node: Node, questions: Questions, held: HeldFile, quota: int, trust: Trust) -> None:
        self.file = held.metadata.name
        self._node = node
        self._questions = questions
        self._held = held
        self._quota = quota
        self._trust = trust
        self._patience = Patience()
        self._num_rounds = 0
        self._has_seeds = False
        """Whether the latest list has a seed that is trusted, even if it does not answer at the moment."""
        self._num_missing = held.num_missing
        """How many segments were missing when the client last rested."""

    def begin_round(self, seeds: tuple[int, ...], peers: tuple[int, ...]) -> Round:
        """A round with those of these uploaders that are worth asking."""
        self._num_rounds += 1
        self._node.record(RoundBegan(self.file, self._num_rounds, seeds, peers))
        self._has_seeds = bool(self._trust.trusted(seeds))
        uploaders = self._trust.worth_asking(seeds, peers, self._node.clock.now())
        return Round(self._node, self._questions, self._held, uploaders, self._quota)

    def end_round(self, round: Round) -> None:
        """Record the round, and count it if it was empty.

        Raises `RuntimeError` if the strategy has asked for no segment for too many rounds.
        """
        self._close(round)
        self._patience.count_round(
            num_taken=round.num_taken, has_visited=bool(round.visits), has_seeds=bool(round.seeds)
        )
        if self._patience.is_idle:
            text = f"the strategy has asked for no segment of {self.file!r} in {MAX_IDLE_ROUNDS:,} rounds in a row"
            raise RuntimeError(f"{text}, with seeds in its list")

    def gives_up(self) -> bool:
        """Whether the file is lost. Asks the tracker if too many rounds were empty and the last one had no seed."""
        if self._has_seeds or not self._patience.has_run_out:
            return False
        answer = self._questions.ask_tracker(Stuck, self.file, self._held.missing_bits, self._trust.distrusted())
        if answer.num_lost:
            self._node.record(FileUnavailable(self.file, self._held.num_present, answer.num_lost))
            return True
        if answer.holders:
            self._try_holders(answer.holders)
        self._patience.renew()
        return False

    def rest(self) -> None:
        """Pause, unless the client has gained a segment since the last rest."""
        pause_s = self._patience.next_pause_s(has_gained=self._held.num_missing < self._num_missing)
        self._num_missing = self._held.num_missing
        if pause_s:
            self._node.clock.sleep(pause_s)

    def _close(self, round: Round) -> None:
        self._trust.weigh(round.visits)
        if round.silences:
            self._trust.note_silences(round.silences, self._node.clock.now())
        self._node.step = "D3"
        self._node.record(RoundEnded(self.file, self._num_rounds, round.num_taken))

    def _try_holders(self, holders: tuple[int, ...]) -> None:
        """A round with peers of which the tracker knows that they hold the first missing segment."""
        round = self.begin_round((), holders)
        for holder in holders:
            if round.is_open:
                with round.connect(holder) as connection:
                    connection.take_until_miss()
        self._trust.expect(holders)
        self._close(round)
