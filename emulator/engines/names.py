"""How ranks and failures are named to a person, on every engine."""

from emulator.protocol.messages import TRACKER
from emulator.strategies.loader import place_of

MAX_LINE = 1_000
"""Characters of an exception's text; the rest is cut off."""


def name_of(rank: int) -> str:
    return "the tracker" if rank == TRACKER else f"client {rank}"


def failed_at(rank: int, thread: str, step: str) -> str:
    """Where a thread failed; the exception's line follows."""
    return f"{name_of(rank)} failed in its {thread} thread at {step}"


def one_line(error: BaseException) -> str:
    """An exception as one line: the place in a strategy's own file if it came from one, its kind, and its text."""
    try:
        text = str(error)
    except Exception:
        text = "(its text cannot be had)"
    place = place_of(error)
    line = f"{f'{place}: ' if place else ''}{type(error).__name__}: {text}".replace("\n", " | ")
    return encodable(line if len(line) <= MAX_LINE else line[:MAX_LINE] + "…")


def encodable(text: str) -> str:
    """The text with bytes that are not UTF-8 escaped: a path may hold them, and an event cannot."""
    return text.encode("utf-8", "backslashreplace").decode()
