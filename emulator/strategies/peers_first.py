"""D4 … D6 as the protocol describes them."""

from emulator.protocol.events import PeerChosen, SeedChosen
from emulator.protocol.round import Round

MAX_MISSES_IN_A_ROW = 2
NUM_SEEDS_ASKED = 3


class PeersFirst:
    """Asks random peers until two misses in a row, then the least connected of three random seeds."""

    def run_round(self, round: Round) -> None:
        self._take_from_peers(round)  # D4
        if round.is_open and round.seeds:
            seed = self._choose_seed(round)  # D5
            if seed is not None:
                with round.connect(seed) as connection:  # D6
                    connection.take_until_miss()

    def _take_from_peers(self, round: Round) -> None:
        """D4: take segments from a peer until it misses; two misses in a row, from two peers, end the search."""
        num_misses, last = 0, None
        while round.is_open and num_misses < MAX_MISSES_IN_A_ROW:
            candidates = tuple([peer for peer in round.answering(round.peers) if peer != last])
            if not candidates:
                return
            last = round.random.choice(candidates)
            with round.connect(last) as connection:
                round.record(PeerChosen(round.file, last, candidates, num_misses))
                connection.take_until_miss()
            if connection.segments:
                num_misses = 0
            num_misses += connection.is_missed

    def _choose_seed(self, round: Round) -> int | None:
        """D5: ask three seeds, or all if there are fewer, and take the one with the fewest open connections."""
        asked = round.random.sample(round.seeds, min(NUM_SEEDS_ASKED, len(round.seeds)))
        counts = {seed: count for seed in asked if (count := round.count_connections(seed)) is not None}
        if not counts:
            return None
        fewest = min(counts.values())
        seed = round.random.choice([seed for seed, count in counts.items() if count == fewest])
        round.record(SeedChosen(round.file, seed, tuple(counts), tuple(counts.values())))
        return seed
