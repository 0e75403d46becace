"""The folder of a comparison: a line for each run that is done, so that what was interrupted can go on.

`runs.jsonl` has one JSON object a line, `{"key": …, "row": {…}}`, appended whole; a line that was cut is passed over,
and its run made again. `plan.json` says what was asked for last, and that the folder is a comparison's. Rows are found
by the key of their run (`grid.key_of`), so one folder can hold several comparisons, which share what they have in
common.
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import msgspec

from emulator import __version__
from emulator.comparison.grid import Grid
from emulator.comparison.measure import Row
from emulator.errors import InputError
from emulator.writing import append, clear_leftovers, open_to_append, write_whole

FORMAT = "swarm-comparison"
VERSION = 1
MAX_LINE_BYTES = 1 << 20
MAX_PLAN_BYTES = 1 << 20
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What a line can make a decoder raise."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is written of the comparison itself."""

    format: str
    version: int
    program: str
    grid: Grid


class Kept(msgspec.Struct, frozen=True):
    """A line of `runs.jsonl`."""

    key: str
    row: Row


class Results:
    """The rows of a folder by key, and the file that new ones go to. Raises `InputError` for a folder of others."""

    def __init__(self, folder: Path, grid: Grid) -> None:
        self.folder = folder
        self.rows: dict[str, Row] = {}
        self._path = folder / "runs.jsonl"
        plan = Plan(format=FORMAT, version=VERSION, program=f"emulator {__version__}", grid=grid)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            clear_leftovers(folder)
            self._check(folder / "plan.json")
            self.rows.update((kept.key, kept.row) for kept in self._read())
            write_whole(folder / "plan.json", msgspec.json.format(msgspec.json.encode(plan)) + b"\n")
            self._file = open_to_append(self._path)
        except OSError as error:
            raise InputError(
                [f"{error.filename or folder}: cannot be used ({error.strerror}); choose another --results"]
            ) from error
        self._end_last_line()

    def append(self, key: str, row: Row) -> None:
        """Keep it, whole or not at all: what a program has written survives its end."""
        try:
            append(self._file, msgspec.json.encode(Kept(key, row)) + b"\n")
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self._path)) from error
        self.rows[key] = row

    def close(self) -> None:
        os.close(self._file)

    def _check(self, plan: Path) -> None:
        """Refuse to add to files that are not a comparison's."""
        for path in (plan, self._path):
            if path.is_symlink():  # what is added to it would go to somewhere else
                raise InputError([f"{path}: is a link, perhaps to somewhere else; remove it"])
            if path.exists() and not stat.S_ISREG(path.stat().st_mode):
                raise InputError([f"{path}: not a regular file; choose another --results"])
        if not self._path.exists():
            return
        try:
            with plan.open("rb") as file:
                said = msgspec.json.decode(file.read(MAX_PLAN_BYTES), type=dict[str, object])
        except (FileNotFoundError, *UNREADABLE):
            said = {}
        if (said.get("format"), said.get("version")) != (FORMAT, VERSION):
            raise InputError([f"{self._path}: not of a comparison of this program; choose another --results"])

    def _read(self) -> Iterator[Kept]:
        if not self._path.exists():
            return
        decoder = msgspec.json.Decoder(Kept)
        with self._path.open("rb") as file:
            while line := file.readline(MAX_LINE_BYTES):
                try:
                    yield decoder.decode(line)
                except UNREADABLE:
                    continue

    def _end_last_line(self) -> None:
        """What was cut in the middle of a line gets its end, or the next one would be a part of it."""
        size = os.fstat(self._file).st_size
        if size and os.pread(self._file, 1, size - 1) != b"\n":
            os.write(self._file, b"\n")
