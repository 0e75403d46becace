"""Where an export goes: to stdout while it is made, or to a file that appears whole or not at all."""

import contextlib
import gzip
import sys
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import IO, cast

from emulator.errors import InputError
from emulator.trace.exports import EXPORTS
from emulator.trace.reader import Trace
from emulator.trace.sources import TraceSource
from emulator.writing import check_file, written_whole

GZIP_LEVEL = 6


def export_trace(source: TraceSource, to: str, output: Path | None) -> str:
    """Write the trace `source` in the format `to`, one of `EXPORTS`, to the file `output`, or to stdout for None.

    An `output` whose name ends in `.gz` is compressed. Returns a sentence about a trace that is cut, else nothing.
    Raises `InputError` for what is no trace and for an `output` that cannot be written, and `OSError` where writing
    fails; an existing file `output` stays as it was then.
    """
    with Trace(source) as trace:
        pieces: Iterable[bytes] = import_module(f"emulator.trace.exports.{EXPORTS[to]}").export(trace)
        if output is None:
            sys.stdout.flush()
            sys.stdout.buffer.writelines(pieces)
            sys.stdout.buffer.flush()
        else:
            check_file(output, "--output")
            if source.is_file(output):
                raise InputError([f"{output}: this is the trace itself; choose another --output"])
            _write(pieces, output)
    if trace.end is None:
        return f"{source.name}: the trace is cut, without a last line; all before that was exported"
    if trace.end.outcome == "cut":
        return f"{source.name}: the trace is cut ({trace.end.reason}); all before that was exported"
    return ""


def _write(pieces: Iterable[bytes], output: Path) -> None:
    with (
        written_whole(output, "--output") as plain,
        _compressed(plain) if output.suffix == ".gz" else contextlib.nullcontext(plain) as file,
    ):
        file.writelines(pieces)


def _compressed(plain: IO[bytes]) -> IO[bytes]:
    """Compressed without a name or a time, so that the same trace gives the same file."""
    return cast("IO[bytes]", gzip.GzipFile("", "wb", GZIP_LEVEL, plain, mtime=0))
