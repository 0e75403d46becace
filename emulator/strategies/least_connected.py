"""Load balancing with a few random choices."""

from emulator.protocol.round import Round

NUM_CHOICES = 3
"""Two choices are exponentially better than one; more improve only a constant (Mitzenmacher, 2001). D5 takes three."""


class LeastConnected:
    """Asks a few random seeds and peers, and takes segments from the least connected one until it misses."""

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
        # A lost uploader comes last: a visit to it ends at once.
        return min(asked, key=lambda uploader: (counts[uploader] is None, counts[uploader] or 0))
