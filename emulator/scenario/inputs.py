"""Reading a client's input file.

Every problem is one line, `path:line: what, and what to do`. All problems are reported at once.
"""

import stat
from pathlib import Path

from emulator.errors import InputError
from emulator.scenario.input_parser import InputParser, ParsedInput

MAX_INPUT_BYTES = 1 << 30


def read_input(path: Path) -> ParsedInput:
    """Read and check one input file. Raises `InputError` with all its problems."""
    return parse_input(_read_bytes(path), str(path))


def _read_bytes(path: Path) -> bytes:
    try:
        status = path.stat()
        # Reading a pipe or a device as if it were a file would wait for ever.
        if not stat.S_ISREG(status.st_mode):
            raise InputError([f"{path}: not a regular file; give a text file"])
        if status.st_size > MAX_INPUT_BYTES:
            raise InputError([f"{path}: {status.st_size} bytes; an input file has at most {MAX_INPUT_BYTES}"])
        return path.read_bytes()
    except OSError as error:
        raise InputError([f"{path}: cannot be read ({error.strerror}); check the name and its permissions"]) from error


def parse_input(data: bytes, path: str) -> ParsedInput:
    """Parse the content of an input file; `path` is only for the problems' text. Raises `InputError`."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(
            [f"{path}:{line}: not UTF-8 (byte {data[error.start]:#04x}); save the file as UTF-8"]
        ) from None
    parser = InputParser(text, path)
    parsed = parser.parse()
    if parser.problems:
        raise InputError(parser.problems)
    return parsed
