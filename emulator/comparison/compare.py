"""A comparison: the runs that are missing are made, and then all of them are put together."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import msgspec

from emulator.comparison.grid import Grid, Job, key_of
from emulator.comparison.intervals import Estimate, Verdict, estimate, judge
from emulator.comparison.measure import Row, measure
from emulator.comparison.measures import MEASURES, Measure
from emulator.comparison.results import Results
from emulator.comparison.subjects import Subject
from emulator.comparison.workers import Answer, Done, Failed, run_all


class Failure(msgspec.Struct, frozen=True):
    """A run that came to no result. It is not kept, and made again the next time."""

    job: Job
    text: str


class Cell(msgspec.Struct, frozen=True):
    """One strategy on one swarm: what its runs showed, taken together."""

    subject: Subject
    num_clients: int
    strategy: str
    rows: tuple[Row, ...]
    estimates: dict[str, Estimate]
    """By name of the measure; without those that no run showed."""

    @property
    def num_proven(self) -> int:
        return sum(row.is_proven for row in self.rows)

    @property
    def is_proven(self) -> bool:
        """Whether every run got every wanted file."""
        return self.num_proven == len(self.rows)


class Comparison(msgspec.Struct, frozen=True):
    """All that came of it, by swarm and then by strategy, in the order in which they were asked for."""

    grid: Grid
    cells: tuple[Cell, ...]
    failures: tuple[Failure, ...]
    num_kept: int
    """Runs that were there from an earlier time."""

    @property
    def swarms(self) -> list[list[Cell]]:
        """The cells of each swarm, one a strategy."""
        return [
            cells
            for subject in self.grid.subjects()
            if (cells := [cell for cell in self.cells if cell.subject == subject])
        ]

    @property
    def exit_status(self) -> int:
        """0 where every run came to its end, and all its outputs are proven."""
        return int(bool(self.failures) or any(not cell.is_proven for cell in self.cells))


class Progress:
    """How far a comparison is. A view overrides what it shows."""

    def begin(self, num_kept: int, num_runs: int) -> None:
        """So many of the runs are there already; the workers are started."""

    def advance(self, job: Job) -> None:
        """One more has ended."""

    def tick(self) -> None:
        """Time passes."""

    def end(self) -> None:
        """No more will come, whether all went well or not."""


class _Keeper:
    """Keeps the rows as they come, and tells of them."""

    def __init__(self, results: Results, keys: dict[Job, str], num_kept: int, progress: Progress) -> None:
        self.failures: list[Failure] = []
        self._results = results
        self._keys = keys
        self._num_kept = num_kept
        self._progress = progress
        self.tick = progress.tick

    def begin(self) -> None:
        self._progress.begin(self._num_kept, len(self._keys))

    def take(self, job: Job, answer: Answer) -> None:
        match answer:
            case Done(row):
                self._results.append(self._keys[job], row)
            case Failed(text):
                self.failures.append(Failure(job, text))
        self._progress.advance(job)


def compare(
    grid: Grid, folder: Path, num_workers: int, progress: Progress | None = None, timeout_s: float | None = None
) -> Comparison:
    """Make the runs of `grid` that `folder` does not hold yet, keep them there, and put all together.

    A run that takes longer than `timeout_s` of the clock on the wall has failed. Raises `InputError` for inputs and
    folders that cannot be, before anything is run; `Interrupted` where a signal came, and `WorkerDied`: what was done
    until then is kept.
    """
    progress = progress or Progress()
    jobs = grid.jobs()
    keys = {job: key_of(job) for job in jobs}
    results = Results(folder, grid)
    try:
        missing = [job for job in jobs if keys[job] not in results.rows]
        keeper = _Keeper(results, keys, len(jobs) - len(missing), progress)
        if missing:
            try:
                run_all(missing, num_workers, keeper, partial(measure, timeout_s=timeout_s))
            finally:
                progress.end()
    finally:
        results.close()
    rows = {job: results.rows[key] for job, key in keys.items() if key in results.rows}
    return Comparison(grid, _cells(grid, rows), tuple(keeper.failures), len(jobs) - len(missing))


def _cells(grid: Grid, rows: dict[Job, Row]) -> tuple[Cell, ...]:
    grouped: dict[tuple[Subject, str], list[Row]] = {}
    for job, row in rows.items():
        grouped.setdefault((job.subject, job.strategy), []).append(row)
    return tuple(
        _cell(subject, strategy, grouped[subject, strategy])
        for subject in grid.subjects()
        for strategy in grid.strategies
        if (subject, strategy) in grouped
    )


def _cell(subject: Subject, strategy: str, rows: Sequence[Row]) -> Cell:
    estimates = {}
    for each in MEASURES:
        values = [value for row in rows if (value := each.value(row)) is not None]
        # Some runs without it would make those with it look better than the strategy is.
        if len(values) == len(rows) and (found := estimate(values)) is not None:
            estimates[each.name] = found
    return Cell(subject, rows[0].num_clients, strategy, tuple(rows), estimates)


class Judgement(msgspec.Struct, frozen=True):
    """Two strategies by one measure: which has less of it, if that can be told."""

    measure: Measure
    less: Cell
    """The one with the smaller median."""
    more: Cell
    verdict: Verdict | None


def judgements(cells: Sequence[Cell], measure: Measure) -> list[Judgement]:
    """All pairs of strategies on one swarm, as far as both show the measure; those with the smallest medians first.

    A strategy with a run that is not proven is judged by nothing: it had less to do.
    """
    measured = [cell for cell in cells if measure.name in cell.estimates and cell.is_proven]
    measured.sort(key=lambda cell: cell.estimates[measure.name].median)
    return [
        Judgement(measure, less, more, judge(less.estimates[measure.name], more.estimates[measure.name]))
        for index, less in enumerate(measured)
        for more in measured[index + 1 :]
    ]
