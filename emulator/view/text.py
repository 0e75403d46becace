"""Small pieces of text that all views share."""

from math import floor, log10


def printable(text: str) -> str:
    """`text` with every character escaped that a terminal might obey, or not show."""
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)


def seconds(duration_s: float | None) -> str:
    """A duration for a person: `0.0123 s`, `12.3 s`, or a dash for one that is not known."""
    if duration_s is None:
        return "–"
    digits = 4 if duration_s < 0.1 else 3 if duration_s < 1 else 2 if duration_s < 10 else 1
    return f"{duration_s:.{digits}f} s"


def index(value: float) -> str:
    """Jain's index for a person, with two significant digits: `0.91`, `0.00077`."""
    digits = 1 - floor(log10(value)) if 0 < value < 0.1 else 2
    return f"{value:.{digits}f}"


def plural(count: int, noun: str) -> str:
    """`1 client`, `2 clients`, `12,345 segments`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
