"""Checking who is dead: what the dead do, and what the others are told of them."""

from bisect import bisect_left

from emulator.checker import rules
from emulator.checker.checks.flights import Way
from emulator.checker.known import Known
from emulator.checker.words import in_words
from emulator.protocol.events import Died, Restarted
from emulator.protocol.messages import (
    TRACKER,
    AnyMessage,
    ConnectionCount,
    Hit,
    Holdings,
    Metadata,
    MetadataAnswer,
    MetadataRequest,
    Miss,
    StuckAnswer,
    SwarmAnswer,
)

ANSWERS = (Hit, Miss, ConnectionCount, Holdings, MetadataAnswer, SwarmAnswer, StuckAnswer)


class DeathCheck:
    """The deaths and returns of all ranks, and which of them each rank has been told of."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._died: dict[int, list[int]] = {}
        """The lines of each rank's deaths."""
        self._restarted: dict[int, list[int]] = {}
        """The lines in which each rank began anew."""
        self._num_told: dict[Way, tuple[int, int]] = {}
        """How many deaths of the sender the receiver was told of since it began, and the line in which it began."""
        self._told_lost: dict[Way, int] = {}
        self._told_returned: dict[tuple[int, int], int] = {}
        """The line in which a rank was last told that another one has returned."""

    # What happens

    def died(self, line: int, rank: int, _thread: str, _event: Died) -> None:
        self._known.dead.add(rank)
        self._died.setdefault(rank, []).append(line)

    def restarted(self, line: int, rank: int, _thread: str, _event: Restarted) -> None:
        if rank not in self._known.dead:
            text = f"rank {rank} is started again, and has not died"
            self._known.add(rules.DEATHS, (line,), text, "a rank that is dead is started again")
        self._known.dead.discard(rank)
        self._restarted.setdefault(rank, []).append(line)

    def act(self, line: int, rank: int) -> None:
        """Something happens at a rank that is dead."""
        text = f"rank {rank} goes on after its death"
        expected = "a dead rank does nothing until it is restarted"
        self._known.add(rules.DEATHS, (self._died[rank][-1], line), text, expected)

    def tell_lost(self, line: int, way: Way) -> None:
        channel, source, rank = way
        deaths = self._died.get(source, [])
        if not deaths:
            text = f"rank {rank} is told on {channel} that rank {source} is lost"
            self._known.add(rules.DEATHS, (line,), text, "that is told of a rank that has died")
        elif self._num_known(way) < len(deaths):
            began = self._began(rank)
            since, num_told = self._num_told.get(way, (0, 0))
            self._num_told[way] = (began, num_told + 1 if since == began else 1)
        elif rank not in self._restarted:
            text = f"rank {rank} is told on {channel} more often that rank {source} is lost than it has died"
            self._known.add(rules.DEATHS, (deaths[-1], line), text, "each death is told once")
        self._told_lost[way] = line

    def tell_returned(self, line: int, way: Way) -> None:
        """What the receiver sent to the rank before it was told may have gone to the dead."""
        channel, source, rank = way
        if source not in self._restarted:
            text = f"rank {rank} is told on {channel} that rank {source} has returned"
            self._known.add(rules.DEATHS, (line,), text, "that is told of a rank that was started again")
        self._told_returned[rank, source] = line

    # What follows for messages

    def loosened(self, way: Way) -> int:
        """What was sent on this way before this line may vanish."""
        if not self._died:
            return 0
        _, source, rank = way
        died = max(self._died.get(source, (0,))[-1], self._died.get(rank, (0,))[-1])
        return max(died, self._began(rank), self._told_returned.get((source, rank), 0))

    def heard_until(self, way: Way) -> int:
        """The line of the last death of the sender that the receiver knows of: messages from before it are over."""
        num_known = self._num_known(way) if self._died else 0
        return self._died[way[1]][num_known - 1] if num_known else 0

    def life_of(self, way: Way) -> tuple[int, int]:
        """The lines between which the sender lived the life that the receiver hears of, where that life is over; the
        second is 0 where it goes on.
        """
        deaths = self._died.get(way[1])
        if deaths is None:
            return 0, 0
        num_known = self._num_known(way)
        return self.heard_until(way), deaths[num_known] if num_known < len(deaths) else 0

    def _began(self, rank: int) -> int:
        """The line in which a rank began anew for the last time; 0 where it is in its first life."""
        return self._restarted[rank][-1] if rank in self._restarted else 0

    def _num_known(self, way: Way) -> int:
        """Of how many of the sender's deaths the receiver knows: those before it began anew, and those it was told of.

        If the sender was dead when the receiver began, that death is told to the receiver when it begins.
        """
        _, source, rank = way
        deaths = self._died.get(source)
        if deaths is None:
            return 0
        began = self._began(rank)
        since, num_told = self._num_told.get(way, (0, 0))
        num_before = bisect_left(deaths, began)
        if num_before and not self._has_restarted(source, deaths[num_before - 1], began):
            num_before -= 1
        return num_before + (num_told if since == began else 0)

    def _has_restarted(self, rank: int, after: int, before: int) -> bool:
        lines = self._restarted.get(rank, [])
        place = bisect_left(lines, after)
        return place < len(lines) and lines[place] < before

    def has_died_since(self, rank: int, line: int) -> bool:
        deaths = self._died.get(rank)
        return deaths is not None and deaths[-1] > line

    def may_be_missing(self, way: Way, message: AnyMessage, line: int) -> bool:
        """Whether the line of the sending may be missing: the sender has died, the receiver has not been told, and the
        message can be from before the death.
        """
        source = way[1]
        if source not in self._died:
            return False
        died = self._died[source][-1]
        if died > line:
            return True
        return died > self._told_lost.get(way, 0) and self._needed(way, message) < died

    def is_answer_of_the_dead(self, line: int, way: Way, message: AnyMessage) -> bool:
        """Whether the message can only have been sent after its sender's death; if so, that is told."""
        source, rank = way[1:]
        if source not in self._known.dead or self._needed(way, message) < self._died[source][-1]:
            return False
        text = f"rank {rank} receives {in_words(message)} from rank {source}, which was dead before that could be sent"
        self._known.add(rules.DEATHS, (self._died[source][-1], line), text, "the dead send nothing")
        return True

    def _needed(self, way: Way, message: AnyMessage) -> int:
        """The line of something that the sender must have got before it sent this; 0 where that is not known."""
        _, source, rank = way
        if rank == TRACKER:
            number = 1 if isinstance(message, MetadataRequest) else 2
            return 0 if isinstance(message, Metadata) else self._known.signalled.get((number, source), 0)
        asked = self._known.clients[rank].outstanding
        return asked[0] if asked is not None and asked[1] == source and isinstance(message, ANSWERS) else 0
