"""The one place that decides how rich writes."""

import sys
from collections.abc import Iterable

from rich.console import Console, RenderableType
from rich.text import Text

LOG_WIDTH = 120
"""Columns if there is no terminal: a table in a log is not cut at 80."""

LOG_HEIGHT = 40
"""Lines of a frame if there is no terminal."""


def make_console(*, is_problem: bool = False) -> Console:
    """A console on stdout; on stderr for a problem."""
    stream = sys.stderr if is_problem else sys.stdout
    return Console(stderr=is_problem, highlight=False, width=None if stream.isatty() else LOG_WIDTH)


def is_screen(console: Console) -> bool:
    """Whether it can draw over what it has drawn: a terminal, and not a dumb one."""
    return console.is_terminal and not console.is_dumb_terminal


def screen_size(console: Console) -> tuple[int, int]:
    """Columns and lines for a frame that is printed or kept in a file."""
    return (console.size.width, console.size.height) if console.is_terminal else (LOG_WIDTH, LOG_HEIGHT)


def print_all(console: Console, renderables: Iterable[RenderableType]) -> None:
    for renderable in renderables:
        # A line of text stays whole, so that a log can be searched; a terminal wraps it anyway.
        console.print(renderable, soft_wrap=isinstance(renderable, Text))
