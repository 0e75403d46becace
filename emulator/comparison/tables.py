"""A comparison for programs: as plain facts for JSON, and as a table with a line for each run."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import msgspec

from emulator.comparison.compare import Cell, Comparison, Judgement, judgements
from emulator.comparison.measures import MEASURES
from emulator.errors import InputError
from emulator.writing import written_whole

COLUMNS = ("scenario", "clients", "strategy", "rng_seed", "is_proven", "bound_s", "bound")
"""What stands before the measures in the table."""


def facts_of(comparison: Comparison) -> dict[str, object]:
    """What `--json` prints: estimates, verdicts on all pairs, and runs that failed; single runs are in the table."""
    return {
        "grid": msgspec.to_builtins(comparison.grid),
        "swarms": [_swarm_facts(cells) for cells in comparison.swarms],
        "failures": [
            {
                "scenario": failure.job.subject.name,
                "clients": failure.job.subject.num_clients,
                "strategy": failure.job.strategy,
                "rng_seed": failure.job.rng_seed,
                "error": failure.text,
            }
            for failure in comparison.failures
        ],
        "num_runs": sum(len(cell.rows) for cell in comparison.cells),
        "num_kept": comparison.num_kept,
        "exit_status": comparison.exit_status,
    }


def _swarm_facts(cells: list[Cell]) -> dict[str, object]:
    row = cells[0].rows[0]
    return {
        "scenario": cells[0].subject.name,
        "clients": cells[0].num_clients,
        "bound_s": row.bound_s,
        "bound": row.bound,
        "strategies": {
            cell.strategy: {
                "num_runs": len(cell.rows),
                "num_proven": cell.num_proven,
                "measures": msgspec.to_builtins(cell.estimates),
            }
            for cell in cells
        },
        "verdicts": [_verdict_facts(judged) for measure in MEASURES for judged in judgements(cells, measure)],
    }


def _verdict_facts(judged: Judgement) -> dict[str, object]:
    verdict = judged.verdict
    return {
        "measure": judged.measure.name,
        "less": judged.less.strategy,
        "more": judged.more.strategy,
        "is_certain": verdict is not None,
        "least_percent": verdict and round(100 * verdict.least, 3),
        "most_percent": verdict and round(100 * verdict.most, 3),
    }


def write_table(comparison: Comparison, path: Path) -> None:
    """Write a line of comma-separated values for each run. Raises `InputError` where that cannot be done."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*COLUMNS, *(measure.name for measure in MEASURES)])
    writer.writerows(_lines(comparison))
    try:
        with written_whole(path, "--csv") as file:
            file.write(text.getvalue().encode(errors="surrogateescape"))
    except OSError as error:
        raise InputError([f"{path}: cannot be written ({error.strerror}); choose another --csv"]) from error


def _lines(comparison: Comparison) -> Iterator[list[object]]:
    for cell in comparison.cells:
        for row in cell.rows:
            head = (cell.subject.name, row.num_clients, cell.strategy, row.job.rng_seed, int(row.is_proven))
            yield [*head, row.bound_s, row.bound, *(measure.value(row) for measure in MEASURES)]
