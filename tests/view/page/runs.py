"""Traces to make pages of: every sample, in virtual time, and some in which things go wrong."""

import contextlib
import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from emulator.commands.command_line import run_command
from tests.conftest import SAMPLES

FAULTS = (
    *("--fault", "kill client 3 at 40% and restart it after 20ms"),
    *("--fault", "pause client 2 at 10ms for 20ms"),
    *("--fault", "drop 5% of messages"),
    *("--fault", "kill client 5 at 70%"),
)

SCENARIOS = SAMPLES / "scenarios"
RUNS: dict[str, list[str | Path]] = {
    "samples": ["--inputs", SAMPLES],
    "flash-crowd": ["--inputs", SAMPLES / "flash-crowd"],
    "one-seed": ["--inputs", SAMPLES / "one-seed"],
    "wants-nothing": ["--inputs", SAMPLES / "wants-nothing"],
    "origin-stampede": ["--scenario", SCENARIOS / "origin-stampede.toml", "--clients", "12"],
    "starved-zone": ["--scenario", SCENARIOS / "starved-zone.toml", "--clients", "12"],
    "new-nodes": ["--scenario", SCENARIOS / "new-nodes.toml", "--clients", "8"],
    "autoscaling": ["--scenario", SCENARIOS / "autoscaling.toml", "--clients", "12"],
    "faults": ["--inputs", SAMPLES, *FAULTS],
    "swift": ["--inputs", SAMPLES, "--strategy", "swift"],
}


def trace_of(name: str, folder: Path) -> Path:
    trace = folder / f"{name}.jsonl"
    words = ["--engine", "virtual", "--output", folder / "out", "--quiet", "--trace", trace, *RUNS[name]]
    with contextlib.redirect_stderr(io.StringIO()):
        run_command([str(word) for word in words])
    return trace


def write_trace(path: Path, header: dict[str, Any], events: Iterable[dict[str, Any]]) -> Path:
    """A trace of another program: an event each tenth of a second, of client 2 unless it says otherwise."""
    lines: list[dict[str, Any]] = [{"format": "swarm-trace", "version": 1, **header}]
    for number, event in enumerate(events):
        lines.append({"t": number / 10, "rank": 2, "thread": "download", **event})
    lines.append({"event": "TraceEnded", "outcome": "complete", "t": len(lines) / 10, "rank": 0, "thread": "main"})
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def messages_alone(trace: Path, path: Path) -> Path:
    """The same trace as another program would write it: nothing but messages, and by a clock of its own."""
    first, *lines = map(json.loads, trace.read_text().splitlines())
    kept = [line for line in lines if line["event"] in ("Sent", "Received", "TraceEnded")]
    for line in kept:
        line["t"] += 1_700_000_000
    header = {"format": "swarm-trace", "version": 1, "clients": first["clients"]}
    path.write_text("".join(json.dumps(line) + "\n" for line in (header, *kept)))
    return path


def with_a_wrong_hit(trace: Path, path: Path) -> Path:
    """The same trace, but for one segment that is not what its hash says."""
    lines = trace.read_text().splitlines(keepends=True)
    sent = next(at for at, line in enumerate(lines) if '"Sent"' in line and '["Hit",' in line)
    message = json.loads(lines[sent])["message"]
    received = next(
        at for at in range(sent, len(lines)) if '"Received"' in lines[at] and message[2:4] == hit(lines[at])
    )
    for at in (sent, received):
        lines[at] = lines[at].replace(message[3], "0" * 32)
    path.write_text("".join(lines))
    return path


def hit(line: str) -> list[object]:
    """The segment and the content of a hit; nothing for another message."""
    message = json.loads(line)["message"]
    return list(message[2:4]) if message[0] == "Hit" else []
