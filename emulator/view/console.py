"""The one place that decides how rich writes."""

import sys
from collections.abc import Iterable

from rich.console import Console, RenderableType
from rich.text import Text

LOG_WIDTH = 120
"""Columns where nobody's terminal limits them: a table in a log is not cut at 80."""


def make_console(*, is_problem: bool = False) -> Console:
    """For stdout; for stderr, where it is a problem that is told."""
    stream = sys.stderr if is_problem else sys.stdout
    return Console(stderr=is_problem, highlight=False, width=None if stream.isatty() else LOG_WIDTH)


def print_all(console: Console, renderables: Iterable[RenderableType]) -> None:
    for renderable in renderables:
        # A line of text stays whole, for whoever searches a log; a terminal wraps it anyway.
        console.print(renderable, soft_wrap=isinstance(renderable, Text))
