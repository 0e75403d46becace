"""Proving a folder of outputs against what the inputs imply, whoever wrote them."""

import os
import stat
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

from emulator.protocol.files import FileMetadata
from emulator.scenario.scenario import Scenario, output_name

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


def verify(scenario: Scenario, output: Path) -> Verification:
    """Compare every output that the scenario implies with what is in the folder `output`."""
    expected = scenario.expected_outputs()
    checks = tuple(
        _check(output / output_name(client, file), client, metadata) for (client, file), metadata in expected.items()
    )
    return Verification(checks, _find_unexpected(output, {output_name(*key) for key in expected}))


def verify_written(scenario: Scenario, written: Mapping[int, Mapping[str, bool]]) -> Verification:
    """The same for outputs that were compared when they were written: by client and file, whether they were right."""
    verdicts: dict[bool | None, Verdict] = {True: "right", False: "wrong", None: "missing"}
    checks = (
        OutputCheck(client, file, metadata.num_segments, verdicts[written.get(client, {}).get(file)])
        for (client, file), metadata in scenario.expected_outputs().items()
    )
    return Verification(tuple(checks), ())


def _check(path: Path, client: int, metadata: FileMetadata) -> OutputCheck:
    verdict, detail = _compare(path, metadata)
    return OutputCheck(client, metadata.name, metadata.num_segments, verdict, detail)


def _compare(path: Path, metadata: FileMetadata) -> tuple[Verdict, str]:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            return "unreadable", "not a regular file"
        # Programs differ in line ends, so the size is no proof, but far too large is wrong without being read.
        if status.st_size > 2 * len(metadata.hashes) + 4096:
            return "wrong", f"{status.st_size} bytes are too many for {metadata.num_segments} segments"
        data = path.read_bytes()
    except FileNotFoundError:
        return "missing", ""
    except OSError as error:
        return "unreadable", error.strerror or str(error)
    lines = [line.rstrip(b" \t\r") for line in data.split(b"\n")]
    while lines and not lines[-1]:
        lines.pop()
    for index, line in enumerate(lines[: metadata.num_segments]):
        if line != metadata.segment(index).encode():
            return "wrong", f"line {index + 1} is {line.decode(errors='replace')!r:.50}, not the hash of that segment"
    if len(lines) != metadata.num_segments:
        return "wrong", f"{len(lines)} lines instead of {metadata.num_segments}"
    return "right", ""


def _find_unexpected(output: Path, expected: set[str]) -> tuple[str, ...]:
    try:
        names = os.listdir(output)
    except OSError:
        return ()
    return tuple(sorted(name for name in names if name.startswith("client") and "_" in name and name not in expected))
