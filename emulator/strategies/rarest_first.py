"""BEP 3's advice, "download pieces in random order" made better by Cohen's client: the rarest piece first."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from emulator.protocol.round import Round

NUM_PEERS_ASKED = 5
"""A round. A choice among a few is nearly as good as one among all (Legout, Urvoy-Keller and Michiardi, 2006)."""

Offers = Mapping[int, frozenset[int]]
"""By peer, the segments that it holds and that are missing here."""


class RarestFirst:
    """A few peers tell what they hold: the rarest of it first, and from seeds what none of them holds."""

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
        """Take a segment from one of those that hold it."""
        with round.connect(round.random.choice(holders)) as visit:
            visit.take(segment)

    def _from_peers(self, round: Round, offers: Offers) -> Iterator[tuple[int, Sequence[int]]]:
        """What is offered, the rarest first and equally rare ones in random order, with those who offer it."""
        availability = Counter(segment for offered in offers.values() for segment in sorted(offered))
        segments = list(availability)
        round.random.shuffle(segments)
        for segment in sorted(segments, key=availability.__getitem__):
            yield segment, [peer for peer, offered in offers.items() if segment in offered]

    def _from_seeds(self, round: Round, offers: Offers) -> list[int]:
        """As many of the segments that nobody offers as the quota allows, at random: not what others take as well.

        Where peers have given nothing of what they offer, they may be liars, all of them.
        """
        offered = frozenset().union(*offers.values()) if round.num_taken else frozenset()
        unseen = [segment for segment in round.missing() if segment not in offered]
        return round.random.sample(unseen, min(round.quota_left, len(unseen)))
