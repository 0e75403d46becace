"""A comparison of strategies as a page."""

from collections.abc import Iterator
from typing import Any

import msgspec

from emulator.comparison.compare import Cell, Comparison
from emulator.comparison.measures import MEASURES
from emulator.view.page.block import frame
from emulator.view.page.document import DataWriter, Write, make_frame
from emulator.view.summary.comparison import verdict_texts
from emulator.view.text import plural, printable


def write_comparison(comparison: Comparison, write: Write) -> None:
    """Write the page of a comparison, piece by piece."""
    names = list(comparison.grid.strategies)
    title = printable(f"Comparison of {', '.join(names)}")
    summary = f"{plural(len(comparison.swarms), 'swarm')}. This page needs scripts."
    document = make_frame(title, summary, mains=("compare.mjs",), markup="compare.html")
    write(document.head)
    data = DataWriter(write)
    data.put(frame(msgspec.json.encode(_facts(comparison))))
    data.close()
    write(document.tail)


def _facts(comparison: Comparison) -> dict[str, Any]:
    return {
        "strategies": list(map(printable, comparison.grid.strategies)),
        "measures": [{"name": measure.name, "title": measure.title, "unit": measure.unit} for measure in MEASURES],
        "swarms": [_swarm(cells) for cells in comparison.swarms],
        "failures": [printable(f"{failure.job}: {failure.text}") for failure in comparison.failures],
    }


def _swarm(cells: list[Cell]) -> dict[str, Any]:
    row = cells[0].rows[0]
    return {
        "scenario": printable(cells[0].subject.name),
        "clients": cells[0].num_clients,
        "bound_s": row.bound_s,
        "bound": row.bound,
        "verdicts": list(verdict_texts(cells)),
        "strategies": [
            {"name": printable(cell.strategy), "measures": cell.estimates, "rows": list(_rows(cell))} for cell in cells
        ],
    }


def _rows(cell: Cell) -> Iterator[dict[str, Any]]:
    for row in cell.rows:
        yield {
            "rng_seed": row.job.rng_seed,
            "is_proven": row.is_proven,
            "num_leechers": row.num_leechers,
            "num_done": row.num_done,
            "times_s": row.times_s,
        }
