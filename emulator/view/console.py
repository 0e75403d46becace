"""The one place that decides how rich writes."""

import sys
from collections.abc import Iterable

from rich.console import Console, RenderableType
from rich.text import Text

LOG_WIDTH = 120
"""Columns where nobody's terminal limits them: a table in a log is not cut at 80."""

LOG_HEIGHT = 40
"""Lines of a frame, likewise."""


def make_console(*, is_problem: bool = False) -> Console:
    """For stdout; for stderr, where it is a problem that is told."""
    stream = sys.stderr if is_problem else sys.stdout
    return Console(stderr=is_problem, highlight=False, width=None if stream.isatty() else LOG_WIDTH)


def is_screen(console: Console) -> bool:
    """Whether it can draw over what it has drawn: a terminal, and not a dumb one."""
    return console.is_terminal and not console.is_dumb_terminal


def screen_size(console: Console) -> tuple[int, int]:
    """Columns and lines of a frame that is not drawn on a screen, but may be looked at on this one."""
    return (console.size.width, console.size.height) if console.is_terminal else (LOG_WIDTH, LOG_HEIGHT)


def print_all(console: Console, renderables: Iterable[RenderableType]) -> None:
    for renderable in renderables:
        # A line of text stays whole, for whoever searches a log; a terminal wraps it anyway.
        console.print(renderable, soft_wrap=isinstance(renderable, Text))
