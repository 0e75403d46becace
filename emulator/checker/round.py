"""One round of a download thread, as its messages show it."""


class Round:
    """One round as it can be seen from outside: the list it began with, and what was asked and got in it."""

    __slots__ = (
        "asked",
        "counts",
        "file",
        "is_disturbed",
        "is_missed",
        "line",
        "num_hits",
        "num_misses",
        "peer",
        "peers",
        "search_ended",
        "seed",
        "seeds",
    )

    def __init__(self, line: int, asker: int, file: str, seeds: tuple[int, ...], peers: tuple[int, ...]) -> None:
        self.line = line
        self.file = file
        # A list that names the asker is the tracker's fault, and no reason for the asker to ask itself.
        self.seeds = frozenset(seeds) - {asker}
        self.peers = frozenset(peers) - {asker}
        self.num_hits = 0
        self.num_misses = 0
        """Misses of peers in a row."""
        self.is_missed = False
        """Whether the last answer was a miss."""
        self.is_disturbed = False
        """Whether choices of it cannot be seen: a lost rank, or a false seed, is passed over without a message."""
        self.peer: int | None = None
        self.search_ended = 0
        self.asked: dict[int, int] = {}
        """The line in which each seed was asked for its connections."""
        self.counts: dict[int, int] = {}
        self.seed: int | None = None
