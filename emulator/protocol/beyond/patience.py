"""How long a client goes on with rounds that get nothing. Pure."""

MIN_PAUSE_S = 0.001
MAX_PAUSE_S = 0.1
"""A round that got nothing is followed by a pause, which doubles from the minimum to the maximum."""
MAX_EMPTY_ROUNDS = 3
"""After so many empty rounds in a row, a client whose list has no seed that it trusts says that it is stuck."""
MAX_IDLE_ROUNDS = 3_000
"""After so many rounds in a row without a visit, although there were seeds, the strategy will never make one."""


class Patience:
    """The rounds of one file that got nothing, and the pauses between them."""

    def __init__(self) -> None:
        self._num_empty = 0
        self._num_idle = 0
        self._pause_s = MIN_PAUSE_S

    def count_round(self, *, num_taken: int, has_visited: bool, has_seeds: bool) -> None:
        """A round has ended. `has_visited` says whether it asked for a segment, `has_seeds` whether it could have."""
        self._num_empty = 0 if num_taken else self._num_empty + 1
        self._num_idle = self._num_idle + 1 if has_seeds and not has_visited else 0

    @property
    def is_idle(self) -> bool:
        """Whether the strategy has not made a visit for too long."""
        return self._num_idle >= MAX_IDLE_ROUNDS

    @property
    def has_run_out(self) -> bool:
        """Whether too many rounds in a row were empty."""
        return self._num_empty >= MAX_EMPTY_ROUNDS

    def renew(self) -> None:
        """There is a reason to try again: empty rounds count from 0."""
        self._num_empty = 0

    def next_pause_s(self, *, has_gained: bool) -> float:
        """How long to pause before the next round: 0 if the client has gained a segment since the last pause."""
        if has_gained:
            self._pause_s = MIN_PAUSE_S
            return 0.0
        pause_s = self._pause_s
        self._pause_s = min(2 * pause_s, MAX_PAUSE_S)
        return pause_s
