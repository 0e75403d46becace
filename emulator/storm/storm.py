"""A storm: many runs on all cores until one fails, then the smallest run that fails in its place."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from signal import Signals
from typing import Protocol

import msgspec

from emulator.engines.signals import SignalWatch
from emulator.errors import Interrupted
from emulator.running import pool
from emulator.storm.batches import Batch, Batches, Made, make_batch
from emulator.storm.cases import Case
from emulator.storm.shrink import MAX_TRIES, Judge, shrink
from emulator.storm.weather import Weather
from emulator.writing import clear_temporary_folders

BATCH = 200
"""How many runs in virtual time a worker makes before it reports."""
MAX_TRIES_FOR_PROCESSES = 60
"""How many real runs are spent on making a failure smaller. A smaller run may fail only now and then."""


class Failure(msgspec.Struct, frozen=True):
    """The run that failed, and the smallest run found that fails too."""

    number: int
    """The number of the run that failed first."""
    problems: tuple[str, ...]
    case: Case
    """The smaller run."""
    shown: tuple[str, ...]
    """What is wrong with the smaller run; empty if it did not fail again, as real processes may not."""


class Outcome(msgspec.Struct, frozen=True):
    """The result of a storm."""

    num_runs: int
    num_faults: int
    failure: Failure | None = None

    @property
    def exit_status(self) -> int:
        return 0 if self.failure is None else 1


class View(Protocol):
    """Follows the progress of a storm."""

    def begin(self, num_runs: int) -> None: ...

    def advance(self, num_runs: int) -> None: ...

    def shrinking(self, number: int) -> None: ...

    def end(self) -> None: ...


class _Stop(Exception):
    """A run has failed, so the remaining runs are skipped."""


class _Keeper:
    """Sums up the batches, and stops at the first failure."""

    def __init__(self, view: View) -> None:
        self.num_runs = 0
        self.num_faults = 0
        self.failed: Made | None = None
        self._view = view

    def begin(self) -> None:
        pass

    def tick(self) -> None:
        self._view.advance(0)

    def take(self, job: Batch, answer: Made) -> None:  # noqa: ARG002
        self.num_runs += answer.num_runs
        self.num_faults += answer.num_faults
        self._view.advance(answer.num_runs)
        if answer.failed is not None:
            self.failed = answer
            raise _Stop


def make_storm(weather: Weather, first: int, num_runs: int, num_workers: int, view: View) -> Outcome:
    """Make the runs from number `first` on until one fails, on `num_workers` cores.

    Raises what `pool.run_all` raises.
    """
    keeper = _Keeper(view)
    view.begin(num_runs)
    try:
        try:
            jobs = Batches(first, num_runs, BATCH if weather.engine == "virtual" else 1)
            pool.run_all(jobs, num_workers, keeper, pool.Work(Batch, Made, partial(make_batch, weather)))
        except _Stop:
            pass
        except Interrupted as error:
            after = f"after {keeper.num_runs:,} runs, in which all was well"
            raise Interrupted(f"{error} {after}", error.exit_status - 128) from None
        failure = None if keeper.failed is None else _shrunk(weather, keeper.failed, view)
    finally:
        view.end()
        if weather.engine == "processes":
            clear_temporary_folders()  # of the workers, which may have been killed
    return Outcome(keeper.num_runs, keeper.num_faults, failure)


def _shrunk(weather: Weather, made: Made, view: View) -> Failure:
    """Make the failed run smaller. Raises `Interrupted` if a signal arrives meanwhile."""
    number = made.failed or 0
    view.shrinking(number)
    most = {"virtual": MAX_TRIES, "processes": MAX_TRIES_FOR_PROCESSES}[weather.engine]
    with _judging(weather, number, view) as judge:
        smaller, shown = shrink(weather.case(number), judge, most)
    return Failure(number, made.problems, smaller, shown)


@contextmanager
def _judging(weather: Weather, number: int, view: View) -> Iterator[Judge]:
    """A judge that looks for signals after each run; a run in virtual time does not look for them itself."""
    signals = SignalWatch()

    def judge(case: Case) -> tuple[str, ...]:
        found = weather.judge(case)
        view.advance(0)
        if signals.caught is not None:
            name = Signals(signals.caught).name
            raise Interrupted(f"ended by {name} while run {number}, which fails, was made smaller", signals.caught)
        return found

    with signals.installed():
        yield judge
