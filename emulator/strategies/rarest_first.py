"""Rarest first, as in Cohen's own client; it improves on the random order that BEP 3 recommends."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from emulator.protocol.round import Round

NUM_PEERS_ASKED = 5
"""Per round. A choice among a few is nearly as good as one among all (Legout, Urvoy-Keller and Michiardi, 2006)."""

Offers = Mapping[int, frozenset[int]]
"""For each peer, the segments that it holds and that this client is missing."""


class RarestFirst:
    """Takes the rarest segment that a few peers hold first; seeds give what none of these peers holds."""

    def run_round(self, round: Round) -> None:
        asked = round.random.sample(round.peers, min(NUM_PEERS_ASKED, len(round.peers)))
        offers = {peer: round.ask_holdings(peer) for peer in asked}
        for segment, holders in self._from_peers(round, offers):
            if not round.is_open:
                return
            self._take_if_held(round, segment, holders)
        if round.is_open and round.seeds:
            for segment in self._from_seeds(round, offers):
                self._take_if_held(round, segment, round.seeds)

    def _take_if_held(self, round: Round, segment: int, holders: Sequence[int]) -> None:
        answering = round.answering(holders)
        if answering:
            self.take(round, segment, answering)

    def take(self, round: Round, segment: int, holders: Sequence[int]) -> None:
        """Take a segment from one of its holders."""
        with round.connect(round.random.choice(holders)) as visit:
            visit.take(segment)

    def _from_peers(self, round: Round, offers: Offers) -> Iterator[tuple[int, Sequence[int]]]:
        """Yield each offered segment with the peers that offer it, the rarest first, ties in random order."""
        availability = Counter(segment for offered in offers.values() for segment in sorted(offered))
        segments = list(availability)
        round.random.shuffle(segments)
        for segment in sorted(segments, key=availability.__getitem__):
            yield segment, [peer for peer, offered in offers.items() if segment in offered]

    def _from_seeds(self, round: Round, offers: Offers) -> list[int]:
        """Draw, up to the quota, segments that no peer offers, so that clients take different ones from the seeds.

        If the peers offered segments but gave none, they may all be liars: then every missing segment may be drawn.
        """
        offered = frozenset().union(*offers.values()) if round.num_taken else frozenset()
        unseen = [segment for segment in round.missing() if segment not in offered]
        return round.random.sample(unseen, min(round.quota_left, len(unseen)))
