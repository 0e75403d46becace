"""The runs of a comparison, on all cores (`running/pool.py`)."""

from collections.abc import Callable, Sequence
from functools import partial

import msgspec

from emulator.comparison.grid import Job
from emulator.comparison.measure import Row, measure
from emulator.errors import EmulatorError
from emulator.running import pool


class Done(msgspec.Struct, frozen=True, tag=True):
    """A worker's answer: the row of its job."""

    row: Row


class Failed(msgspec.Struct, frozen=True, tag=True):
    """A worker's answer where a run came to no result: why, in one line."""

    text: str


Answer = Done | Failed
Measure = Callable[[Job, Callable[[], None]], Row]
Watcher = pool.Watcher[Job, Answer]
HINT = "; what is done is kept, and the same command goes on"


def run_all(jobs: Sequence[Job], num_workers: int, watcher: Watcher, measure: Measure = measure) -> None:
    """Run all jobs, each once, in the order given as workers become free.

    Raises `WorkerDied` where one was killed, and `Interrupted` where a signal came; no process is left in any case.
    """
    pool.run_all(jobs, num_workers, watcher, pool.Work(Job, Answer, partial(_answer, measure), HINT))


def _answer(measure: Measure, job: Job, tick: Callable[[], None]) -> Answer:
    try:
        return Done(measure(job, tick))
    except EmulatorError as error:
        return Failed(str(error).partition("\n")[0])
    except Exception as error:  # a strategy of the user's own may do anything
        return Failed(f"{type(error).__name__}: {error}".partition("\n")[0])
