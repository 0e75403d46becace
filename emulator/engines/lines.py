"""The network model, once for both engines: when does a message that is sent now arrive?

Segments leave their uploader one after the other, as fast as its line lets them through. They are on the downloader's
line and on the link between their zones from the same moment (cut-through), and there when the slowest of the three
is done with them. What a slower downlink or a busy link holds up waits there, and the uploader goes on with the next
one. All other messages are small and take the propagation delay alone. `docs/network-model.md` has the formulas, and
says what they leave out.
"""

from collections import deque
from typing import NamedTuple

from emulator.scenario.network import Network


class Passage(NamedTuple):
    """One segment's use of a link."""

    source: int
    end_s: float
    """When the link is done with it."""
    arrival_s: float


class Lines:
    """The state of a network's lines. Pure: it has no clock, and is asked once for every message, in order of time."""

    __slots__ = (
        "_delay_s",
        "_delays_s",
        "_down_s",
        "_factors",
        "_has_rates",
        "_link_s",
        "_links",
        "_network",
        "_up_free_s",
        "_up_s",
        "_zone_of",
    )

    def __init__(self, network: Network) -> None:
        bytes, num_zones = network.segment_bytes, len(network.zones) + 1
        self._network = network
        self._delay_s = network.delay_s
        self._has_rates = not network.is_ideal
        # Times of one segment instead of rates: a maximum of two, for each message, instead of a division.
        self._up_s = [bytes / rate if rate else 0.0 for rate in network.up]
        self._down_s = [bytes / rate if rate else 0.0 for rate in network.down]
        self._up_free_s = [0.0] * network.size
        self._factors: dict[int, float] = {}
        self._zone_of = network.zone_numbers() if network.links else ()
        """Empty where zones make no difference."""
        self._delays_s = [[network.delay_s] * num_zones for _ in range(num_zones)]
        self._link_s = [[0.0] * num_zones for _ in range(num_zones)]
        self._links: dict[tuple[int, int], deque[Passage]] = {}
        """Of each link with a rate: the segments that are still on it or wait for it, in order."""
        self._lay_links()

    def _lay_links(self) -> None:
        numbers = {zone.name: number for number, zone in enumerate(self._network.zones, 1)}
        for link in self._network.links:
            one, other = (numbers[name] for name in link.between)
            for here, there in ((one, other), (other, one)):
                if link.delay_s is not None:
                    self._delays_s[here][there] = link.delay_s
                if link.bytes_per_s is not None:
                    self._link_s[here][there] = self._network.segment_bytes / link.bytes_per_s

    def arrival_s(self, now_s: float, source: int, dest: int, is_segment: bool) -> float:
        """When a message arrives that `source` sends to `dest` at `now_s`; a segment takes its place on the lines."""
        if self._zone_of:
            here, there = self._zone_of[source], self._zone_of[dest]
            delay_s, link_s = self._delays_s[here][there], self._link_s[here][there]
        else:
            here = there = 0
            delay_s, link_s = self._delay_s, 0.0
        if self._factors:
            delay_s *= max(self._factors.get(source, 1.0), self._factors.get(dest, 1.0))
        if not (is_segment and self._has_rates):
            return now_s + delay_s
        free_s = self._up_free_s[source]
        start_s = free_s if free_s > now_s else now_s
        self._up_free_s[source] = end_s = start_s + self._up_s[source]
        down_end_s = start_s + self._down_s[dest]
        if down_end_s > end_s:
            end_s = down_end_s
        if not link_s:
            return end_s + delay_s
        passages = self._links.setdefault((here, there), deque())
        while passages and passages[0].end_s <= now_s:
            passages.popleft()
        link_end_s = max(start_s, passages[-1].end_s if passages else 0.0) + link_s
        arrival_s = max(end_s, link_end_s) + delay_s
        passages.append(Passage(source, link_end_s, arrival_s))
        return arrival_s

    def busy_s(self, now_s: float, source: int) -> float:
        """For how long the uploader's line has segments to send."""
        return max(0.0, self._up_free_s[source] - now_s)

    def slow(self, rank: int, factor: float) -> None:
        """From now on, divide the rates of this rank and multiply the delays of its messages; 1 is as it was.

        Of two slowed ranks, the slower one sets the delay between them. What is on its way stays as it is.
        """
        network = self._network
        for segment_s, rates in ((self._up_s, network.up), (self._down_s, network.down)):
            rate = rates[rank]
            segment_s[rank] = factor * (network.segment_bytes / rate) if rate else 0.0
        self._factors.pop(rank, None)
        if factor != 1:
            self._factors[rank] = factor

    def forget(self, rank: int, after_s: float) -> None:
        """The rank is dead, and what it has sent never arrives if it would arrive later than `after_s`.

        Its line is free. A link is free as soon as it is done with what does arrive and with the segments of others,
        which keep the places that they have.
        """
        self._up_free_s[rank] = 0.0
        for link, passages in self._links.items():
            self._links[link] = deque(p for p in passages if p.source != rank or p.arrival_s <= after_s)
