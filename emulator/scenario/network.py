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

LEAST_BYTES_PER_S = 1e-9
MOST_BYTES_PER_S = 1e24
MOST_SEGMENT_BYTES = 1 << 40
MOST_DELAY_S = 1e6

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
        if problems := [*self._number_problems(), *self._zone_problems(), *self._link_problems()]:
            raise InputError(problems)

    @property
    def size(self) -> int:
        """Number of ranks, the tracker included."""
        return len(self.up)

    @property
    def is_ideal(self) -> bool:
        """Whether there is no limit anywhere: a segment takes as long as any other message."""
        has_lines = any(rate is not None for rates in (self.up, self.down) for rate in rates)
        return not has_lines and all(link.bytes_per_s is None for link in self.links)

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
        rates = {"up": self.up, "down": self.down}
        problems = [
            f"network: the {name} rate of rank {rank} is {rate}; take {rate_bounds()}, or None for no limit"
            for name, of_ranks in rates.items()
            for rank, rate in enumerate(of_ranks)
            if not is_rate(rate)
        ]
        if len(self.up) != len(self.down) or not self.up:
            problems.append(f"network: {len(self.up)} up rates and {len(self.down)} down; give both by rank, from 0")
        if not 1 <= self.segment_bytes <= MOST_SEGMENT_BYTES:
            problems.append(f"network: segments of {self.segment_bytes} bytes; take 1 to {MOST_SEGMENT_BYTES:,}")
        if not is_delay(self.delay_s):
            problems.append(f"network: a delay of {self.delay_s} s; take 0 to {MOST_DELAY_S:,.0f}")
        return problems[:5]

    def _zone_problems(self) -> list[str]:
        problems: list[str] = []
        zone_of: dict[int, str] = {}
        for zone in self.zones:
            for rank in zone.ranks:
                if not 1 <= rank < self.size:
                    problems.append(f"zone {zone.name!r}: has client {rank}; the clients are 1 to {self.size - 1}")
                elif rank in zone_of:
                    problems.append(f"zone {zone.name!r}: client {rank} is in {zone_of[rank]!r} too; leave one out")
                zone_of.setdefault(rank, zone.name)
        names = [zone.name for zone in self.zones]
        problems += [f"zone {name!r}: there are two; rename one" for name in _repeated(names)]
        return problems[:5]

    def _link_problems(self) -> list[str]:
        names = {zone.name for zone in self.zones}
        problems: list[str] = []
        for link in self.links:
            what = f"link {' – '.join(map(repr, link.between))}"
            if link.between[0] == link.between[1]:
                problems.append(f"{what}: joins a zone to itself; name two zones")
            problems += [f"{what}: there is no zone {name!r}" for name in link.between if name not in names]
            if not is_rate(link.bytes_per_s):
                problems.append(f"{what}: a rate of {link.bytes_per_s}; take {rate_bounds()}, or None for no limit")
            if link.delay_s is not None and not is_delay(link.delay_s):
                problems.append(f"{what}: a delay of {link.delay_s} s; take 0 to {MOST_DELAY_S:,.0f}")
        pairs = [" – ".join(sorted(link.between)) for link in self.links]
        problems += [f"link {pair}: there are two; leave one out" for pair in _repeated(pairs)]
        return problems[:5]


def is_rate(bytes_per_s: float | None) -> bool:
    """Whether this can be a line's rate. Also false for nan."""
    return bytes_per_s is None or LEAST_BYTES_PER_S <= bytes_per_s <= MOST_BYTES_PER_S


def is_delay(delay_s: float) -> bool:
    return math.isfinite(delay_s) and 0 <= delay_s <= MOST_DELAY_S


def rate_bounds() -> str:
    return f"{LEAST_BYTES_PER_S:g} to {MOST_BYTES_PER_S:g} bytes/s"


def _repeated(names: Sequence[str]) -> list[str]:
    seen: set[str] = set()
    return sorted({name for name in names if name in seen or seen.add(name)})  # type: ignore[func-returns-value]
