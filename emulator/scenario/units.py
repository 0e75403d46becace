"""Quantities as people write them: `12.5 MB/s`, `100 Mbit/s`, `256 KiB`, `20 ms`.

A number, a blank or none, and a unit. Prefixes are decimal (k, M, G, T: powers of 1,000) or, with an i, binary (Ki, Mi,
Gi, Ti: powers of 1,024); a B is a byte, a bit an eighth of one. A number without a unit is in bytes, bytes a second, or
seconds. All is computed in whole fractions, so that nothing is lost before the result is rounded, once.
"""

import re
from fractions import Fraction

PREFIXES = {
    "": 1,
    **{prefix: 1_000**power for power, prefix in enumerate(("k", "M", "G", "T"), 1)},
    **{prefix: 1_024**power for power, prefix in enumerate(("Ki", "Mi", "Gi", "Ti"), 1)},
}
SIZES = {
    **{f"{prefix}B": Fraction(factor) for prefix, factor in PREFIXES.items()},
    **{f"{prefix}bit": Fraction(factor, 8) for prefix, factor in PREFIXES.items()},
}
TIMES = {
    "us": Fraction(1, 1_000_000),
    "µs": Fraction(1, 1_000_000),
    "ms": Fraction(1, 1_000),
    "s": Fraction(1),
    "min": Fraction(60),
    "h": Fraction(3_600),
}
QUANTITY = re.compile(r"([0-9]{1,18}(?:\.[0-9]{1,18})?) ?([A-Za-zµ/]*)")


def parse_size(text: str) -> int:
    """Bytes. Raises `ValueError` for what is no size, and for parts of a byte."""
    size = _parse(text, SIZES, "a size such as 256 KiB or 1 MB")
    if size.denominator != 1:
        raise ValueError(f"{text!r:.40} is not a whole number of bytes; take another size")
    return int(size)


def parse_rate(text: str) -> float:
    """Bytes a second. Raises `ValueError` for what is no rate."""
    rates = {f"{unit}/s": factor for unit, factor in SIZES.items()}
    return float(_parse(text, rates, "a rate such as 12.5 MB/s or 100 Mbit/s"))


def parse_time(text: str) -> float:
    """Seconds. Raises `ValueError` for what is no time."""
    return float(_parse(text, TIMES, "a time such as 20 ms or 1.5 s"))


def _parse(text: str, units: dict[str, Fraction], what: str) -> Fraction:
    match = QUANTITY.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r:.40} is not {what}")
    number, unit = match.groups()
    if unit and unit not in units:
        raise ValueError(f"{text!r:.40} is not {what}; the units are {', '.join(units)}")
    return Fraction(number) * (units[unit] if unit else 1)
