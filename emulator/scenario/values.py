"""Readers of single TOML values: each takes what `tomllib` made, and raises `ValueError` where it is something else."""

import re
from collections.abc import Callable

from emulator.scenario.network import MAX_SEGMENT_BYTES
from emulator.scenario.tables import shown
from emulator.scenario.units import parse_rate, parse_size, parse_time
from emulator.scenario.zones import MAX_BYTES_PER_S, MAX_DELAY_S, MIN_BYTES_PER_S

MAX_TEXT = 200
NO_CLIENTS = '{} names no clients; write them as "1-20,25" or "30-"'
NO_SPAN = '{} is neither a number nor a range such as "20-60"'
RANGE = re.compile(r"([0-9]{1,7})(?:(-)([0-9]{1,7})?)?")


def text(value: object) -> str:
    """Text that a name, a path or a line on a screen can be made of."""
    if not isinstance(value, str) or not 0 < len(value) <= MAX_TEXT or not value.isprintable():
        raise ValueError(f'{shown(value)} is no text of 1 to {MAX_TEXT} printable characters; write it in quotes, "…"')
    return value


def whole(least: int, most: int) -> Callable[[object], int]:
    """A whole number within these bounds."""

    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ValueError(f"{shown(value)} is no whole number from {least:,} to {most:,}; give one")
        return value

    return read


def number(least: float, most: float) -> Callable[[object], float]:
    """A number within these bounds."""

    def read(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            raise ValueError(f"{shown(value)} is no number from {least:g} to {most:,g}; give one")
        return float(value)

    return read


def rate(value: object) -> float:
    """Bytes a second, as a number or as text with a unit."""
    read = parse_rate(value) if isinstance(value, str) else value
    return _bounded(read, value, MIN_BYTES_PER_S, MAX_BYTES_PER_S, "a rate such as 12.5 MB/s or 100 Mbit/s")


def size(value: object) -> int:
    """Bytes, as a whole number or as text with a unit."""
    return whole(1, MAX_SEGMENT_BYTES)(parse_size(value) if isinstance(value, str) else value)


def time_s(value: object) -> float:
    """Seconds, as a number or as text with a unit."""
    read = parse_time(value) if isinstance(value, str) else value
    return _bounded(read, value, 0, MAX_DELAY_S, "a time such as 20 ms or 1.5 s")


def _bounded(read: object, value: object, least: float, most: float, what: str) -> float:
    if isinstance(read, bool) or not isinstance(read, int | float) or not least <= read <= most:
        raise ValueError(f"{shown(value)} is not {what}, from {least:g} to {most:g}; give one")
    return float(read)


def clients(last: int, *, is_cut: bool) -> Callable[[object], tuple[int, ...]]:
    """Ranks as in `1-20,25` or `30-`, all of them from 1 to `last`. Where `is_cut`, those beyond it are left out."""

    def read(value: object) -> tuple[int, ...]:
        ranks: list[int] = []
        for item in _digits(value, NO_CLIENTS).split(","):
            some = _read_range(item.strip(" "), last, is_cut)
            # Before they are added: a file of ranges that overlap could fill the memory.
            if len(ranks) + len(some) > last:
                raise ValueError(f"{shown(value)} names clients twice; name each once")
            ranks += some
        if len(set(ranks)) < len(ranks):
            raise ValueError(f"{shown(value)} names clients twice; name each once")
        return tuple(sorted(ranks))

    return read


def _read_range(item: str, last: int, is_cut: bool) -> range:
    match = RANGE.fullmatch(item)
    if match is None:
        raise ValueError(NO_CLIENTS.format(shown(item)))
    first = int(match[1])
    end = int(match[3]) if match[3] else last if match[2] else first
    if first < 1 or (match[3] and end < first):
        raise ValueError(f"{item!r} is no range of clients; count them from 1, the smaller number first")
    if max(first, end) > last and not is_cut:
        raise ValueError(f"{item!r} goes beyond client {last:,}, the last one; take fewer, or more clients")
    return range(first, min(end, last) + 1)


def span(value: object) -> tuple[int, int]:
    """A number, or a range as in `20-60`."""
    match = RANGE.fullmatch(_digits(value, NO_SPAN))
    if match is None or (match[2] and not match[3]) or int(match[3] or match[1]) < int(match[1]):
        raise ValueError(NO_SPAN.format(shown(value)))
    return int(match[1]), int(match[3] or match[1])


def _digits(value: object, problem: str) -> str:
    """A text, or a whole number as text."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**7:
        return str(value)
    if not isinstance(value, str):
        raise ValueError(problem.format(shown(value)))
    return value


def one_of(*names: str) -> Callable[[object], str]:
    def read(value: object) -> str:
        if value not in names:
            raise ValueError(f"{shown(value)} is unknown; known: {', '.join(names)}")
        return str(value)

    return read
