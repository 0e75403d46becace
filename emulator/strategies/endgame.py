"""The end of a file, where one slow uploader holds up everything."""

from collections.abc import Sequence

from emulator.protocol.round import Round
from emulator.strategies.rarest_first import RarestFirst

NUM_LAST = 5
"""Segments that are raced for."""
NUM_RACING = 3
"""Uploaders in a race. BEP 3 asks everybody; all answers but the first are a waste of somebody's uplink."""


class Endgame(RarestFirst):
    """Rarest first; each of the last segments is asked of several at once, and the first to give it wins."""

    def take(self, round: Round, segment: int, holders: Sequence[int]) -> None:
        if round.num_missing > NUM_LAST:
            super().take(round, segment, holders)
        else:
            round.race(segment, round.random.sample(holders, min(NUM_RACING, len(holders))))
