"""Balance by a few random choices."""

from emulator.protocol.round import Round

NUM_CHOICES = 3
"""Two are exponentially better than one, more are better by a constant (Mitzenmacher, 2001); D5 takes three."""


class LeastConnected:
    """Of a few random seeds and peers, the one with the fewest connections, until it misses."""

    def run_round(self, round: Round) -> None:
        others = [*round.seeds, *round.peers]
        while round.is_open and others:
            uploader = self._choose(round, others)
            with round.connect(uploader) as visit:
                visit.take_until_miss()
            others.remove(uploader)

    def _choose(self, round: Round, others: list[int]) -> int:
        asked = round.random.sample(others, min(NUM_CHOICES, len(others)))
        counts = {uploader: round.count_connections(uploader) for uploader in asked}
        # Who is lost comes last: a visit to it ends at once.
        return min(asked, key=lambda uploader: (counts[uploader] is None, counts[uploader] or 0))
