"""Rarest first with a race for the last segments, so that one slow uploader does not delay the whole file."""

from collections.abc import Sequence

from emulator.protocol.round import Round
from emulator.strategies.rarest_first import RarestFirst

NUM_LAST = 5
"""The race begins when this many segments are missing."""
NUM_RACING = 3
"""Uploaders in a race. BEP 3 asks all of them, but every answer except the first wastes an uplink."""


class Endgame(RarestFirst):
    """Rarest first; asks several uploaders at once for each of the last segments; the first answer wins."""

    def take(self, round: Round, segment: int, holders: Sequence[int]) -> None:
        if round.num_missing > NUM_LAST:
            super().take(round, segment, holders)
        else:
            round.race(segment, round.random.sample(holders, min(NUM_RACING, len(holders))))
