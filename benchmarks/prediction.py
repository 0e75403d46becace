"""What virtual time predicts, against what real processes take: makespans over a range of swarms, rates and strategies.

    python benchmarks/prediction.py             all cases, about two minutes
    python benchmarks/prediction.py --times 3   each case three times; the median counts

A case is predicted by the virtual engine and then run on processes, which send each segment when its line is free. The
time of real messages, which the model does not have, is small against that of a segment where machines are calm.
"""

import argparse
import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path

from measure import machine, write_swarm
from rich.console import Console
from rich.table import Table

from emulator.running.run import run
from emulator.scenario.network import Network
from emulator.scenario.options import Options
from emulator.scenario.scenario import Scenario, read_scenario
from emulator.strategies import STRATEGIES

WITHIN = 0.1
SEGMENT_BYTES = 262_144
MEGA = 1_000_000.0


@dataclass(frozen=True)
class Case:
    """A swarm on a network, and how it downloads."""

    seeds: int
    leechers: int
    files: int
    segments: int
    up_mb: float
    """Megabytes a second that each client sends."""
    down_mb: float | None = None
    delay_s: float = 0.0
    strategy: str = "peers-first"
    gap_s: float = 0.02
    """Between the arrivals of two clients. Where all begin at the same instant, chance decides who is served first, and
    real processes throw other dice than virtual time does."""

    @property
    def size(self) -> int:
        return self.seeds + self.leechers + 1

    def __str__(self) -> str:
        down = "" if self.down_mb is None else f", {self.down_mb:g} MB/s down"
        delay = f", {1000 * self.delay_s:g} ms" if self.delay_s else ""
        return (
            f"{self.seeds} + {self.leechers} clients, {self.files} × {self.segments} segments, "
            f"{self.up_mb:g} MB/s up{down}{delay}, {self.strategy}{'' if self.gap_s else ', all at once'}"
        )

    def options(self, engine: str, rng_seed: int) -> Options:
        down = None if self.down_mb is None else self.down_mb * MEGA
        network = Network.uniform(self.size, self.up_mb * MEGA, down, self.delay_s, SEGMENT_BYTES)
        arrivals_s = tuple(self.gap_s * rank for rank in range(self.size))
        return Options(
            engine=engine,
            network=network,
            arrivals_s=arrivals_s,
            strategy=self.strategy,
            rng_seed=rng_seed,
        )


CASES = (
    Case(1, 1, 1, 100, up_mb=10),
    Case(1, 1, 1, 400, up_mb=50),
    Case(1, 1, 1, 100, up_mb=50, down_mb=10),
    Case(1, 2, 1, 100, up_mb=10),
    Case(1, 4, 1, 60, up_mb=10),
    Case(1, 4, 1, 60, up_mb=10, delay_s=0.02),
    Case(2, 6, 2, 40, up_mb=10),
    Case(2, 6, 2, 40, up_mb=10, strategy="seeds-only"),
    Case(2, 6, 2, 40, up_mb=10, strategy="random-segment"),
    Case(2, 6, 2, 40, up_mb=10, strategy="rarest-first"),
    Case(1, 9, 1, 40, up_mb=10),
    Case(1, 9, 1, 40, up_mb=10, strategy="least-connected"),
    Case(2, 18, 1, 40, up_mb=5),
    Case(2, 18, 2, 20, up_mb=5, strategy="random-segment"),
    Case(2, 18, 1, 40, up_mb=5, delay_s=0.01),
    Case(1, 4, 1, 60, up_mb=10, gap_s=0.0),
    Case(2, 18, 1, 40, up_mb=5, gap_s=0.0),
)


def makespan_s(scenario: Scenario, case: Case, engine: str, times: int) -> float:
    """The median over so many seeds of the random choices."""
    times_s: list[float] = []
    for rng_seed in range(times):
        with tempfile.TemporaryDirectory() as output:
            result = run(scenario, Path(output), case.options(engine, rng_seed))
        if not result.is_proven or result.makespan_s is None:
            raise SystemExit(f"{case}: not proven on {engine}")
        times_s.append(result.makespan_s)
    return statistics.median(times_s)


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare the makespans of both engines.")
    parser.add_argument("--times", type=int, default=1, metavar="N", help="runs of each case on processes (default: 1)")
    parser.add_argument("--seeds", type=int, default=9, metavar="N", help="predictions of each case (default: 9)")
    options = parser.parse_args()
    table = Table(title=f"Makespans, on {machine()}", title_justify="left", pad_edge=False)
    for name in ("case", "predicted", "measured", "predicted ÷ measured"):
        table.add_column(name, justify="left" if name == "case" else "right")
    ratios: list[float] = []
    # No thread may run here, such as one that draws how far it is: workers are forked.
    with tempfile.TemporaryDirectory() as folder:
        for number, case in enumerate(case for case in CASES if case.strategy in STRATEGIES):
            inputs = write_swarm(
                Path(folder) / str(number),
                seeds=case.seeds,
                leechers=case.leechers,
                files=case.files,
                segments=case.segments,
            )
            scenario = read_scenario(inputs)
            measured = makespan_s(scenario, case, "processes", options.times)
            predicted = makespan_s(scenario, case, "virtual", options.seeds)
            ratios.append(predicted / measured)
            table.add_row(str(case), f"{predicted:.2f} s", f"{measured:.2f} s", f"{ratios[-1]:.3f}")
    Console(width=None if Console().is_terminal else 160).print(table)
    within = sum(abs(ratio - 1) <= WITHIN for ratio in ratios)
    print(
        f"{within} of {len(ratios)} within {WITHIN:.0%}; median {statistics.median(ratios):.3f}, "
        f"least {min(ratios):.3f}, most {max(ratios):.3f}"
    )


if __name__ == "__main__":
    main()
