"""The network of a swarm: what its lines carry, and how long messages are on their way. Data only.

What follows from it, message by message, is `emulator.engines.lines`; `docs/network-model.md` has the formulas.
"""

from typing import Self

import msgspec

from emulator.errors import InputError
from emulator.scenario.zones import (
    MAX_DELAY_S,
    Link,
    Zone,
    is_delay,
    is_rate,
    link_problems,
    rate_bounds,
    zone_problems,
)

DELAY_S = 0.001
"""Propagation delay where none is given: about that of one data centre, protocol stacks included."""
SEGMENT_BYTES = 262_144
"""Size of a segment where none is given: BEP 3's most common piece length, 2^18 bytes."""

MAX_SEGMENT_BYTES = 1 << 40
MAX_PROBLEMS = 5

Rates = tuple[float | None, ...]
"""Bytes a second by rank; None for a line without a limit."""


class Network(msgspec.Struct, frozen=True):
    """The lines of ranks 0 (the tracker) to N, and what lies between them.

    Raises `InputError` for what cannot be. All ranks that are in no zone, the tracker among them, have the network's
    own delay to all others.
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
