"""What one client of a run is like at one moment; `statistics.py` says how it comes to be."""

from math import inf

import msgspec

from emulator.protocol.events import Role

MAX_MAPPED = 50_000_000
"""A file that is said to have more segments has no map."""


class Progress(msgspec.Struct):
    """One file of one client, as far as it is there."""

    present: bytearray
    """A byte a segment: 0 missing, 1 got from a peer, 2 from a seed, 3 there from the start."""
    num_present: int = 0

    @property
    def num_segments(self) -> int:
        return len(self.present)

    @property
    def share(self) -> float:
        return self.num_present / self.num_segments if self.num_segments else 1.0


FROM_PEER, FROM_SEED, OWNED = 1, 2, 3


class ClientStatistics(msgspec.Struct):
    """One client's share of the run. Times are in seconds since the run began."""

    rank: int
    num_from_peers: int = 0
    num_from_seeds: int = 0
    num_held: int = 0
    """Segments of files that it has begun in this life and that it got, in this life or in an earlier one."""
    num_misses: int = 0
    """Visits that ended with a miss; each visit has at most one."""
    num_rejected: int = 0
    """Segments got that did not match their hash."""
    num_uploaded: int = 0
    """Segments given, by its own count: known when a connection is closed."""
    num_given: int = 0
    """Segments given, as those say who got them: known when they leave."""
    num_open: int = 0
    """Clients that have a connection with it now."""
    most_connections: int = 0
    """The most clients it had a connection with at once."""
    num_rounds: int = 0
    written_s: dict[str, float] = {}
    """When each wanted file was written."""
    unavailable: dict[str, int] = {}
    """Wanted files that it has given up, with the number of segments that nobody had."""
    finished_s: float | None = None
    """When the tracker knew that it had everything; None if it never did."""
    arrived_s: float | None = None
    """When it came to the swarm, where the scenario lets it come later than others."""
    left_s: float | None = None
    """When it departed, as the tracker has it."""
    died_s: float | None = None
    """When it died last; it may have been started again since."""
    restarted_s: float | None = None
    num_restarts: int = 0
    is_dead: bool = False
    pause: str = ""
    """The fault that makes it stand still now, as the plan has it; empty where none does."""
    state: str = "starting"
    """What it does, in the protocol's words."""
    downloading: str | None = None
    """The file it is at."""
    source: str = ""
    """Whom it takes that file's segments from: `peer 3`, `seed 5`."""
    round: int = 0
    """The round of that file."""
    roles: dict[str, Role] = {}
    """Its role in the swarm of every file that the tracker knows it in."""
    roles_s: dict[str, float] = {}
    """Since when."""
    files: dict[str, Progress] = {}
    """Every wanted file that it has begun."""
    latest_s: float = 0.0
    """When it was heard of last."""

    @property
    def num_got(self) -> int:
        return self.num_from_peers + self.num_from_seeds

    @property
    def gone_s(self) -> float:
        """When it left all swarms, by its death or by its own will; before everything where it never did."""
        return max(-inf if self.died_s is None else self.died_s, -inf if self.left_s is None else self.left_s)


def begun(num_segments: int, num_present: int) -> Progress:
    """A file that a client begins with, as far as that can be."""
    if not 0 <= num_segments <= MAX_MAPPED:
        return Progress(bytearray())
    num_present = min(max(num_present, 0), num_segments)
    return Progress(bytearray([OWNED]) * num_present + bytearray(num_segments - num_present), num_present)
