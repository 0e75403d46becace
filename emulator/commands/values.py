"""What the words of the command line may look like; a wrong one is told in one line."""

import argparse
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from emulator.scenario import values

if TYPE_CHECKING:
    from emulator.view.replay.player import Moment

Number = TypeVar("Number", int, float)


def add_folder(
    parser: "argparse.ArgumentParser | argparse._ArgumentGroup",
    flag: str,
    default: str | None,
    text: str,
    *,
    is_required: bool | None = None,
) -> None:
    """Add a flag that names a folder; it is required where it has no default, unless that is said otherwise."""
    folder = None if default is None else Path(default)
    required = folder is None if is_required is None else is_required
    action = parser.add_argument(flag, type=Path, default=folder, required=required, metavar="DIR", help=text)
    action.complete = {"bash": "_shtab_compgen_dirs", "zsh": "_files -/", "tcsh": "d"}  # type: ignore[attr-defined]


def add_file(parser: "argparse.ArgumentParser | argparse._ArgumentGroup", flag: str, metavar: str, text: str) -> None:
    action = parser.add_argument(flag, type=Path, metavar=metavar, help=text)
    action.complete = {"bash": "_shtab_compgen_files", "zsh": "_files", "tcsh": "f"}  # type: ignore[attr-defined]


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
    return _quantity(values.rate, text)


def byte_size(text: str) -> int:
    return _quantity(values.size, text)


def time_s(text: str) -> float:
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
    from emulator.view.replay.player import parse_moment

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


def num_cores() -> int:
    """Those that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
