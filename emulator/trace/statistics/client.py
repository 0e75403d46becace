"""The figures of one client at one moment."""

from math import inf
from typing import NamedTuple

import msgspec

from emulator.protocol.events import Role

MAX_MAPPED = 50_000_000
"""A file with more segments has no map: its size is only claimed, and the map would fill the memory."""


class Progress(msgspec.Struct):
    """Which segments of one file a client has."""

    present: bytearray
    """A byte a segment: 0 where it is missing, else `FROM_PEER`, `FROM_SEED` or `OWNED`."""
    num_present: int = 0

    @property
    def num_segments(self) -> int:
        return len(self.present)

    @property
    def share(self) -> float:
        return self.num_present / self.num_segments if self.num_segments else 1.0


FROM_PEER, FROM_SEED, OWNED = 1, 2, 3
"""Where a segment came from; `OWNED` was there before the download began."""


class Arrival(NamedTuple):
    """A segment that came during a visit."""

    file: str
    segment: int
    is_seed: bool


class ClientStatistics(msgspec.Struct):
    """One client's share of the run. Times are in seconds since the run began."""

    rank: int
    num_from_peers: int = 0
    num_from_seeds: int = 0
    num_held: int = 0
    """Segments it holds of the files that it has begun in this life; those of files that it owns do not count."""
    num_misses: int = 0
    """Visits that ended with a miss; each visit has at most one."""
    num_rejected: int = 0
    """Segments received that did not match their hash."""
    num_uploaded: int = 0
    """Segments given, as the client itself counts them when a connection closes."""
    num_given: int = 0
    """Segments given, as the clients that got them count them when a visit ends."""
    num_open: int = 0
    """Clients that have a connection with it now."""
    most_connections: int = 0
    """The most clients it had a connection with at once."""
    num_rounds: int = 0
    written_s: dict[str, float] = {}
    """When each wanted file was written."""
    unavailable: dict[str, int] = {}
    """Wanted files that it has given up, with how many of their segments no live client held."""
    not_written: set[str] = set()
    """Wanted files that it has, and that its disk had no room for."""
    finished_s: float | None = None
    """When the tracker heard that it has everything; None before."""
    arrived_s: float | None = None
    """When it came to the swarm; None for a client that is there from the beginning."""
    left_s: float | None = None
    """When the tracker heard of its departure."""
    died_s: float | None = None
    """Its latest death; it may have been restarted since."""
    restarted_s: float | None = None
    num_restarts: int = 0
    is_dead: bool = False
    pause: str = ""
    """The fault that pauses it now, in the words of the fault plan; empty where none does."""
    state: str = "starting"
    """What it is doing, in the protocol's words."""
    downloading: str | None = None
    """The file that it is downloading."""
    source: str = ""
    """The uploader of that file's segments: `peer 3`, `seed 5`."""
    round: int = 0
    """The current round of that file, counted from 1."""
    roles: dict[str, Role] = {}
    """Its role by file, as the tracker has it."""
    roles_s: dict[str, float] = {}
    """When it took each role."""
    seeds: tuple[int, ...] = ()
    """The seeds of the round's swarm list."""
    underway: dict[int, list[Arrival]] = {}
    """By uploader, the segments of a visit that goes on: counted already; the end of the visit has the last word."""
    files: dict[str, Progress] = {}
    """Every wanted file that it has begun."""
    latest_s: float = 0.0
    """The time of its latest record."""

    @property
    def is_lacking(self) -> bool:
        """Whether it ends, as far as is known, without an output of a file that it wanted."""
        return bool(self.unavailable or self.not_written)

    @property
    def num_got(self) -> int:
        return self.num_from_peers + self.num_from_seeds

    @property
    def gone_s(self) -> float:
        """When it last left all swarms, by death or departure; -inf where it never did."""
        return max(-inf if self.died_s is None else self.died_s, -inf if self.left_s is None else self.left_s)


def begun(num_segments: int, num_present: int) -> Progress:
    """A file at the start of its download; numbers that cannot be are clipped."""
    if not 0 <= num_segments <= MAX_MAPPED:
        return Progress(bytearray())
    num_present = min(max(num_present, 0), num_segments)
    return Progress(bytearray([OWNED]) * num_present + bytearray(num_segments - num_present), num_present)
