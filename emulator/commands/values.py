"""Types of flags: each reads one word of the command line.

A word that cannot be read raises `ArgumentTypeError`, which argparse tells in one line.
"""

import argparse
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from emulator.replay.moment import Moment

Number = TypeVar("Number", int, float)


def positive(text: str) -> int:
    value = whole(text)
    if not 1 <= value <= 10**9:
        raise argparse.ArgumentTypeError(f"{text!r:.40} is not a whole number from 1 to 1,000,000,000")
    return value


def whole(text: str) -> int:
    # `int` also takes other scripts' digits and `1_0`, and has an error of its own for thousands of digits.
    if not re.fullmatch(r"-?[0-9]{1,20}", text):
        raise argparse.ArgumentTypeError(f"{text!r:.40} is not a whole number of at most 20 digits")
    return int(text)


def above_zero(text: str) -> float:
    value = float(text) if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text) else 0.0
    if value <= 0:
        raise argparse.ArgumentTypeError(f"{text!r:.40} is not a number above 0, such as 20 or 0.5")
    return value


def rate(text: str) -> float:
    from emulator.scenario import values

    return _quantity(values.rate, text)


def byte_size(text: str) -> int:
    from emulator.scenario import values

    return _quantity(values.size, text)


def time_s(text: str) -> float:
    from emulator.scenario import values

    return _quantity(values.time_s, text)


def _quantity(read: Callable[[object], Number], text: str) -> Number:
    try:
        return read(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def span(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"([0-9]{1,9})(?:-([0-9]{1,9}))?", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r:.40} is neither a number nor a range such as 20-60")
    return int(match[1]), int(match[2] or match[1])


def moment(text: str) -> "Moment":
    from emulator.replay.moment import parse_moment

    try:
        return parse_moment(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"([0-9]{1,4})x([0-9]{1,4})", text)
    if match is None or not (int(match[1]) >= 40 and int(match[2]) >= 10):
        raise argparse.ArgumentTypeError(f"{text!r:.40} is no size such as 120x40; the least is 40x10")
    return int(match[1]), int(match[2])


def words(text: str) -> tuple[str, ...]:
    """`a,b`."""
    found = tuple(word.strip() for word in text.split(","))
    if not all(found):
        raise argparse.ArgumentTypeError(f"{text!r:.40} is no list such as a,b")
    return found


def sizes(text: str) -> tuple[int, ...]:
    """`10,100`."""
    return tuple(positive(word) for word in words(text))
