"""What a command answers: one JSON object on stdout for programs, and problems in lines on stderr."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

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
            print_json({"error": str(error), "exit_status": error.exit_status, **facts})
        raise


def complain(text: str) -> None:
    """Tell the user of problems, one a line."""
    from emulator.view.text import printable

    for line in text.split("\n"):
        sys.stderr.write(f"emulator: {printable(line)}\n")
