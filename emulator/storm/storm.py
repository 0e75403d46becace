"""Many runs on all cores, until one shows something wrong; then the smallest one that shows it."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Literal, Protocol

import msgspec

from emulator.engines import pool
from emulator.errors import EmulatorError, InputError
from emulator.storm.cases import Case, Given, draw_case, draw_given
from emulator.storm.judge import judge
from emulator.storm.real import judge_processes
from emulator.storm.shrink import shrink
from emulator.storm.steps import every_step

BATCH = 200
"""Runs in virtual time that a worker makes before it tells how it went."""
MOST_TRIES_FOR_PROCESSES = 60
"""Real runs that are spent on making a failure smaller, which a smaller one may show only now and then."""


class Weather(msgspec.Struct, frozen=True, kw_only=True):
    """What a storm is made of; it can be pickled."""

    strategies: tuple[str, ...] = ("peers-first",)
    """Drawn from for random swarms."""
    has_faults: bool = True
    given: Given | None = None
    """One swarm for all runs; None for random ones."""
    scale_s: float = 0.0
    """About how long the given swarm takes without faults."""
    engine: Literal["processes", "virtual"] = "virtual"
    cases: tuple[Case, ...] = ()
    """The very cases to run, one after the other; none for drawn ones."""

    def case(self, number: int) -> Case:
        """The run of this number."""
        if self.cases:
            return self.cases[number]
        if self.given is not None:
            most = max(self.given.scenario.wanted_segments(), default=0)
            return draw_given(self.given, number, self.scale_s, most, has_faults=self.has_faults)
        return draw_case(number, self.strategies, has_faults=self.has_faults, engine=self.engine)

    def judge(self, case: Case) -> tuple[str, ...]:
        """What is wrong with the run; an exception of any kind is something, too."""
        try:
            return judge(case) if self.engine == "virtual" else judge_processes(case)
        except InputError:
            raise
        except Exception as error:  # of the code that is on trial
            return (f"{type(error).__name__}: {error}",)


class Batch(msgspec.Struct, frozen=True):
    """Runs to make, from `first` on."""

    first: int
    count: int


class Made(msgspec.Struct, frozen=True):
    """What a batch came to."""

    num_runs: int
    num_faults: int
    """Faults in their plans."""
    failed: int | None
    """The number of the first run that failed; the batch ends there."""


class Failure(msgspec.Struct, frozen=True):
    """The run that failed, as small as it could be made."""

    number: int
    """Of the run that failed first."""
    problems: tuple[str, ...]
    case: Case
    """The smaller one that shows it."""
    shown: tuple[str, ...]
    """What is wrong with that one."""


class Outcome(msgspec.Struct, frozen=True):
    """What a storm came to."""

    num_runs: int
    num_faults: int
    failure: Failure | None = None

    @property
    def exit_status(self) -> int:
        return 0 if self.failure is None else 1


class View(Protocol):
    """Who is told how far a storm is."""

    def begin(self, num_runs: int) -> None: ...

    def advance(self, num_runs: int) -> None: ...

    def shrinking(self, number: int) -> None: ...

    def end(self) -> None: ...


class _Stop(Exception):
    """A run has failed: the others need not be made."""


class _Keeper:
    """Adds up what comes back, and stops at the first failure."""

    def __init__(self, view: View) -> None:
        self.num_runs = 0
        self.num_faults = 0
        self.failed: int | None = None
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
            self.failed = answer.failed
            raise _Stop


def make_storm(weather: Weather, first: int, num_runs: int, num_workers: int, view: View) -> Outcome:
    """Make the runs `first` … until one fails, on so many cores. Raises what `pool.run_all` raises."""
    keeper = _Keeper(view)
    view.begin(num_runs)
    try:
        try:
            size = BATCH if weather.engine == "virtual" else 1
            jobs = list(_batches(first, num_runs, size))
            pool.run_all(jobs, num_workers, keeper, pool.Work(Batch, Made, partial(_make, weather)))
        except _Stop:
            pass
        failure = None if keeper.failed is None else _shrunk(weather, keeper.failed, view)
    finally:
        view.end()
    return Outcome(keeper.num_runs, keeper.num_faults, failure)


def weather_of_every_step(base: Sequence[Case]) -> Weather:
    """All deaths of all ranks at all messages of these swarms."""
    return Weather(cases=tuple(case for swarm in base for case in every_step(swarm)))


def _batches(first: int, num_runs: int, size: int) -> Iterator[Batch]:
    for start in range(0, num_runs, size):
        yield Batch(first + start, min(size, num_runs - start))


def _make(weather: Weather, batch: Batch, tick: Callable[[], None]) -> Made:
    num_faults = 0
    for done, number in enumerate(range(batch.first, batch.first + batch.count), 1):
        tick()
        case = weather.case(number)
        num_faults += len(case.faults)
        if weather.judge(case):
            return Made(done, num_faults, number)
    return Made(batch.count, num_faults, None)


def _shrunk(weather: Weather, number: int, view: View) -> Failure:
    view.shrinking(number)
    case = weather.case(number)
    problems = weather.judge(case)
    if not problems:  # real processes do not do the same twice
        return Failure(number, ("it failed once, and not when it was run again",), case, ())
    most = {"virtual": {}, "processes": {"most_tries": MOST_TRIES_FOR_PROCESSES}}[weather.engine]
    smaller, shown = shrink(case, weather.judge, **most)
    return Failure(number, problems, smaller, shown)


def measure_scale_s(given: Given) -> float:
    """How long the given swarm takes without faults, in virtual time. Raises `EmulatorError` where it does not end."""
    from emulator.runner import run

    options = msgspec.structs.replace(given.options, engine="virtual", faults=())
    result = run(given.scenario, None, options)
    if result.makespan_s is None:
        raise EmulatorError("the swarm does not come to its end even without faults")
    return result.elapsed_s
