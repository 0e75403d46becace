"""The network of a swarm: what its lines carry, and how long messages are on their way. Data only.

What follows from it, message by message, is `emulator.engines.lines`; `docs/network-model.md` has the formulas.
"""

import math
from collections.abc import Sequence
from typing import Self

import msgspec

from emulator.errors import InputError

DELAY_S = 0.001
"""Propagation delay where none is given: about that of one data centre, protocol stacks included."""
SEGMENT_BYTES = 262_144
"""Size of a segment where none is given: BEP 3's most common piece length, 2^18 bytes."""

MIN_BYTES_PER_S = 1e-9
MAX_BYTES_PER_S = 1e24
MAX_SEGMENT_BYTES = 1 << 40
MAX_DELAY_S = 1e6
MAX_ZONES = 256
MAX_PROBLEMS = 5

Rates = tuple[float | None, ...]
"""Bytes a second by rank; None for a line without a limit."""


class Zone(msgspec.Struct, frozen=True):
    """Clients that are near each other: a rack, an availability zone, a region."""

    name: str
    ranks: tuple[int, ...]


class Link(msgspec.Struct, frozen=True):
    """What lies between two zones, the same in each direction."""

    between: tuple[str, str]
    """The names of two different zones."""
    delay_s: float | None = None
    """Propagation delay between them; None for that of the network."""
    bytes_per_s: float | None = None
    """What all transfers from one to the other share; None for no limit."""


class Network(msgspec.Struct, frozen=True):
    """The lines of ranks 0 (the tracker) to N, and what lies between them.

    Raises `InputError` for what cannot be. All ranks that are in no zone, the tracker among them, have the network's
    own delay to everybody.
    """

    up: Rates
    """What each rank sends segments with, by rank; one segment at a time."""
    down: Rates
    """The most that one segment comes in with, by rank."""
    segment_bytes: int = SEGMENT_BYTES
    delay_s: float = DELAY_S
    """Propagation delay of every message, within zones too."""
    zones: tuple[Zone, ...] = ()
    links: tuple[Link, ...] = ()
    """Pairs of zones that differ from the rest."""
    is_delay_asked: bool = False
    """Whether the user gave the default delay explicitly; any other delay counts as given."""

    @classmethod
    def uniform(
        cls,
        size: int,
        up: float | None = None,
        down: float | None = None,
        delay_s: float = DELAY_S,
        segment_bytes: int = SEGMENT_BYTES,
    ) -> Self:
        """The network of `size` ranks (the clients and the tracker) whose clients have all the same lines."""
        num_clients = size - 1
        return cls((None, *[up] * num_clients), (None, *[down] * num_clients), segment_bytes, delay_s)

    def __post_init__(self) -> None:
        problems = self._number_problems()
        for name, found in (
            ("zones", zone_problems(self.zones, self.size)),
            ("links", link_problems(self.links, self.zones)),
        ):
            problems += [f"network: {name}[{index}].{key}: {text}" for index, key, text in found]
        if problems:
            raise InputError(problems[:MAX_PROBLEMS])

    @property
    def size(self) -> int:
        """Number of ranks, the tracker included."""
        return len(self.up)

    @property
    def own_delay_s(self) -> float:
        """The delay where messages have one of their own already, as real ones: 0 unless the user gave one."""
        return self.delay_s if self.is_delay_asked or self.delay_s != DELAY_S else 0.0

    @property
    def is_ideal(self) -> bool:
        """Whether there is no limit anywhere: a segment takes as long as any other message."""
        has_lines = any(rate is not None for rates in (self.up, self.down) for rate in rates)
        return not has_lines and all(link.bytes_per_s is None for link in self.links)

    @property
    def longest_segment_s(self) -> float:
        """How long one segment takes on the slowest line or link, without waiting and propagation."""
        rates = [*self.up, *self.down, *(link.bytes_per_s for link in self.links)]
        return max((self.segment_bytes / rate for rate in rates if rate is not None), default=0.0)

    def zone_numbers(self) -> tuple[int, ...]:
        """By rank, the place of its zone in `zones`, counted from 1; 0 for a rank that is in none."""
        numbers = [0] * self.size
        for number, zone in enumerate(self.zones, 1):
            for rank in zone.ranks:
                numbers[rank] = number
        return tuple(numbers)

    def with_pace(self, segments_per_s: float) -> Self:
        """The same network, where no client sends more than so many segments a second."""
        most = segments_per_s * self.segment_bytes
        up = [most if rate is None else min(rate, most) for rate in self.up[1:]]
        return msgspec.structs.replace(self, up=(self.up[0], *up))

    def _number_problems(self) -> list[str]:
        if len(self.up) != len(self.down) or not self.up:
            return [f"network: {len(self.up)} up rates and {len(self.down)} down; give both by rank, from 0"]
        rates = {"up": self.up, "down": self.down}
        problems = [
            f"network: the {name} rate of rank {rank} is {rate}; take {rate_bounds()}, or None for no limit"
            for name, of_ranks in rates.items()
            for rank, rate in enumerate(of_ranks)
            if not is_rate(rate)
        ]
        if not 1 <= self.segment_bytes <= MAX_SEGMENT_BYTES:
            problems.append(f"network: segments of {self.segment_bytes} bytes; take 1 to {MAX_SEGMENT_BYTES:,}")
        if not is_delay(self.delay_s):
            problems.append(f"network: a delay of {self.delay_s} s; take 0 to {MAX_DELAY_S:,.0f}")
        return problems


Problem = tuple[int, str, str]
"""The index of a zone or link, the key that is wrong, and what to do."""


def zone_problems(zones: Sequence[Zone], size: int) -> list[Problem]:
    """What keeps these from being the zones of a network of so many ranks."""
    problems: list[Problem] = []
    zone_of: dict[int, str] = {}
    names: set[str] = set()
    for index, zone in enumerate(zones):
        if zone.name in names:
            problems.append((index, "name", f"there are two zones {zone.name!r:.40}; rename one"))
        names.add(zone.name)
        stranger = next((rank for rank in zone.ranks if not 1 <= rank < size), None)
        if stranger is not None:
            problems.append((index, "clients", f"client {stranger} does not exist; the clients are 1 to {size - 1}"))
        shared = next((rank for rank in zone.ranks if rank in zone_of), None)
        if shared is not None:
            other = zone_of[shared]
            problems.append((index, "clients", f"client {shared} is in zone {other!r:.40} too; leave it out of one"))
        zone_of.update(dict.fromkeys(zone.ranks, zone.name))
    if len(zones) > MAX_ZONES:
        problems.append((MAX_ZONES, "name", f"{len(zones):,} zones are too many; take at most {MAX_ZONES}"))
    return problems


def link_problems(links: Sequence[Link], zones: Sequence[Zone]) -> list[Problem]:
    """What keeps these from being the links between these zones."""
    known = {zone.name for zone in zones}
    problems: list[Problem] = []
    joined: set[frozenset[str]] = set()
    for index, link in enumerate(links):
        unknown = [name for name in link.between if name not in known]
        problems += [
            (index, "between", f"there is no zone {name!r:.40}; known: {', '.join(sorted(known)) or 'none'}")
            for name in unknown
        ]
        pair = frozenset(link.between)
        if len(pair) == 1:
            problems.append((index, "between", f"{link.between[0]!r:.40} is joined to itself; name two zones"))
        if pair in joined:
            problems.append((index, "between", "these two zones are joined already; leave one of the links out"))
        joined.add(pair)
        if not is_rate(link.bytes_per_s):
            problems.append((index, "rate", f"{link.bytes_per_s} is no rate; take {rate_bounds()}"))
        if link.delay_s is not None and not is_delay(link.delay_s):
            problems.append((index, "delay", f"{link.delay_s} is no delay; take 0 to {MAX_DELAY_S:,.0f} s"))
    return problems


def is_rate(bytes_per_s: float | None) -> bool:
    """Whether this can be a line's rate. Also false for nan."""
    return bytes_per_s is None or MIN_BYTES_PER_S <= bytes_per_s <= MAX_BYTES_PER_S


def is_delay(delay_s: float) -> bool:
    return math.isfinite(delay_s) and 0 <= delay_s <= MAX_DELAY_S


def rate_bounds() -> str:
    return f"{MIN_BYTES_PER_S:g} to {MAX_BYTES_PER_S:g} bytes/s"
