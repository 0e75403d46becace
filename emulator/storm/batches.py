"""Batches of runs: what one worker of a storm does at a time."""

from collections.abc import Callable, Sequence
from typing import overload

import msgspec

from emulator.storm.weather import Weather


class Batch(msgspec.Struct, frozen=True):
    """Consecutive runs, the numbers from `first` on."""

    first: int
    count: int


class Made(msgspec.Struct, frozen=True):
    """The result of a batch."""

    num_runs: int
    num_faults: int
    """Number of faults in all plans together."""
    failed: int | None = None
    """The number of the first run that failed, which ends the batch."""
    problems: tuple[str, ...] = ()
    """What was wrong with that run."""


class Batches(Sequence[Batch]):
    """The batches of a storm, each with up to `size` runs. A batch is created when it is asked for."""

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


def make_batch(weather: Weather, batch: Batch, tick: Callable[[], None]) -> Made:
    num_faults = 0
    for done, number in enumerate(range(batch.first, batch.first + batch.count), 1):
        tick()
        case = weather.case(number)
        num_faults += len(case.faults)
        problems = weather.judge(case)
        if problems:
            return Made(done, num_faults, number, problems)
    return Made(batch.count, num_faults)
