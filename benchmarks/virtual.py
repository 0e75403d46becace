"""What virtual time can do: how fast, for how many clients, in how much memory, beside what it has to reach.

    python benchmarks/virtual.py                  the short ones, a minute
    python benchmarks/virtual.py --long           and a swarm of 100,000 clients, some minutes more
    python benchmarks/virtual.py --only events    one of them

An event is a message that has arrived. Runs are in memory, without a trace and without a screen, each in a process of
its own. Rates and ratios are those of CPU time, which other programs on the machine change less than that of the wall;
the wall's is in the last column.
"""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from measure import Figures, machine, run_in_memory
from rich.console import Console
from rich.table import Table

GIGA = 1e9


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    what: str
    measured: str
    target: str
    is_reached: bool
    wall: str = ""


@dataclass(frozen=True)
class Runs:
    """Several runs of one swarm."""

    wall_s: Figures
    cpu_s: Figures
    events_per_s: Figures
    """Of CPU time."""
    peak_gb: Figures


@cache
def runs_of(clients: int, segments: int, times: int) -> Runs:
    said = [run_in_memory(clients, segments) for _ in range(times)]
    return Runs(
        Figures([one["wall_s"] for one in said]),
        Figures([one["cpu_s"] for one in said]),
        Figures([one["num_messages"] / one["cpu_s"] for one in said]),
        Figures([one["peak_bytes"] / GIGA for one in said]),
    )


def events(times: int) -> Iterator[Row]:
    runs = runs_of(1_000, 500, times)
    rate = Figures([value / 1000 for value in runs.events_per_s.values])
    what = "1,000 clients × 500 segments: events/s"
    yield Row(what, f"{rate.show('.0f')} k", "≥ 300 k", rate.median >= 300, f"{runs.wall_s.show('.2f')} s")


def clients_1000(times: int) -> Iterator[Row]:
    runs = runs_of(1_000, 50, 2 * times)
    yield Row(
        "1,000 clients × 50 segments",
        f"{runs.cpu_s.show('.2f')} s",
        "≤ 5 s",
        runs.wall_s.median <= 5,
        f"{runs.wall_s.show('.2f')} s",
    )


def clients_100000(times: int) -> Iterator[Row]:  # noqa: ARG001 (minutes: once is enough)
    runs, few = runs_of(100_000, 20, 1), runs_of(1_000, 20, 9)
    wall, peak = runs.wall_s.median, runs.peak_gb.median
    what = "100,000 clients × 20 segments"
    yield Row(what, f"{runs.cpu_s.median:.0f} s", "≤ 180 s", wall <= 180, f"{wall:.0f} s")
    yield Row(f"{what}: most memory", f"{peak:.2f} GB", "≤ 2 GB", peak <= 2)
    growth = few.events_per_s.median / runs.events_per_s.median
    yield Row("cost of an event there ÷ with 1,000 × 20", f"{growth:.2f}", "≤ 3", growth <= 3)


MEASUREMENTS: dict[str, Callable[[int], Iterator[Row]]] = {
    "events": events,
    "1000-clients": clients_1000,
    "100000-clients": clients_100000,
}
LONG = {"100000-clients"}
"""Only where they are asked for."""


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure virtual time, and compare it with what it has to reach.")
    parser.add_argument("--only", choices=list(MEASUREMENTS), action="append", help="just this one; may be repeated")
    parser.add_argument("--long", action="store_true", help="those that take minutes, too")
    parser.add_argument("--times", type=int, default=3, metavar="N", help="repetitions; short ones more (default: 3)")
    options = parser.parse_args()
    names = options.only or [name for name in MEASUREMENTS if options.long or name not in LONG]
    if not options.long and LONG.intersection(names):
        parser.error(f"{', '.join(LONG.intersection(names))} takes minutes; give --long as well")
    table = Table(title=f"Median (least–most) on {machine()}", title_justify="left", pad_edge=False)
    for name in ("measurement", "measured, CPU time", "target", "", "on the wall's clock"):
        table.add_column(name)
    console = Console(width=None if Console().is_terminal else 160)
    with console.status("") as status:
        for name in names:
            status.update(f"measuring {name}")
            for row in MEASUREMENTS[name](options.times):
                verdict = "[green]reached[/]" if row.is_reached else "[red]missed[/]"
                table.add_row(row.what, row.measured, row.target, verdict, row.wall)
    console.print(table)


if __name__ == "__main__":
    main()
