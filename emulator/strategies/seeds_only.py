"""Client and server: the baseline to compare a swarm with."""

from emulator.protocol.round import Round


class SeedsOnly:
    """Client and server: takes the whole quota from a random seed, and never asks peers."""

    def run_round(self, round: Round) -> None:
        if round.seeds:
            with round.connect(round.random.choice(round.seeds)) as visit:
                visit.take_until_miss()
