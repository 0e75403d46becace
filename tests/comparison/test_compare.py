"""A comparison as a whole: what is made, what is kept, and what comes out of it."""

from pathlib import Path

import pytest

from emulator.comparison import compare as module
from emulator.comparison.compare import Cell, Failure, Progress, compare, judgements
from emulator.comparison.grid import Grid, Job
from emulator.comparison.intervals import Estimate, estimate
from emulator.comparison.measures import BY_NAME, MEASURES
from emulator.comparison.workers import Answer, Done, Failed, Watcher
from emulator.errors import InputError, Interrupted
from tests.comparison.made import SMALL, grid, job, row


class Told(Progress):
    """A progress that remembers."""

    def __init__(self) -> None:
        self.begun: tuple[int, int] | None = None
        self.made: list[Job] = []
        self.has_ended = False

    def begin(self, num_kept: int, num_runs: int) -> None:
        self.begun = (num_kept, num_runs)

    def advance(self, job: Job) -> None:
        self.made.append(job)

    def end(self) -> None:
        self.has_ended = True


def made(of: Grid, folder: Path) -> list[Job]:
    """The runs that are made for this comparison."""
    told = Told()
    compare(of, folder, 2, told)
    assert told.has_ended == bool(told.made)
    return told.made


def test_all_runs_are_made_once_and_their_measures_are_put_together(tmp_path: Path) -> None:
    told = Told()
    found = compare(grid(clients=(4, 6), repeat=3), tmp_path, 2, told)
    assert told.begun == (0, 6)
    assert set(told.made) == set(grid(clients=(4, 6), repeat=3).jobs())
    assert (found.num_kept, found.failures, found.exit_status) == (0, (), 0)
    assert [(cell.num_clients, cell.strategy, len(cell.rows)) for cell in found.cells] == [
        (4, "peers-first", 3),
        (6, "peers-first", 3),
    ]
    assert [[cell.num_clients for cell in cells] for cells in found.swarms] == [[4], [6]]
    for cell in found.cells:
        assert [of.job.rng_seed for of in cell.rows] == [0, 1, 2]
        assert cell.estimates["makespan_s"] == estimate([of.makespan_s for of in cell.rows if of.makespan_s])
        assert set(cell.estimates) == set(BY_NAME) - {"num_cross_zone"}


def test_the_same_comparison_again_makes_nothing_and_says_the_same(tmp_path: Path) -> None:
    first = compare(grid(), tmp_path, 2)
    told = Told()
    again = compare(grid(), tmp_path, 2, told)
    assert told.begun is None
    assert again.num_kept == 2
    assert again.cells == first.cells


def test_a_larger_comparison_makes_only_what_is_missing(tmp_path: Path) -> None:
    compare(grid(), tmp_path, 2)
    larger = made(grid(repeat=3, clients=(4, 5)), tmp_path)
    assert {(job.subject.num_clients, job.rng_seed) for job in larger} == {(4, 2), (5, 0), (5, 1), (5, 2)}
    assert made(grid(repeat=1, clients=(5,)), tmp_path) == []


def test_a_comparison_of_something_else_shares_the_folder_and_nothing_more(tmp_path: Path) -> None:
    compare(grid(), tmp_path, 2)
    assert len(made(grid(quota=1), tmp_path)) == 2
    assert len(compare(grid(quota=1), tmp_path, 2).cells[0].rows) == 2
    assert made(grid(), tmp_path) == []


def test_what_was_done_before_a_signal_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run_one(jobs: list[Job], _num_workers: int, watcher: Watcher, _measure: object) -> None:
        watcher.begin()
        watcher.take(jobs[0], Done(row(jobs[0])))
        raise Interrupted("ended by SIGINT", 2)

    monkeypatch.setattr(module, "run_all", run_one)
    told = Told()
    with pytest.raises(Interrupted):
        compare(grid(repeat=3), tmp_path, 2, told)
    assert told.has_ended
    monkeypatch.undo()
    assert {job.rng_seed for job in made(grid(repeat=3), tmp_path)} == {1, 2}


def test_a_run_that_failed_is_told_and_made_again_the_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail_first(jobs: list[Job], _num_workers: int, watcher: Watcher, _measure: object) -> None:
        answers: list[Answer] = [Failed("no"), *(Done(row(job)) for job in jobs[1:])]
        for of, answer in zip(jobs, answers, strict=True):
            watcher.take(of, answer)

    monkeypatch.setattr(module, "run_all", fail_first)
    found = compare(grid(repeat=3), tmp_path, 2)
    assert found.failures == (Failure(job(0), "no"),)
    assert (found.exit_status, len(found.cells[0].rows)) == (1, 2)
    monkeypatch.undo()
    assert [of.rng_seed for of in made(grid(repeat=3), tmp_path)] == [0]


def test_a_run_that_takes_too_long_has_failed(tmp_path: Path) -> None:
    found = compare(grid(clients=(300,), num_segments=50, repeat=1), tmp_path, 1, timeout_s=1e-6)
    (failure,) = found.failures
    assert failure.text.startswith("the time limit was reached at ")
    assert (found.cells, found.exit_status) == ((), 1)


def test_inputs_that_cannot_be_are_told_before_anything_is_made(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="absent"):
        compare(grid(scenarios=(str(tmp_path / "absent"),)), tmp_path / "results", 2)
    assert not (tmp_path / "results").exists()


def cell(strategy: str, **estimates: Estimate) -> Cell:
    return Cell(SMALL, 4, strategy, (row(),), estimates)


def test_each_pair_is_judged_once_the_smaller_median_first() -> None:
    cells = [
        cell("slow", makespan_s=Estimate(9.0, 8.0, 10.0, 6)),
        cell("fast", makespan_s=Estimate(2.0, 1.0, 4.0, 6)),
        cell("like", makespan_s=Estimate(3.0, 2.0, 5.0, 6)),
        cell("unknown"),
    ]
    judged = judgements(cells, BY_NAME["makespan_s"])
    assert [(pair.less.strategy, pair.more.strategy, pair.verdict is not None) for pair in judged] == [
        ("fast", "like", False),
        ("fast", "slow", True),
        ("like", "slow", True),
    ]


def test_no_verdict_rests_on_a_strategy_that_left_wanted_files_out() -> None:
    """It had less to do, and looks better in all that is counted."""
    rows = (row(), row(is_proven=False, num_from_origin=1))
    less = {"num_from_origin": Estimate(1.0, 1.0, 1.0, 6)}
    cells = [
        Cell(SMALL, 4, "lacking", rows, less),
        *(cell(name, num_from_origin=Estimate(value, value, value, 6)) for name, value in (("a", 5.0), ("b", 6.0))),
    ]
    judged = judgements(cells, BY_NAME["num_from_origin"])
    assert [(pair.less.strategy, pair.more.strategy) for pair in judged] == [("a", "b")]


def test_a_measure_that_some_runs_lack_is_not_estimated_from_the_others() -> None:
    rows = [row(), row(makespan_s=None, is_proven=False)]
    found = module._cell(SMALL, "peers-first", rows)
    assert "makespan_s" not in found.estimates
    assert "times_bound" not in found.estimates
    assert found.estimates["misses_per_segment"].median == 3 / 9
    assert found.num_proven == 1


def test_measures_are_what_their_names_say() -> None:
    shown = {measure.name: measure.value(row(num_cross_zone=2, num_wasted=1)) for measure in MEASURES}
    assert shown == {
        "makespan_s": 2.0,
        "times_bound": 2.0,
        "p50_s": 1.5,
        "p95_s": 2.0,
        "p99_s": 2.0,
        "num_from_origin": 5,
        "num_cross_zone": 2,
        "jain_index": 0.5,
        "misses_per_segment": 3 / 9,
        "messages_per_segment": 40 / 9,
        "tracker_messages_per_s": 10.0,
        "num_wasted": 1,
    }
    bare = row(bound_s=None, num_messages=None, num_segments=0)
    unknown = {measure.name for measure in MEASURES if measure.value(bare) is None}
    assert unknown == {"times_bound", "num_cross_zone", "misses_per_segment", "messages_per_segment"}
