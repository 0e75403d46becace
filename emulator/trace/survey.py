"""What is in a trace, found without decoding its lines."""

import re

import msgspec

from emulator.trace.lines import Lines
from emulator.trace.sources import TraceSource

_KIND = re.compile(rb'"event"\s*:\s*"([A-Za-z]+)"')
_RANK = re.compile(rb'"rank"\s*:\s*([0-9]{1,7})\b')


class Survey(msgspec.Struct, frozen=True):
    """What a whole trace has, before its first event is looked at."""

    kinds: frozenset[str]
    """The kinds of its events."""
    max_rank: int
    """The highest rank that has recorded something."""


def survey(source: TraceSource) -> Survey:
    """Read a trace quickly. Raises `InputError` where it cannot be read."""
    lines = Lines(source)
    kinds: set[bytes] = set()
    ranks: set[bytes] = set()
    try:
        for _, block in lines.blocks():
            kinds.update(_KIND.findall(block))
            ranks.update(_RANK.findall(block))
        kinds.update(_KIND.findall(lines.tail))
        ranks.update(_RANK.findall(lines.tail))
    finally:
        lines.close()
    return Survey(frozenset(kind.decode() for kind in kinds), max(map(int, ranks), default=0))
