"""A client's own disk: its input, its outputs, and the segments that are to outlive a run.

Where segments are stored, each is a line of `.resume/client<R>_<file>` in the output folder as soon as it has come: one
short write to the end of the file, so that whatever kills the client leaves whole lines, and at worst a torn last
one. When the output is there under its final name, the stored segments are not needed any more.
"""

import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from emulator.protocol.files import HASH_DIGITS, ClientInput, FileMetadata
from emulator.scenario.input_names import input_name
from emulator.scenario.inputs import read_input
from emulator.scenario.outputs import RESUME_FOLDER, format_output
from emulator.scenario.scenario import output_name
from emulator.writing import append, open_to_append, write_whole

STORED = re.compile(rb"^([0-9]{1,10}) ([0-9a-fA-F]{%d})$" % HASH_DIGITS, re.MULTILINE)
"""A stored segment: its number, counted from 0, and its content."""
LINE = re.compile(rb"[0-9a-fA-F]{%d}" % HASH_DIGITS)
MAX_LINE = HASH_DIGITS + 12
SPARE_BYTES = 4_096
"""Read besides what all segments need: torn lines, other line ends."""


class DirectoryStorage:
    """Inputs in one folder, outputs in another, for one rank. `is_storing`: whether segments outlive a run."""

    def __init__(
        self, inputs: Path, output: Path, rank: int, *, is_storing: bool = False, content: ClientInput | None = None
    ) -> None:
        """`content` is what the input says, where it has been read already."""
        self._inputs = inputs
        self._output = output
        self._rank = rank
        self.keeps_segments = is_storing
        self._content = content

    def read_input(self) -> ClientInput:
        """P1."""
        return self._content or read_input(self._inputs / input_name(self._rank)).content

    def read_stored(self, metadata: FileMetadata) -> Iterator[tuple[int, str]]:
        """D3: what an earlier run has left of this file: its output, if it is there, and stored segments.

        What is no stored segment is passed over, and no more is read than the file can have. Segments are in the range
        of the file, but nothing else is checked: one may come twice, and its content may be wrong.
        """
        if not self.keeps_segments:
            return
        num_segments = metadata.num_segments
        most_bytes = 2 * num_segments * MAX_LINE + SPARE_BYTES
        lines = _read_at_most(self._output_path(metadata.name), most_bytes).split(b"\n")
        for segment, line in zip(range(num_segments), lines, strict=False):
            if LINE.fullmatch(line):
                yield segment, line.decode()
        for match in STORED.finditer(_read_at_most(self._stored_path(metadata.name), most_bytes)):
            segment = int(match[1])
            if segment < num_segments:
                yield segment, match[2].decode()

    def store(self, file: str, segment: int, data: str) -> None:
        """Keep a segment for a later run, if segments are stored. Raises `OSError` where that cannot be done."""
        if not self.keeps_segments:
            return
        path = self._stored_path(file)
        try:
            descriptor = _open_to_append(path)
            try:
                # The line's end comes before it: what follows a torn line is not torn with it.
                append(descriptor, f"\n{segment} {data}".encode())
            finally:
                os.close(descriptor)
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(path)) from error

    def write_output(self, content: FileMetadata) -> None:
        """D7."""
        write_whole(self._output_path(content.name), format_output(content))
        if self.keeps_segments:
            self._stored_path(content.name).unlink(missing_ok=True)

    def erase(self, files: Iterable[str]) -> None:
        """Lose what there is of these files, outputs included: the client comes back with its input alone."""
        for file in files:
            self._output_path(file).unlink(missing_ok=True)
            self._stored_path(file).unlink(missing_ok=True)

    def _output_path(self, file: str) -> Path:
        return self._output / self._name(file)

    def _stored_path(self, file: str) -> Path:
        return self._output / RESUME_FOLDER / self._name(file)

    def _name(self, file: str) -> str:
        """The names in inputs are checked when they are read; here it does not matter who gave the name."""
        if "/" in file or "\0" in file:
            raise ValueError(f"{file!r:.60} could leave the output directory")
        return output_name(self._rank, file)


def _open_to_append(path: Path) -> int:
    try:
        return open_to_append(path)
    except FileNotFoundError:
        # Every client stores something first.
        path.parent.mkdir(exist_ok=True)
        return open_to_append(path)


def _read_at_most(path: Path, most_bytes: int) -> bytes:
    """The beginning of a regular file; nothing where there is none, or where it cannot be read."""
    try:
        # Do not wait for the writer of a pipe, and do not follow a link.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return b""
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return b""
        with open(descriptor, "rb", closefd=False) as file:
            return file.read(most_bytes)
    except OSError:
        return b""
    finally:
        os.close(descriptor)


class MemoryStorage:
    """A client's disk in a run that touches none. It lives as long as the rank, through deaths and restarts."""

    def __init__(self, content: ClientInput, expected: Mapping[str, FileMetadata], *, is_storing: bool = False) -> None:
        self.is_right: dict[str, bool] = {}
        """Each file whose output has been written: whether it is what `expected` says under that name."""
        self._content = content
        self._expected = expected
        self.keeps_segments = is_storing
        self._stored: dict[str, dict[int, str]] = {}

    def read_input(self) -> ClientInput:
        """P1."""
        return self._content

    def read_stored(self, metadata: FileMetadata) -> Iterator[tuple[int, str]]:
        """D3: what this client had got of the file before it died."""
        if not self.keeps_segments:
            return
        if self.is_right.get(metadata.name):
            yield from ((segment, metadata.segment(segment)) for segment in range(metadata.num_segments))
        yield from self._stored.get(metadata.name, {}).items()

    def store(self, file: str, segment: int, data: str) -> None:
        if self.keeps_segments:
            self._stored.setdefault(file, {})[segment] = data

    def write_output(self, content: FileMetadata) -> None:
        """D7."""
        self.is_right[content.name] = content == self._expected.get(content.name)
        self._stored.pop(content.name, None)

    def erase(self, files: Iterable[str]) -> None:
        """Lose what there is of these files, outputs included."""
        for file in files:
            self.is_right.pop(file, None)
            self._stored.pop(file, None)
