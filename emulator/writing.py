"""Files that a command writes: told early if they cannot be written, and there whole or not at all."""

import contextlib
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from emulator.errors import InputError


def check_file(path: Path, flag: str) -> None:
    """Raise `InputError` unless a regular file can be written at `path`, the value of `flag`.

    A command that works for long asks this before it begins.
    """
    try:
        _check_name(path)
        if path.exists() and not path.is_file():
            raise InputError([f"{path}: not a regular file; choose another {flag}"])
        _check_room(path.parent)
    except OSError as error:
        raise _refusal(path, error, flag) from error


def check_folder(path: Path, flag: str) -> None:
    """Make the folder `path`, the value of `flag`. Raise `InputError` if no file can be written to it."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        _check_room(path)
    except OSError as error:
        raise _refusal(path, error, flag) from error


def _check_name(path: Path) -> None:
    """Raise `OSError` for a name that the system refuses, such as one that is too long."""
    with contextlib.suppress(FileNotFoundError):
        path.stat()


def _check_room(folder: Path) -> None:
    """Raise `OSError` unless a new file can be made in the folder."""
    tempfile.TemporaryFile(dir=folder).close()


def _refusal(path: Path, error: OSError, flag: str) -> InputError:
    return InputError([f"{path}: cannot be written ({error.strerror}); choose another {flag}"])


def is_same_file(path: Path, other: Path) -> bool:
    """Whether both name one file, also by way of a link, and also one that is not there yet."""
    return path.resolve() == other.resolve() or (path.exists() and other.exists() and path.samefile(other))


@contextlib.contextmanager
def written_whole(path: Path, flag: str) -> Iterator[IO[bytes]]:
    """A file that gets its name once it is complete; an error leaves what was there before.

    Raises `InputError` if it cannot be opened, and `OSError` with the name `path` if writing fails.
    """
    spare = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        opened = spare.open("xb")
    except OSError as error:
        raise _refusal(path, error, flag) from error
    try:
        with opened as file:
            yield file
        spare.replace(path)
    except OSError as error:
        # Name the output, not its temporary name.
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        spare.unlink(missing_ok=True)
