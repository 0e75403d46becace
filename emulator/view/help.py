"""`--help` in colour, on a terminal."""

import sys

from rich.text import Text

from emulator.view.console import make_console

STYLES = (
    (r"(?m)^[a-z][a-z ]+:", "bold"),
    (r"(?<![\w-])--?[a-z][a-z-]*", "cyan"),
    (r"\b[A-Z]{1,}(\|[A-Z]-[A-Z])?\b", "green"),
    (r"(?m)^  emulator.*?(?=  |$)", "yellow"),
)


def print_help(text: str) -> None:
    if not sys.stdout.isatty():
        sys.stdout.write(text)
        return
    coloured = Text(text.rstrip())
    for pattern, style in STYLES:
        coloured.highlight_regex(pattern, style)
    make_console().print(coloured)
