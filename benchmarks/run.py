"""What the README's figures rest on: every measurement in one run, beside what it has to reach.

    python benchmarks/run.py                  all of them, two to five minutes
    python benchmarks/run.py --only samples   one of them

A machine's speed may drift by a third within minutes. So each figure is a median of several, and what can be told as
a ratio is compared with the bare exchange (`bare.py`), measured alternately with it.
"""

import argparse
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from measure import (
    Ended,
    Figures,
    check_events_per_s,
    machine,
    most_private_bytes,
    run_bare,
    run_emulator,
    write_exchange,
    write_swarm,
)
from rich.console import Console
from rich.table import Table

SAMPLES = Path(__file__).parent.parent / "samples"
MEBI = 1 << 20


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    what: str
    measured: str
    target: str = ""
    is_reached: bool = True
    cpu: str = ""
    """CPU time of the whole run: half of it is the least that two CPUs can take."""
    bare: str = ""
    ratio: str = ""


def samples(folder: Path, times: int) -> Iterator[Row]:
    inputs = folder / "samples"
    inputs.mkdir()
    for source in SAMPLES.glob("in*.txt"):
        (inputs / source.name).write_bytes(source.read_bytes())
    yield _whole_process("samples/", inputs, 5, 0.35, 3 * times)


def flash_crowd(folder: Path, times: int) -> Iterator[Row]:
    inputs = write_swarm(folder / "crowd", seeds=2, leechers=20, files=10, segments=100)
    yield _whole_process("2 seeds + 20 leechers, 10 files × 100 segments", inputs, 22, 0.8, 2 * times)


def _whole_process(what: str, inputs: Path, clients: int, limit_s: float, times: int) -> Row:
    runs = [run_emulator(inputs, clients) for _ in range(times)]
    wall_s = Figures([run.wall_s for run in runs])
    is_reached = wall_s.median <= limit_s
    return Row(f"{what}, whole process", f"{wall_s.show('.2f')} s", f"≤ {limit_s:g} s", is_reached, _cpu(runs))


def _cpu(runs: Sequence[Ended]) -> str:
    return f"{Figures([run.cpu_s for run in runs]).median:.2f} s"


def rate(folder: Path, times: int) -> Iterator[Row]:
    inputs = write_exchange(folder / "exchange", clients=6, segments=5000)
    pairs = [(run_emulator(inputs, 6), run_bare(6, 25_000)) for _ in range(2 * times)]
    mine, bare = (Figures([run.said["segments_per_s"] / 1000 for run in runs]) for runs in zip(*pairs, strict=True))
    ratio = mine / bare
    yield Row(
        "6 clients, 6 files × 5,000 segments, one segment a message",
        f"{mine.show('.0f')} k segments/s",
        "≥ 0.5 × bare",
        ratio.median >= 0.5,
        _cpu([run for run, _ in pairs]),
        f"{bare.show('.0f')} k segments/s",
        ratio.show(".2f"),
    )


def trace(folder: Path, times: int) -> Iterator[Row]:
    """What it costs to record every message, and how fast the checker reads that."""
    inputs, path = write_exchange(folder / "traced", clients=6, segments=5000), folder / "trace.jsonl"
    pairs = [(run_emulator(inputs, 6, "--trace", str(path)), run_emulator(inputs, 6)) for _ in range(2 * times)]
    traced, plain = (Figures([run.said["segments_per_s"] / 1000 for run in runs]) for runs in zip(*pairs, strict=True))
    ratio = plain / traced
    yield Row(
        "the same, every event traced; without a trace for comparison",
        f"{traced.show('.0f')} k segments/s",
        "≤ 1.3 × slower",
        ratio.median <= 1.3,
        _cpu([run for run, _ in pairs]),
        f"{plain.show('.0f')} k segments/s",
        ratio.show(".2f"),
    )
    checked = Figures([check_events_per_s(path) / 1000 for _ in range(times)])
    is_reached = checked.median >= 300
    yield Row("the checker, on that trace", f"{checked.show('.0f')} k events/s", "≥ 300 k events/s", is_reached)


def clients_500(folder: Path, times: int) -> Iterator[Row]:
    yield _many_clients(folder, 500, 4.0, times)


def clients_1000(folder: Path, times: int) -> Iterator[Row]:
    yield _many_clients(folder, 1000, 10.0, times)
    private = Figures([value / MEBI for value in most_private_bytes(folder / "1000", 1000)[1:]])
    what = "1,000 clients: the most private memory of each"
    yield Row(what, f"{private.show('.1f')} MB", "≤ 4 MB", private.median <= 4)


def _many_clients(folder: Path, clients: int, limit_s: float, times: int) -> Row:
    inputs = write_swarm(folder / str(clients), seeds=5, leechers=clients - 5, files=1, segments=100)
    pairs = [(run_emulator(inputs, clients), run_bare(clients, 100, 5)) for _ in range(times)]
    mine, bare = (Figures([run.wall_s for run in runs]) for runs in zip(*pairs, strict=True))
    return Row(
        f"{clients:,} clients, 5 of them seeds, 1 file × 100 segments, whole process",
        f"{mine.show('.1f')} s",
        f"≤ {limit_s:g} s",
        mine.median <= limit_s,
        _cpu([run for run, _ in pairs]),
        f"{bare.show('.1f')} s",
        (mine / bare).show(".2f"),
    )


def long_file(folder: Path, times: int) -> Iterator[Row]:
    short = write_swarm(folder / "short", seeds=1, leechers=1, files=1, segments=10_000)
    long = write_swarm(folder / "long", seeds=1, leechers=1, files=1, segments=100_000)
    pairs = [(run_emulator(short, 2).wall_s * 100, run_emulator(long, 2).wall_s * 10) for _ in range(times)]
    short_us, long_us = (Figures(values) for values in zip(*pairs, strict=True))
    ratio = long_us / short_us
    yield Row("1 file × 10,000 segments, 1 seed, 1 leecher, whole process", f"{short_us.show('.0f')} µs a segment")
    yield Row(
        "1 file × 100,000 segments, the same",
        f"{long_us.show('.0f')} µs a segment",
        "≤ 1.2 × the above",
        ratio.median <= 1.2,
        ratio=ratio.show(".2f"),
    )


MEASUREMENTS: dict[str, Callable[[Path, int], Iterator[Row]]] = {
    "samples": samples,
    "flash-crowd": flash_crowd,
    "rate": rate,
    "trace": trace,
    "500-clients": clients_500,
    "1000-clients": clients_1000,
    "long-file": long_file,
}


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure what the README says, and compare it with what it has to be.")
    parser.add_argument("--only", choices=list(MEASUREMENTS), action="append", help="just this one; may be repeated")
    parser.add_argument("--times", type=int, default=3, metavar="N", help="repetitions; short ones more (default: 3)")
    options = parser.parse_args()
    table = Table(title=f"Median (least–most) on {machine()}", title_justify="left", pad_edge=False)
    for name in ("measurement", "measured", "target", "", "CPU time", "bare exchange", "ratio"):
        table.add_column(name)
    console = Console(width=None if Console().is_terminal else 160)
    with tempfile.TemporaryDirectory() as folder, console.status("") as status:
        for name in options.only or MEASUREMENTS:
            status.update(f"measuring {name}")
            for row in MEASUREMENTS[name](Path(folder), options.times):
                verdict = "[green]reached[/]" if row.is_reached else "[red]missed[/]"
                verdict = verdict if row.target else ""
                table.add_row(row.what, row.measured, row.target, verdict, row.cpu, row.bare, row.ratio)
    console.print(table)


if __name__ == "__main__":
    main()
