"""The one place that decides how rich writes to stdout."""

import sys
from collections.abc import Iterable

from rich.console import Console, RenderableType
from rich.text import Text

LOG_WIDTH = 120
"""Columns where nobody's terminal limits them: a table in a log is not cut at 80."""


def make_console() -> Console:
    return Console(highlight=False, width=None if sys.stdout.isatty() else LOG_WIDTH)


def print_all(console: Console, renderables: Iterable[RenderableType]) -> None:
    for renderable in renderables:
        # A line of text stays whole, for whoever searches a log; a terminal wraps it anyway.
        console.print(renderable, soft_wrap=isinstance(renderable, Text))
