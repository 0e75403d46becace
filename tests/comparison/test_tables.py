"""What programs get of a comparison."""

import csv
import json
from pathlib import Path

import pytest

from emulator.comparison.compare import Cell, Comparison, Failure
from emulator.comparison.intervals import Estimate
from emulator.comparison.measures import MEASURES
from emulator.comparison.tables import facts_of, write_table
from emulator.errors import InputError
from tests.comparison.made import SMALL, grid, job, row

COMPARISON = Comparison(
    grid(),
    (
        Cell(SMALL, 4, "fast", (row(job(0)), row(job(1))), {"makespan_s": Estimate(2.0, 1.0, 4.0, 6)}),
        Cell(SMALL, 4, "slow", (row(bound_s=None, bound=None),), {"makespan_s": Estimate(9.0, 8.0, 10.0, 6)}),
        Cell(SMALL, 4, "lost", (row(is_proven=False, makespan_s=None),), {}),
    ),
    (Failure(job(7), "no"),),
    1,
)


def test_the_facts_have_estimates_verdicts_and_failures() -> None:
    assert json.loads(json.dumps(facts_of(COMPARISON))) == {
        "grid": {
            "strategies": ["peers-first"],
            "clients": [4],
            "scenarios": [],
            "num_segments": 3,
            "num_seeds": 1,
            "repeat": 2,
            "rng_seed": 0,
            "quota": None,
            "numwant": None,
            "lines": {"up": None, "down": None, "segment_bytes": None, "delay_s": None},
        },
        "swarms": [
            {
                "scenario": "3 segments of 1 seed",
                "clients": 4,
                "bound_s": 1.0,
                "bound": "rounds",
                "strategies": {
                    "fast": {
                        "num_runs": 2,
                        "num_proven": 2,
                        "measures": {"makespan_s": {"median": 2.0, "low": 1.0, "high": 4.0, "num": 6}},
                    },
                    "slow": {
                        "num_runs": 1,
                        "num_proven": 1,
                        "measures": {"makespan_s": {"median": 9.0, "low": 8.0, "high": 10.0, "num": 6}},
                    },
                    "lost": {"num_runs": 1, "num_proven": 0, "measures": {}},
                },
                "verdicts": [
                    {
                        "measure": "makespan_s",
                        "less": "fast",
                        "more": "slow",
                        "is_certain": True,
                        "least_percent": 50.0,
                        "most_percent": 90.0,
                    }
                ],
            }
        ],
        "failures": [
            {
                "scenario": "3 segments of 1 seed",
                "clients": 4,
                "strategy": "peers-first",
                "rng_seed": 7,
                "error": "no",
            }
        ],
        "num_runs": 4,
        "num_kept": 1,
        "exit_status": 1,
    }


def test_the_table_has_a_line_for_each_run_with_every_measure(tmp_path: Path) -> None:
    write_table(COMPARISON, tmp_path / "runs.csv")
    with (tmp_path / "runs.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert [(line["strategy"], line["rng_seed"], line["is_proven"]) for line in lines] == [
        ("fast", "0", "1"),
        ("fast", "1", "1"),
        ("slow", "0", "1"),
        ("lost", "0", "0"),
    ]
    assert (lines[0]["scenario"], lines[0]["clients"]) == ("3 segments of 1 seed", "4")
    assert (lines[0]["bound_s"], lines[2]["bound_s"]) == ("1.0", "")
    assert (lines[3]["makespan_s"], lines[3]["times_bound"]) == ("", "")
    for measure in MEASURES:
        value = measure.value(row())
        assert lines[0][measure.name] == ("" if value is None else str(value))


def test_a_table_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no/runs\.csv: cannot be written \(No such file .*\); choose another --csv"):
        write_table(COMPARISON, tmp_path / "no" / "runs.csv")
