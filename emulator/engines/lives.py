"""The ledger of lives: for each rank of a run one state, and which state may follow which. Every engine keeps one.

An engine sees how its ranks fare, from exit statuses or because it ends them itself, and enters it here. What follows
from a death is decided here for all engines: whether the rank comes back, when, and what a person is told.
"""

from collections import Counter
from enum import Enum

import msgspec

from emulator.engines.names import name_of
from emulator.protocol.messages import TRACKER

RESTART_S = 0.1
"""How long after its death a client starts again, if no fault says when (`--restart`)."""
MAX_RESTARTS = 10
"""Of one client under `--restart`: a client that always dies at once must not keep a run from its end."""
TOO_LATE = "came back when the swarm was over"
WAITING_STEPS = frozenset({"P1", "P2", "P3", "P4", "D1", "D2", "U1"})
"""Where the threads of a client are that waits for the tracker's barriers."""


class State(Enum):
    RUNNING = "running"
    STOPPED = "stopped"  # by a fault, as by SIGSTOP
    RETURNING = "dead and coming back"
    DEAD = "dead"
    ENDED = "ended"  # its part of the protocol is over


class Change(Enum):
    STOP = "stop"
    GO_ON = "go on"
    FALL = "die to come back"
    DIE = "die for good"
    RETURN = "come back"
    END = "end"


AFTER = {
    (State.RUNNING, Change.STOP): State.STOPPED,
    (State.RUNNING, Change.FALL): State.RETURNING,
    (State.RUNNING, Change.DIE): State.DEAD,
    (State.RUNNING, Change.END): State.ENDED,
    (State.STOPPED, Change.GO_ON): State.RUNNING,
    (State.STOPPED, Change.FALL): State.RETURNING,
    (State.STOPPED, Change.DIE): State.DEAD,
    (State.STOPPED, Change.END): State.ENDED,  # it had ended before it was stopped, which is known only now
    (State.RETURNING, Change.RETURN): State.RUNNING,
    (State.RETURNING, Change.DIE): State.DEAD,  # the tracker has ended: there is nothing to come back to
    (State.ENDED, Change.DIE): State.DEAD,  # its process was killed on its way out
}
"""The state after a change. No other change is possible."""


class Comeback(msgspec.Struct, frozen=True):
    """How a rank that dies starts again."""

    after_s: float
    is_state_kept: bool


class Death(msgspec.Struct, frozen=True):
    """What a death comes to."""

    how: str
    text: str
    """For a person: which rank, how it died, and where it was."""
    comeback: Comeback | None


class Lives:
    """The ledger of one run. At its beginning all ranks are running, each in life 0."""

    def __init__(self, size: int, *, is_restarting: bool = False) -> None:
        """`is_restarting`: clients come back from every death (`--restart`), not only where a fault says so."""
        self._states = [State.RUNNING] * size
        self._is_restarting = is_restarting
        self._num_left = size
        self._num_stops: Counter[int] = Counter()
        self._num_returns: Counter[int] = Counter()
        self._comebacks: dict[int, Comeback] = {}
        self._endings: dict[int, str] = {}
        self._texts: dict[int, str] = {}

    def state(self, rank: int) -> State:
        return self._states[rank]

    def life(self, rank: int) -> int:
        """How often the rank has come back."""
        return self._num_returns[rank]

    @property
    def is_over(self) -> bool:
        """Whether all ranks have ended, or are dead and do not come back."""
        return self._num_left == 0

    @property
    def died(self) -> dict[int, str]:
        """Every rank that is dead and does not come back, and what a person is told of its death."""
        return {rank: text for rank, text in self._texts.items() if self._states[rank] is State.DEAD}

    def is_running(self, rank: int) -> bool:
        """Whether the rank takes part in the protocol; one that is stopped does."""
        state = self._states[rank]
        return state is State.RUNNING or state is State.STOPPED

    def is_gone(self, rank: int) -> bool:
        """Whether the rank is dead, though it may come back."""
        state = self._states[rank]
        return state is State.DEAD or state is State.RETURNING

    def running(self) -> list[int]:
        """The ranks that take part in the protocol."""
        return [rank for rank in range(len(self._states)) if self.is_running(rank)]

    def gone(self) -> list[tuple[int, bool]]:
        """Each rank that is dead, and whether it comes back: what a rank has to know that comes back itself."""
        return [(rank, self._states[rank] is State.RETURNING) for rank in sorted(self._texts) if self.is_gone(rank)]

    def returned(self) -> list[int]:
        """The ranks that take part in a later life than their first."""
        return [rank for rank in sorted(self._num_returns) if self.is_running(rank)]

    def stop(self, rank: int) -> None:
        """One more fault wants the rank to stand still."""
        if self._states[rank] is not State.STOPPED:
            self._change(rank, Change.STOP)
        self._num_stops[rank] += 1

    def go_on(self, rank: int) -> bool:
        """One fault less wants that; whether it was the last one, and the rank goes on."""
        if self._num_stops[rank] > 1:
            self._num_stops[rank] -= 1
            return False
        self._change(rank, Change.GO_ON)
        return True

    def doom(self, rank: int, comeback: Comeback | None = None, how: str | None = None) -> None:
        """The rank is about to be killed: how it will come back, and what is to be said instead of how it dies."""
        if comeback is not None:
            self._comebacks[rank] = comeback
        if how is not None:
            self._endings[rank] = how

    def die(self, rank: int, how: str, where: str, pid: int | None = None) -> Death:
        """The rank is dead."""
        comeback = self._comeback_of(rank)
        how = self._endings.pop(rank, how)
        self._change(rank, Change.DIE if comeback is None else Change.FALL)
        process = "" if pid is None else f" (process {pid})"
        self._texts[rank] = text = f"{name_of(rank)}{process} {how}; {where}"
        return Death(how, text, comeback)

    def _comeback_of(self, rank: int) -> Comeback | None:
        comeback = self._comebacks.pop(rank, None)
        if rank == TRACKER or not self.is_running(TRACKER) or not self.is_running(rank):
            return None
        if comeback is None and self._is_restarting and self._num_returns[rank] < MAX_RESTARTS:
            return Comeback(RESTART_S, is_state_kept=True)
        return comeback

    def come_back(self, rank: int) -> int:
        """The rank starts again; the number of its new life."""
        self._change(rank, Change.RETURN)
        self._num_returns[rank] += 1
        return self._num_returns[rank]

    def end(self, rank: int) -> None:
        """The rank's part is over. After the tracker's end no rank comes back."""
        self._change(rank, Change.END)
        if rank == TRACKER:
            for other, is_returning in self.gone():
                if is_returning:
                    self._change(other, Change.DIE)

    def _change(self, rank: int, change: Change) -> None:
        state = self._states[rank]
        after = AFTER.get((state, change))
        if after is None:
            raise RuntimeError(f"{name_of(rank)} is {state.value} and cannot {change.value}")
        self._states[rank] = after
        if after is not State.STOPPED:
            self._num_stops.pop(rank, None)
        if after is State.RUNNING and change is Change.RETURN:
            self._texts.pop(rank)
        self._num_left -= _is_over(after) - _is_over(state)


def _is_over(state: State) -> bool:
    return state is State.DEAD or state is State.ENDED
