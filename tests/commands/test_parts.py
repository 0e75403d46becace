"""Traces in parts, and traces that come by standard input, as commands take them."""

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands.calls import call
from tests.commands.traces import Capture, without_closes


def parts_of(trace: Path, folder: Path) -> list[Path]:
    """A part for each rank, with neither a header nor an end."""
    lines = trace.read_text().splitlines()[1:-1]
    parts = [folder / f"part.{rank}.jsonl" for rank in range(3)]
    for rank, part in enumerate(parts):
        part.write_text("".join(f"{line}\n" for line in lines if json.loads(line)["rank"] == rank))
    return parts


def test_parts_are_merged_and_lines_are_told_by_their_place_in_a_part(
    trace: Path, tmp_path: Path, capsys: Capture
) -> None:
    parts = parts_of(trace, tmp_path)
    assert call(capsys, "check", *parts)[0] == 0
    path, _, _ = without_closes(trace, tmp_path)
    status, out, err = call(capsys, "check", *parts_of(path, tmp_path))
    assert (status, err) == (1, "")
    assert "  part.2.jsonl:" in out


def test_what_contradicts_itself_in_the_parts_is_told_beside_the_verdict(
    trace: Path, tmp_path: Path, capsys: Capture
) -> None:
    parts = parts_of(trace, tmp_path)[:2]
    status, out, err = call(capsys, "check", *parts, "--json")
    answer = json.loads(out)
    assert (status, answer["exit_status"]) == (1, 1)
    assert answer["notes"] == [line.removeprefix("emulator: ") for line in err.splitlines()]
    assert answer["notes"][0] == "no part has events of rank 2; give the parts of all ranks"


@pytest.mark.parametrize("name", ["-", "/dev/stdin"])
@pytest.mark.parametrize("command", [["check"], ["export", "--to", "csv"], ["replay", "--frame"]])
def test_standard_input_is_a_trace_like_any_other(trace: Path, name: str, command: list[str]) -> None:
    run = [sys.executable, "-m", "emulator", command[0]]
    told = [
        subprocess.run([*run, given, *command[1:]], input=data, capture_output=True, check=True).stdout
        for given, data in ((str(trace), b""), (name, gzip.compress(trace.read_bytes())))
    ]
    assert told[0].replace(trace.name.encode(), b"stdin") == told[1].replace(trace.name.encode(), b"stdin") != b""
