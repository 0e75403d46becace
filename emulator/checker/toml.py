"""Reading the small TOML files that say how to judge: bounded, and with a problem in one line."""

import stat
import tomllib
from pathlib import Path

from emulator.errors import InputError

MAX_BYTES = 1 << 18
MAX_DOTS = 200
"""In one line. `tomllib` takes time and memory that grow with the square of the parts of a dotted key."""


def read_table(path: Path, name: str, advice: str) -> object:
    """The table `name` of a TOML file; None where it has none. Raises `InputError`, which ends with `advice`."""
    try:
        # Reading a pipe or a device as if it were a file would wait for ever.
        if not stat.S_ISREG(path.stat().st_mode):
            raise InputError([f"{path}: not a regular file; give a TOML file"])
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError([f"{path}: cannot be read ({error.strerror}); give a TOML file"]) from error
    if len(data) > MAX_BYTES:
        raise InputError([f"{path}: more than {MAX_BYTES:,} bytes; {advice}"])
    if any(line.count(b".") > MAX_DOTS for line in data.split(b"\n")):
        raise InputError([f"{path}: more than {MAX_DOTS} dots in one line; {advice}"])
    try:
        return tomllib.loads(data.decode()).get(name)
    except (ValueError, RecursionError) as error:  # also for what is not UTF-8, and for numbers of thousands of digits
        raise InputError([f"{path}: not TOML ({error}); {advice}"]) from None


def shown(value: object) -> str:
    """A value as a problem quotes it."""
    try:
        return f"{value!r:.60}"
    except ValueError:
        return "a number of thousands of digits"  # which Python refuses to write
