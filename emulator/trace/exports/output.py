"""Where an export goes: to stdout while it is made, or to a file that appears whole or not at all."""

import contextlib
import gzip
import secrets
import sys
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import IO, cast

from emulator.errors import InputError
from emulator.trace.exports import EXPORTS
from emulator.trace.reader import Trace

GZIP_LEVEL = 6


def export_trace(path: Path, to: str, output: Path | None) -> str:
    """Write the trace `path` in the format `to`, one of `EXPORTS`, to the file `output`, or to stdout for None.

    An `output` whose name ends in `.gz` is compressed. Returns a sentence about a trace that is cut, else nothing.
    Raises `InputError` for what is no trace and for an `output` that cannot be written, and `OSError` where writing
    fails; an existing file `output` stays as it was then.
    """
    with Trace(path) as trace:
        pieces: Iterable[bytes] = import_module(f"emulator.trace.exports.{EXPORTS[to]}").export(trace)
        if output is None:
            sys.stdout.flush()
            sys.stdout.buffer.writelines(pieces)
            sys.stdout.buffer.flush()
        else:
            _refuse_what_is_no_file(output, path)
            with _written_whole(output) as file:
                file.writelines(pieces)
    if trace.end is None:
        return f"{path}: the trace is cut, without a last line; all before that was exported"
    if trace.end.outcome == "cut":
        return f"{path}: the trace is cut ({trace.end.reason}); all before that was exported"
    return ""


def _refuse_what_is_no_file(output: Path, trace: Path) -> None:
    """Writing would replace a device, or the trace itself, by the output."""
    if output.exists() and not output.is_file():
        raise InputError([f"{output}: not a regular file; choose another --output, or none for stdout"])
    if output.exists() and output.samefile(trace):
        raise InputError([f"{output}: this is the trace itself; choose another --output"])


@contextlib.contextmanager
def _written_whole(path: Path) -> Iterator[IO[bytes]]:
    """A file that gets its name once it is complete; an error leaves nothing of it."""
    spare = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        plain = spare.open("xb")
    except OSError as error:
        raise InputError([f"{path}: cannot be written ({error.strerror}); choose another --output"]) from error
    try:
        with plain, _compressed(plain) if path.suffix == ".gz" else contextlib.nullcontext(plain) as file:
            yield file
        spare.replace(path)
    except OSError as error:
        # Name the output, not its temporary name.
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        spare.unlink(missing_ok=True)


def _compressed(plain: IO[bytes]) -> IO[bytes]:
    """Compressed without a name or a time, so that the same trace gives the same file."""
    return cast("IO[bytes]", gzip.GzipFile("", "wb", GZIP_LEVEL, plain, mtime=0))
