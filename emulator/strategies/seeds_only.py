"""The client–server baseline that swarms are measured by."""

from emulator.protocol.round import Round


class SeedsOnly:
    """Client and server: a random seed gives the whole quota, and peers are never asked."""

    def run_round(self, round: Round) -> None:
        if round.seeds:
            with round.connect(round.random.choice(round.seeds)) as visit:
                visit.take_until_miss()
