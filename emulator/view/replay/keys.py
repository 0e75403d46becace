"""The keys of a replay, and the help on them."""

from typing import NamedTuple

from rich.text import Text

from emulator.view.dashboard.drawing import Lines, fit
from emulator.view.replay.timeline import MARKS


class Key(NamedTuple):
    """A key, and what it does."""

    names: tuple[str, ...]
    """As Textual calls the keys that do this."""
    action: str
    shown: str = ""
    """How the help shows it, together with the keys after it that have no `shown` of their own."""
    meaning: str = ""
    brief: tuple[str, str] | None = None
    """What the last line of the screen says of it; None for nothing."""


KEYS = (
    Key(("space",), "play_or_pause", "space", "play, or pause; at the end, from the beginning", ("space", "play")),
    Key(("plus", "equals_sign"), "faster", "+ -", "faster, up to 100×; slower, down to 0.001×", ("+/-", "speed")),
    Key(("minus",), "slower"),
    Key(("n", "right"), "step", "n → p ←", "step to the next event; back to the one before", ("n/p", "step")),
    Key(("p", "left"), "step_back"),
    Key(("s",), "toggle_steps", "s", "by steps: every event takes equally long; or by time again"),
    Key(("g",), "ask_moment", "g", "go to a percentage or a time: 40% or 0.12", ("g", "go to")),
    Key(("home",), "go_to_begin", "Home End", "go to the beginning; to the end"),
    Key(("end",), "go_to_end"),
    Key(("m",), "jump('miss')", "m M", "the next miss; the one before", ("m/c/v", "jump")),
    Key(("M",), "jump('miss', True)"),
    Key(("c",), "jump('completion')", "c C", "the next file that is complete; the one before"),
    Key(("C",), "jump('completion', True)"),
    Key(("d",), "jump('death')", "d D", "the next death; the one before"),
    Key(("D",), "jump('death', True)"),
    Key(("f",), "jump('fault')", "f F", "the next fault, return, or file given up; the one before"),
    Key(("F",), "jump('fault', True)"),
    Key(("v",), "jump('violation')", "v V", "the next violation of the protocol; the one before"),
    Key(("V",), "jump('violation', True)"),
    Key(
        ("down",),
        "select_next(1)",
        "↓ ↑ 0-9",
        "a client's story, and why it chose whom; 0 is the tracker",
        ("↓/↑", "client"),
    ),
    Key(("up",), "select_next(-1)"),
    Key(("a",), "toggle_messages", "a", "all messages in the story, or none"),
    Key(("escape",), "deselect", "Esc", "no story"),
    Key(("question_mark",), "help", "?", "these keys", ("?", "help")),
    Key(("q", "ctrl+c"), "leave", "q", "quit", ("q", "quit")),
)


def keys_line(width: int) -> Text:
    briefs = [Text.assemble((key.brief[0], "bold"), (f" {key.brief[1]}", "dim")) for key in KEYS if key.brief]
    return fit(Text("  ").join(briefs), width)


def help_lines(width: int, height: int) -> Lines:
    """All keys, and the marks of the time line."""
    lines = [Text("keys", "bold"), Text()]
    lines += [Text.assemble((f"  {key.shown:9}", "bold cyan"), key.meaning) for key in KEYS if key.meaning]
    marks = Text("  on the time line: ")
    for kind, (symbol, style) in MARKS.items():
        marks.append(symbol, style).append(f" {kind}  ")
    lines += [Text(), marks]
    lines += [Text()] * (height - len(lines))
    return [fit(line, width) for line in lines[:height]]
