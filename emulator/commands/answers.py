"""What a command answers: one JSON object on stdout for programs, and problems in lines on stderr."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TextIO

from emulator.errors import EmulatorError


def print_json(facts: Mapping[str, object]) -> None:
    # msgspec's own encoder refuses file names that are not UTF-8.
    import json

    import msgspec

    sys.stdout.write(json.dumps(msgspec.to_builtins(facts)) + "\n")
    sys.stdout.flush()


@contextmanager
def errors_as_json(is_json: bool, **facts: object) -> Iterator[None]:
    """If JSON was asked for, print an error as JSON too, together with `facts`; the error is raised in any case."""
    try:
        yield
    except EmulatorError as error:
        if is_json:
            # Where stdout is full, stderr and the exit status tell of the error.
            try:
                print_json({"error": str(error), "exit_status": error.exit_status, **facts})
            except OSError:
                give_up(sys.stdout)
        raise


def complain(text: str) -> None:
    """Tell the user of problems, one a line."""
    from emulator.view.text import printable

    say_problem("".join(f"emulator: {printable(line)}\n" for line in text.split("\n")))


def say_problem(text: str) -> None:
    """Write to stderr. Where it is closed or full, the exit status alone has to tell."""
    with suppress(OSError, ValueError):
        sys.stderr.write(text)
    flush_or_give_up(sys.stderr)


def flush_or_give_up(stream: TextIO) -> None:
    try:
        stream.flush()
    except (OSError, ValueError):
        give_up(stream)


def give_up(stream: TextIO) -> None:
    """Send what this stream still holds to nowhere: Python would fail when it flushes at exit, and end with 120."""
    with suppress(OSError, ValueError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)
    with suppress(OSError, ValueError):
        stream.flush()
