"""Reading a TOML file that may hold anything: bounded, and every problem told with its line."""

import re
import stat
import tomllib
from pathlib import Path

from emulator.errors import InputError

MAX_BYTES = 1 << 18
MAX_DOTS = 200
"""In one line. `tomllib` takes time that grows with the parts of a dotted key times the keys of its table."""


def read_text(path: Path) -> str:
    """The text of a TOML file, with line ends as `tomllib` sees them. Raises `InputError` where it cannot be read."""
    try:
        # Reading a pipe or a device as if it were a file would wait for ever.
        if not stat.S_ISREG(path.stat().st_mode):
            raise InputError([f"{path}: not a regular file; give a TOML file"])
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError([f"{path}: cannot be read ({error.strerror}); give a TOML file"]) from error
    except ValueError:  # a NUL in its name
        raise InputError([f"{path}: no name of a file; give a TOML file"]) from None
    if len(data) > MAX_BYTES:
        raise InputError([f"{path}: more than {MAX_BYTES:,} bytes; give a smaller TOML file"])
    try:
        # `tomllib` takes each \r\n for a line's end, too, also of a \r\r\n: the lines here have to be the same.
        return "\n".join(line.rstrip("\r") for line in data.decode().split("\n"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(
            [f"{path}:{line}: not UTF-8 (byte {data[error.start]:#04x}); save the file as UTF-8"]
        ) from None


def parse(text: str, path: Path) -> dict[str, object]:
    """The tables of a TOML text; `path` is only for the problem's text. Raises `InputError` where it is not TOML."""
    for line, content in enumerate(text.split("\n"), 1):
        if content.count(".") > MAX_DOTS:
            raise InputError([f"{path}:{line}: more than {MAX_DOTS} dots in one line; break it into several"])
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise InputError([f"{path}: nested too deeply; no scenario is"]) from None
    except tomllib.TOMLDecodeError as error:
        raise InputError([_syntax_problem(path, str(error), text)]) from None
    except ValueError:
        raise InputError([f"{path}: has a number of thousands of digits, or a date that is none; correct it"]) from None


def _syntax_problem(path: Path, error: str, text: str) -> str:
    """`tomllib` ends its text with where: `(at line 3, column 5)` or `(at end of document)`."""
    match = re.fullmatch(r"(.*) \(at (?:line ([0-9]+), column ([0-9]+)|end of document)\)", error, re.DOTALL)
    if match is None:
        return f"{path}: not TOML ({error}); correct it"
    line = match[2] or text.count("\n") + (not text.endswith("\n"))
    where = f" in column {match[3]}" if match[3] else " at the end of the file"
    return f"{path}:{line}: not TOML: {match[1]}{where}; correct it"
