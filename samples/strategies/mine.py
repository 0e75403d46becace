"""A strategy of one's own: emulator --strategy samples/strategies/mine.py:NewestPeers"""

from emulator import Round


class NewestPeers:
    """Peers that hold little first, as nobody else asks them; one segment of each, and the rest from a seed."""

    def run_round(self, round: Round) -> None:
        offers = {peer: round.ask_holdings(peer) for peer in round.peers}
        for peer in sorted(offers, key=lambda peer: len(offers[peer])):
            wanted = offers[peer].intersection(round.missing())
            if round.is_open and wanted:
                with round.connect(peer) as visit:
                    visit.take(round.random.choice(sorted(wanted)))
        if round.is_open and round.seeds:
            with round.connect(round.random.choice(round.seeds)) as visit:
                visit.take_until_miss()
