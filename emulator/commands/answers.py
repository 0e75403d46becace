"""Answers for programs: one JSON object on stdout, also where the answer is an error."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import msgspec

from emulator.errors import EmulatorError


def print_json(facts: Mapping[str, object]) -> None:
    # Imported where it is needed, as for rich; msgspec's own encoder refuses names of files that are not UTF-8.
    import json

    sys.stdout.write(json.dumps(msgspec.to_builtins(facts)) + "\n")
    sys.stdout.flush()


@contextmanager
def errors_as_json(is_json: bool, **facts: object) -> Iterator[None]:
    """Where JSON was asked for, an error is told as JSON too, with `facts`; it is raised in any case."""
    try:
        yield
    except EmulatorError as error:
        if is_json:
            print_json({"error": str(error), "exit_status": error.exit_status, **facts})
        raise
