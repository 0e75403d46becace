"""Proving the outputs in a folder, written by any program, against the inputs."""

import os
import stat
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

from emulator.protocol.files import HASH_DIGITS, FileMetadata
from emulator.scenario.outputs import format_output
from emulator.scenario.scenario import Scenario, output_name

MAX_QUOTED = 60
"""Characters of a wrong line that a problem's text repeats."""
MAX_SPARE_BYTES = 1 << 24
"""White space that an output may have besides its hashes."""
Verdict = Literal["right", "missing", "wrong", "unreadable"]


class OutputCheck(msgspec.Struct, frozen=True):
    """One wanted file of one client: whether its output is right, and if not, where it first differs."""

    client: int
    file: str
    num_segments: int
    verdict: Verdict
    detail: str = ""


class Verification(msgspec.Struct, frozen=True):
    """All outputs of a swarm."""

    outputs: tuple[OutputCheck, ...]
    unexpected: tuple[str, ...]
    """Files in the folder that are named like outputs but that no input asks for; they prove nothing wrong."""

    @property
    def is_proven(self) -> bool:
        """Whether every wanted file is there and right."""
        return all(check.verdict == "right" for check in self.outputs)

    @property
    def num_right(self) -> int:
        return sum(check.verdict == "right" for check in self.outputs)

    def summary(self) -> str:
        """One line: `12 of 12 wanted files are right`, and what the others are."""
        counts = Counter(check.verdict for check in self.outputs)
        others = [f"{counts[verdict]} {verdict}" for verdict in ("missing", "wrong", "unreadable") if counts[verdict]]
        text = f"{self.num_right} of {len(self.outputs)} wanted files are right"
        return f"{text}: {', '.join(others)}" if others else text


def verify(scenario: Scenario, output: Path, *, is_exact: bool = False) -> Verification:
    """Compare every output that the scenario implies with what is in the folder `output`.

    As for `diff -q -w`, white space within lines makes no difference: blanks, tabs, form feeds, CRLF, a missing last
    line end. Blank lines at the end are accepted too, others are not. Where `is_exact`, every byte counts.
    """
    expected = scenario.expected_outputs()
    files = scenario.files
    checks = []
    for (client, file), metadata in expected.items():
        verdict, detail = _compare(output / output_name(client, file), metadata, files, is_exact=is_exact)
        checks.append(OutputCheck(client, file, metadata.num_segments, verdict, detail))
    return Verification(tuple(checks), _find_unexpected(output, {output_name(*key) for key in expected}))


def verify_written(scenario: Scenario, written: Mapping[int, Mapping[str, bool]]) -> Verification:
    """The same for outputs that were compared when they were written: by client and file, whether they were right."""
    verdicts: dict[bool | None, Verdict] = {True: "right", False: "wrong", None: "missing"}
    checks = (
        OutputCheck(client, file, metadata.num_segments, verdicts[written.get(client, {}).get(file)])
        for (client, file), metadata in scenario.expected_outputs().items()
    )
    return Verification(tuple(checks), ())


def _compare(
    path: Path, metadata: FileMetadata, files: Mapping[str, FileMetadata], *, is_exact: bool
) -> tuple[Verdict, str]:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            return "unreadable", "not a regular file"
        # White space may be added without end; a file that is far larger is not read.
        if status.st_size > 2 * len(metadata.hashes) + (0 if is_exact else MAX_SPARE_BYTES):
            return "wrong", f"{status.st_size} bytes are too many for {metadata.num_segments} segments"
        data = path.read_bytes()
    except FileNotFoundError:
        return "missing", ""
    except OSError as error:
        return "unreadable", error.strerror or str(error)
    problem = _first_difference(data, metadata, files)
    if not problem and is_exact and data != format_output(metadata):
        problem = "only white space differs"
    return ("wrong", problem) if problem else ("right", "")


def _first_difference(data: bytes, metadata: FileMetadata, files: Mapping[str, FileMetadata]) -> str:
    """Where an output differs from what it should be by more than white space; empty where it does not."""
    lines = [b"".join(line.split()) for line in data.split(b"\n")]
    while lines and not lines[-1]:
        lines.pop()
    for index, line in enumerate(lines[: metadata.num_segments]):
        if line != metadata.segment(index).encode():
            return f"line {index + 1} is {_what(line.decode(errors='replace'), metadata, files)}"
    if len(lines) != metadata.num_segments:
        return f"{len(lines)} lines instead of {metadata.num_segments}"
    return ""


def _what(text: str, metadata: FileMetadata, files: Mapping[str, FileMetadata]) -> str:
    """What a wrong line is: a segment of another position or file, or none at all."""
    for file in (metadata, *files.values()):
        segment = _find_segment(text, file)
        if segment is not None and file.name == metadata.name:
            return f"segment {segment + 1}, which belongs at line {segment + 1}"
        if segment is not None:
            return f"segment {segment + 1} of {file.name!r}"
    shown = repr(text if len(text) <= MAX_QUOTED else text[:MAX_QUOTED] + "…") if text else "blank"
    return f"{shown}, not the hash of that segment"


def _find_segment(text: str, file: FileMetadata) -> int | None:
    at = file.hashes.find(text) if len(text) == HASH_DIGITS else -1
    while at >= 0 and at % HASH_DIGITS:
        at = file.hashes.find(text, at + 1)
    return None if at < 0 else at // HASH_DIGITS


def _find_unexpected(output: Path, expected: set[str]) -> tuple[str, ...]:
    try:
        names = os.listdir(output)
    except OSError:
        return ()
    return tuple(sorted(name for name in names if name.startswith("client") and "_" in name and name not in expected))
