"""Many runs on all cores, until one shows something wrong; then the smallest one that shows it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from signal import Signals
from typing import Literal, Protocol, overload

import msgspec

from emulator.engines.signals import SignalWatch
from emulator.errors import EmulatorError, InputError, Interrupted
from emulator.running import pool
from emulator.storm.cases import Case, Given, draw_case, draw_given
from emulator.storm.judge import judge
from emulator.storm.real import judge_processes
from emulator.storm.shrink import MAX_TRIES, Judge, shrink
from emulator.storm.steps import every_step

BATCH = 200
"""Runs in virtual time that a worker makes before it tells how it went."""
MAX_TRIES_FOR_PROCESSES = 60
"""Real runs that are spent on making a failure smaller, which a smaller one may show only now and then."""


class Weather(msgspec.Struct, frozen=True, kw_only=True):
    """What a storm is made of; it can be pickled."""

    strategies: tuple[str, ...] = ()
    """Drawn from for each run; none for the given swarm's own."""
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
            most = max(self.given.setup.scenario.wanted_segments(), default=0)
            given = self.given if not self.strategies else self.given.by(self.strategies, number)
            return draw_given(given, number, self.scale_s, most, has_faults=self.has_faults)
        return draw_case(number, self.strategies, has_faults=self.has_faults, engine=self.engine)

    def judge(self, case: Case) -> tuple[str, ...]:
        """What is wrong with the run; an exception of any kind is something, too."""
        try:
            return judge(case) if self.engine == "virtual" else judge_processes(case)
        except (InputError, Interrupted):
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
    failed: int | None = None
    """The number of the first run that failed; the batch ends there."""
    problems: tuple[str, ...] = ()
    """What was wrong with it."""


class Failure(msgspec.Struct, frozen=True):
    """The run that failed, as small as it could be made."""

    number: int
    """Of the run that failed first."""
    problems: tuple[str, ...]
    case: Case
    """The smaller one that shows it."""
    shown: tuple[str, ...]
    """What is wrong with that one; nothing where it did not fail again: real processes do not do the same twice."""


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
    """Make the runs `first` … until one fails, on so many cores. Raises what `pool.run_all` raises."""
    keeper = _Keeper(view)
    view.begin(num_runs)
    try:
        try:
            jobs = _Batches(first, num_runs, BATCH if weather.engine == "virtual" else 1)
            pool.run_all(jobs, num_workers, keeper, pool.Work(Batch, Made, partial(_make, weather)))
        except _Stop:
            pass
        except Interrupted as error:
            after = f"after {keeper.num_runs:,} runs, in which all was well"
            raise Interrupted(f"{error} {after}", error.exit_status - 128) from None
        failure = None if keeper.failed is None else _shrunk(weather, keeper.failed, view)
    finally:
        view.end()
    return Outcome(keeper.num_runs, keeper.num_faults, failure)


def weather_of_every_step(base: Sequence[Case]) -> Weather:
    """All deaths of all ranks at all messages of these swarms."""
    return Weather(cases=tuple(case for swarm in base for case in every_step(swarm)))


class _Batches(Sequence[Batch]):
    """All runs, by so many at once; each batch is made when its turn comes."""

    def __init__(self, first: int, num_runs: int, size: int) -> None:
        self._starts = range(first, first + num_runs, size)

    def __len__(self) -> int:
        return len(self._starts)

    @overload
    def __getitem__(self, place: int) -> Batch: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[Batch]: ...

    def __getitem__(self, place: int | slice) -> Batch | Sequence[Batch]:
        if isinstance(place, slice):
            return [self[index] for index in range(*place.indices(len(self)))]
        start = self._starts[place]
        return Batch(start, min(self._starts.step, self._starts.stop - start))


def _make(weather: Weather, batch: Batch, tick: Callable[[], None]) -> Made:
    num_faults = 0
    for done, number in enumerate(range(batch.first, batch.first + batch.count), 1):
        tick()
        case = weather.case(number)
        num_faults += len(case.faults)
        problems = weather.judge(case)
        if problems:
            return Made(done, num_faults, number, problems)
    return Made(batch.count, num_faults)


def _shrunk(weather: Weather, made: Made, view: View) -> Failure:
    """What failed, made smaller. Raises `Interrupted` where a signal ends that."""
    number = made.failed or 0
    view.shrinking(number)
    most = {"virtual": MAX_TRIES, "processes": MAX_TRIES_FOR_PROCESSES}[weather.engine]
    with _judging(weather, number, view) as judge:
        smaller, shown = shrink(weather.case(number), judge, most)
    return Failure(number, made.problems, smaller, shown)


@contextmanager
def _judging(weather: Weather, number: int, view: View) -> Iterator[Judge]:
    """Judges one run after the other, and looks for signals between them: a run in virtual time does not."""
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


def measure_scale_s(given: Given) -> float:
    """How long the given swarm takes without faults, in virtual time. Raises `EmulatorError` where it does not end."""
    from emulator.running.run import run

    options = msgspec.structs.replace(given.setup.options, engine="virtual", faults=())
    result = run(given.setup.scenario, None, options)
    if result.makespan_s is None:
        raise EmulatorError("the swarm does not come to its end even without faults")
    return result.elapsed_s
