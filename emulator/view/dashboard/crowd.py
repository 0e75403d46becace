"""All clients at once, for swarms that are too large for a row each."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TypeVar

from rich.text import Text

from emulator.trace.statistics import SwarmStatistics
from emulator.view.dashboard.drawing import BLOCKS, GIVEN_UP, SHADES, Lines, fit, line
from emulator.view.dashboard.facts import Facts, has_all, standing

T = TypeVar("T")


def crowd_panel(statistics: SwarmStatistics, facts: Facts, width: int) -> Lines:
    """How many clients are how far, how many do what, and a cell for each client, or for a few neighbours."""
    shares = [
        1.0 if has_all(client) or goal == 0 else min(client.num_held / goal, 1.0)
        for client, goal in zip(statistics.clients, facts.goals, strict=True)
    ]
    buckets = [0] * 11
    for share in shares:
        buckets[int(share * 10)] += 1
    most = max(buckets)
    columns = Text("how far %")
    for index, number in enumerate(buckets):
        level = -(-number * 8 // most) if number else 0
        columns.append(f" {index * 10}", "dim")
        columns.append(BLOCKS[level], "green" if index == 10 else "cyan")
        columns.append(f"{number}" if number else "", "bold")
    states = Counter(map(standing, statistics.clients))
    doing = "doing    " + " · ".join(f"{number:,} {state}" for state, number in states.most_common())
    strip = Text("clients  ")
    for part in _parts(list(zip(statistics.clients, shares, strict=True)), width - 9):
        share = sum(share for _, share in part) / len(part)
        if all(client.is_dead for client, _ in part):
            strip.append(*GIVEN_UP)
        else:
            strip.append(SHADES[int(share * 4)], "green" if share >= 1 else "cyan")
    return [fit(columns, width), fit(line(doing), width), fit(strip, width)]


def _parts(whole: Sequence[T], most_cells: int) -> Iterator[Sequence[T]]:
    """The neighbours that each cell stands for."""
    cells = max(1, min(most_cells, len(whole)))
    for cell in range(cells):
        yield whole[cell * len(whole) // cells : (cell + 1) * len(whole) // cells]
