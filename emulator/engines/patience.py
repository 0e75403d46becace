"""How long an answer is waited for where messages can be lost: as long as it may take under what is happening now.

A client waits for what an answer takes without faults, and then asks how much more is due. That depends on the faults
that are on at this moment for the two ranks, and on the uploader's line; a fault that begins later, has ended, or
concerns other ranks makes no wait longer.
"""

import msgspec

from emulator.faults.in_effect import InEffect
from emulator.scenario.network import Network


class Waits(msgspec.Struct, frozen=True):
    """What an answer takes at most, where no fault is on. Computed once a run; it can be pickled."""

    min_s: float
    """Waited in any case, for what the network does not know of."""
    queue_s: float
    """For the line: all other ranks wait for the same uploader, and its line is the slowest."""
    delay_s: float
    """For propagation, to the uploader and back, with room to spare."""

    @classmethod
    def of(cls, network: Network, min_s: float) -> "Waits":
        rates = [rate for rate in (*network.up, *network.down) if rate is not None]
        rates += [link.bytes_per_s for link in network.links if link.bytes_per_s is not None]
        segment_s = network.segment_bytes / min(rates) if rates else 0.0
        delay_s = max([network.delay_s, *(link.delay_s or 0.0 for link in network.links)])
        return cls(min_s, network.size * segment_s, 4 * delay_s)

    @property
    def plain_s(self) -> float:
        """The whole wait, where no fault is on."""
        return self.min_s + (self.queue_s + self.delay_s)

    def whole_s(self, in_effect: InEffect, rank: int, source: int, busy_s: float) -> float:
        """The whole wait of `rank` for an answer of `source`, whose line has work for `busy_s`."""
        slowness = max(in_effect.slowness(rank), in_effect.slowness(source))
        late_s = in_effect.lateness_s(rank) + in_effect.lateness_s(source)
        return self.min_s + (max(slowness * self.queue_s, busy_s) + slowness * self.delay_s) + late_s
