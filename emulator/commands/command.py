"""What a command is."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass

Arguments = argparse.Namespace
Parser = argparse.ArgumentParser
Flags = argparse._ActionsContainer
"""What flags are added to: a parser, or a group of one."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """A word after `emulator`, and what it stands for."""

    name: str
    help: str
    """Its line in `emulator --help`."""
    add_flags: Callable[[Parser], None]
    call: Callable[[Arguments], int]
    """Returns the exit status. Raises `EmulatorError` for what the user is told in a line on stderr."""
    description: str | None = None
    """The first paragraph of its own help."""
    examples: str | None = None
    """The last paragraphs of its own help, shown as they are."""
