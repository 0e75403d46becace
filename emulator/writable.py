"""Whether a file or a folder can be written, asked before a long run rather than after it."""

import contextlib
import tempfile
from pathlib import Path

from emulator.errors import InputError


def check_file(path: Path, flag: str) -> None:
    """Raise `InputError` unless a regular file can be written at `path`, the value of `flag`."""
    try:
        _check_name(path)
        if path.exists() and not path.is_file():
            raise InputError([f"{path}: not a regular file; choose another {flag}"])
        _check_room(path.parent)
    except OSError as error:
        raise _refusal(path, error, flag) from error


def check_folder(path: Path, flag: str) -> None:
    """Raise `InputError` unless files can be written to the folder `path`; it is made if it is not there."""
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
