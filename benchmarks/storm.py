"""How many small swarms a storm judges in a second of one core, with every rule of the checker.

    python benchmarks/storm.py
    python benchmarks/storm.py --runs 5000

Rates are those of CPU time, which other programs on the machine change less than that of the wall; the wall's are in
the last column. The two kinds of storm take turns, so that a machine whose speed drifts does so for both.
"""

import argparse
import time

from measure import Figures, machine
from rich.console import Console
from rich.table import Table

from emulator.storm.weather import Weather
from emulator.strategies import STRATEGIES

KINDS = {"without faults": 1_000, "with faults": 600}
"""What each has to reach, in swarms a second."""


def judge_all(weather: Weather, first: int, runs: int) -> tuple[float, float]:
    """Swarms a second, of CPU time and of the wall's."""
    cpu_s, wall_s = time.process_time(), time.perf_counter()
    for number in range(first, first + runs):
        problems = weather.judge(weather.case(number))
        assert not problems, f"run {number}: {problems}"
    return runs / (time.process_time() - cpu_s), runs / (time.perf_counter() - wall_s)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure storms, and compare them with what they have to reach.")
    parser.add_argument("--runs", type=int, default=1_000, metavar="N", help="swarms of a measurement (default: 1,000)")
    parser.add_argument("--times", type=int, default=5, metavar="N", help="repetitions (default: 5)")
    options = parser.parse_args()
    strategies = tuple(STRATEGIES)
    weathers = {name: Weather(strategies=strategies, has_faults=name == "with faults") for name in KINDS}
    rates: dict[str, list[tuple[float, float]]] = {name: [] for name in KINDS}
    for count in range(options.times):
        for name, weather in weathers.items():
            rates[name].append(judge_all(weather, count * options.runs, options.runs))
    table = Table(title=f"Median (least–most) on {machine()}", title_justify="left", pad_edge=False)
    for column in ("swarms a second, one core", "measured, CPU time", "target", "", "on the wall's clock"):
        table.add_column(column)
    for name, target in KINDS.items():
        cpu, wall = (Figures([rate[place] for rate in rates[name]]) for place in (0, 1))
        verdict = "[green]reached[/]" if cpu.median >= target else "[red]missed[/]"
        table.add_row(name, cpu.show(".0f"), f"≥ {target:,}", verdict, wall.show(".0f"))
    Console(width=None if Console().is_terminal else 120).print(table)


if __name__ == "__main__":
    main()
