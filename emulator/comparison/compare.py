"""A comparison: it makes the runs that are missing, and then evaluates all of them."""

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
    """A run without a result. It is not kept, so the next comparison tries it again."""

    job: Job
    text: str


class Cell(msgspec.Struct, frozen=True):
    """The runs of one strategy on one swarm, and the estimates from them."""

    subject: Subject
    num_clients: int
    strategy: str
    rows: tuple[Row, ...]
    estimates: dict[str, Estimate]
    """By name of the measure; only measures that every run has."""

    @property
    def num_proven(self) -> int:
        return sum(row.is_proven for row in self.rows)

    @property
    def is_proven(self) -> bool:
        """Whether every run got every wanted file."""
        return self.num_proven == len(self.rows)


class Comparison(msgspec.Struct, frozen=True):
    """The result of a comparison, by swarm and then by strategy, in the order of the request."""

    grid: Grid
    cells: tuple[Cell, ...]
    failures: tuple[Failure, ...]
    num_kept: int
    """How many runs an earlier comparison had already made."""

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
    """Follows the progress of a comparison. A view overrides what it shows."""

    def begin(self, num_kept: int, num_runs: int) -> None:
        """The workers have started `num_runs` runs; `num_kept` others were made earlier."""

    def advance(self, job: Job) -> None:
        """A run has ended."""

    def tick(self) -> None:
        """Called regularly while runs last."""

    def end(self) -> None:
        """The last call, whether all runs succeeded or not."""


class _Keeper:
    """Keeps each row when its run ends, and reports the progress."""

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
    """Make the runs of `grid` that `folder` does not hold yet, keep them there, and evaluate all runs.

    A run that takes longer than `timeout_s` seconds of wall time fails. Raises `InputError` for wrong inputs or an
    unusable folder before any run starts. Raises `Interrupted` if a signal arrives, and `WorkerDied` if a worker dies;
    runs that ended before that are kept.
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
        # Leaving out the runs without a value would make the strategy look better than it is.
        if len(values) == len(rows) and (found := estimate(values)) is not None:
            estimates[each.name] = found
    return Cell(subject, rows[0].num_clients, strategy, tuple(rows), estimates)


class Judgement(msgspec.Struct, frozen=True):
    """Two strategies compared by one measure."""

    measure: Measure
    less: Cell
    """The cell with the smaller median."""
    more: Cell
    verdict: Verdict | None


def judgements(cells: Sequence[Cell], measure: Measure) -> list[Judgement]:
    """All pairs of strategies on one swarm that both have the measure, those with the smallest medians first.

    A strategy with a run that is not proven gets no judgement, since that run had less to do.
    """
    measured = [cell for cell in cells if measure.name in cell.estimates and cell.is_proven]
    measured.sort(key=lambda cell: cell.estimates[measure.name].median)
    return [
        Judgement(measure, less, more, judge(less.estimates[measure.name], more.estimates[measure.name]))
        for index, less in enumerate(measured)
        for more in measured[index + 1 :]
    ]
