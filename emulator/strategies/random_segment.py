"""Random choices only: the baseline that every other strategy should beat."""

from emulator.protocol.round import Round


class RandomSegment:
    """Takes a random missing segment from a random seed or peer that holds it, one segment a visit."""

    def run_round(self, round: Round) -> None:
        others = [*round.seeds, *round.peers]
        while round.is_open and others:
            uploader = round.random.choice(others)
            offered = round.ask_holdings(uploader)
            if not offered:
                others.remove(uploader)
                continue
            with round.connect(uploader) as visit:
                visit.take(round.random.choice(sorted(offered)))
            if visit.is_missed:
                others.remove(uploader)
