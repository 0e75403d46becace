"""Zones of a network and the links between them, and the checks that they fit together."""

import math
from collections.abc import Sequence

import msgspec

MIN_BYTES_PER_S = 1e-9
MAX_BYTES_PER_S = 1e24
MAX_DELAY_S = 1e6
MAX_ZONES = 256


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
