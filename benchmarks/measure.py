"""What all measurements share: swarms to run, whole processes to time, and their memory to look at."""

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from emulator import Shape, generate, write_inputs
from emulator.checker.checker import check_trace
from emulator.protocol.files import ClientInput, FileMetadata
from emulator.trace.reader import Trace

BARE = Path(__file__).with_name("bare.py")
IN_MEMORY = Path(__file__).with_name("in_memory.py")


@dataclass(frozen=True)
class Ended:
    """A process that has ended: how long it took as a whole, with its workers, and the JSON that it printed."""

    wall_s: float
    cpu_s: float
    said: dict[str, float]


def run_emulator(inputs: Path, num_clients: int, *flags: str) -> Ended:
    """A whole run without a screen: interpreter started, inputs read, outputs proven, every process reaped."""
    ended = _run([*emulator_command(inputs, num_clients), *flags])
    if not ended.said["is_proven"]:
        raise SystemExit(f"the outputs of {inputs} were not proven")
    return ended


def emulator_command(inputs: Path, num_clients: int) -> list[str]:
    places = ["--inputs", str(inputs), "--output", str(inputs / "out")]
    return [sys.executable, "-m", "emulator", "--clients", str(num_clients), *places, "--json"]


def check_events_per_s(trace: Path) -> float:
    """How many events of a trace the checker takes in a second, reading and decoding included."""
    began_s = time.perf_counter()
    report = check_trace(Trace(trace))
    if report.verdict != "valid":
        raise SystemExit(f"{trace}: {report.verdict}")
    return report.num_events / (time.perf_counter() - began_s)


def run_bare(num_clients: int, num_asks: int, num_serving: int | None = None) -> Ended:
    """The bare exchange as a whole process."""
    flags = ["--clients", str(num_clients), "--asks", str(num_asks), "--serving", str(num_serving or num_clients)]
    return _run([sys.executable, str(BARE), *flags])


def run_in_memory(num_clients: int, num_segments: int) -> dict[str, float]:
    """One run in virtual time as a process of its own: what it says it took, its start and end not included."""
    flags = ["--clients", str(num_clients), "--segments", str(num_segments)]
    ended = _run([sys.executable, str(IN_MEMORY), *flags])
    if not ended.said["is_proven"]:
        raise SystemExit(f"the outputs of {num_clients} clients in virtual time were not proven")
    return ended.said


def _run(command: Sequence[str]) -> Ended:
    began_s, cpu_before_s = time.perf_counter(), _reaped_cpu_s()
    process = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True)
    return Ended(time.perf_counter() - began_s, _reaped_cpu_s() - cpu_before_s, json.loads(process.stdout))


def _reaped_cpu_s() -> float:
    """The CPU time of all processes that have ended under this one."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def write_swarm(folder: Path, *, seeds: int, leechers: int, files: int, segments: int) -> Path:
    """Clients that own all files, and clients that want all of them."""
    owned = draw_files(files, segments)
    wanted = tuple(metadata.name for metadata in owned)
    clients = [ClientInput(owned=owned)] * seeds + [ClientInput(wanted=wanted)] * leechers
    write_inputs(folder, clients)
    return folder


def write_exchange(folder: Path, *, clients: int, segments: int) -> Path:
    """Each client owns one file and wants those of all the others."""
    files = draw_files(clients, segments)
    names = [metadata.name for metadata in files]
    inputs = [ClientInput((own,), tuple(name for name in names if name != own.name)) for own in files]
    write_inputs(folder, inputs)
    return folder


def draw_files(files: int, segments: int) -> tuple[FileMetadata, ...]:
    (owner_of_all,) = generate(Shape(clients=1, files=files, segments=(segments, segments)))
    return owner_of_all.owned


def most_private_bytes(inputs: Path, num_clients: int) -> list[int]:
    """Run the swarm and return the most private memory that each worker was seen with, the tracker's first.

    Looking costs time, so that this run's own duration means nothing, and a few workers may end without having been
    looked at. Pages that a worker shares with its parent since the fork are not private until one of the two writes.
    """
    most: dict[int, int] = {}
    with subprocess.Popen(emulator_command(inputs, num_clients), stdout=subprocess.DEVNULL) as parent:
        while parent.poll() is None:
            for pid in _children(parent.pid):
                most[pid] = max(most.get(pid, 0), _private_bytes(pid))
    seen = [most[pid] for pid in sorted(most) if most[pid] > 0]
    if parent.returncode or len(seen) < 0.9 * num_clients:
        raise SystemExit(f"status {parent.returncode}, and only {len(seen)} of {num_clients + 1} workers seen")
    return seen


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _private_bytes(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0  # it has ended meanwhile
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Private_"))


@dataclass(frozen=True)
class Figures:
    """Several measurements of one thing, in one unit."""

    values: Sequence[float]

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def __truediv__(self, other: "Figures") -> "Figures":
        """The ratios of those measured one after the other, so that a machine's moods cancel out."""
        return Figures([mine / others for mine, others in zip(self.values, other.values, strict=True)])

    def show(self, pattern: str) -> str:
        """`0.31 (0.29–0.35)`, with the format of each number given as in `format()`."""
        low, high = min(self.values), max(self.values)
        return f"{self.median:{pattern}} ({low:{pattern}}–{high:{pattern}})"


def machine() -> str:
    """What the figures were measured on."""
    version = ".".join(map(str, sys.version_info[:3]))
    return f"{os.cpu_count()} CPUs, {os.uname().sysname} {os.uname().release}, Python {version}"
