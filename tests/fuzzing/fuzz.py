"""Damaged inputs by the million, on all cores: each is accepted or refused in clear words, in little time and memory.

Every input comes from two numbers alone, the seed and its own. What went wrong is kept as a file, and told with the
command that does it again.
"""

import argparse
import contextlib
import faulthandler
import os
import random
import resource
import shutil
import signal
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from types import FrameType

import msgspec

from emulator.commands.flags import num_cores
from emulator.errors import InputError, Interrupted, WorkerDied
from emulator.running.pool import Work, run_all
from tests.fuzzing.feeds import FEEDS, Place, Unclear
from tests.fuzzing.mutate import mutate

BATCH = 50
MOST_CPU_S = 10.0
"""For one input. Most take less than a millisecond; a scenario file may ask for a swarm of 100,000 clients."""
MOST_WALL_S = 300.0
"""For a batch: what hangs without computing ends its process, with a traceback."""
ROOM_BYTES = 512 << 20
"""What a worker may take on top of what Python and the program take."""
MOST_TOLD = 20
STDERR = 2
IN_MEMORY = Path("/dev/shm")  # noqa: S108  only the folder in which one is made


class Batch(msgspec.Struct, frozen=True):
    """Inputs to make and to feed, from `first` on."""

    rng_seed: int
    first: int
    count: int
    work: str
    """A folder for what they are read from."""
    kept: str
    """The folder for inputs that something went wrong with."""

    def __str__(self) -> str:
        return f"inputs {self.first} to {self.first + self.count - 1} of --rng-seed {self.rng_seed}"


class Failure(msgspec.Struct, frozen=True):
    """An input that was neither accepted nor refused as it should have been."""

    number: int
    kind: str
    path: str
    """Where it is kept."""
    text: str


class Tally(msgspec.Struct):
    """What a batch came to."""

    counts: dict[str, int]
    """Inputs by kind and by what came of them."""
    failures: list[Failure]
    slowest_s: float = 0.0
    slowest: int = 0
    most_bytes: int = 0
    """The most memory that the process has ever had."""


class TooLong(BaseException):
    """One input has taken its time."""


class Case:
    """One input: its kind, its bytes, and whatever else is drawn when it is fed."""

    def __init__(self, rng_seed: int, number: int) -> None:
        self.rng = random.Random(f"{rng_seed}/{number}")
        kinds = list(FEEDS)
        [self.kind] = self.rng.choices(kinds, [FEEDS[kind].weight for kind in kinds])
        self.data = mutate(self.rng, FEEDS[self.kind].samples())

    def feed(self, folder: Path) -> str:
        """Feed it: `accepted` or `refused`. Raises `Unclear`, `TooLong`, or whatever the program raises."""
        with _limited_time():
            try:
                FEEDS[self.kind].feed(Place(folder, self.rng), self.data)
            except InputError as error:
                _check_clear(error, FEEDS[self.kind].most_characters)
                return "refused"
        return "accepted"


def _check_clear(error: InputError, most_characters: int) -> None:
    """Each problem is one line that somebody may read."""
    if not error.problems or error.exit_status != 2:
        raise Unclear(f"{error.problems!r:.500}, exit status {error.exit_status}")
    for problem in error.problems:
        if not problem.strip() or "\n" in problem or len(problem) > most_characters or "Traceback" in problem:
            raise Unclear(f"no clear line, of {len(problem)} characters: {problem!r:.1000}")


@contextlib.contextmanager
def _limited_time() -> Iterator[None]:
    signal.setitimer(signal.ITIMER_PROF, MOST_CPU_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _stop(_signum: int, _frame: FrameType | None) -> None:
    raise TooLong(f"more than {MOST_CPU_S:g} s of CPU time")


@cache
def _limit_process() -> None:
    """Once in a worker: its memory, and a signal for who takes too long."""
    with open("/proc/self/statm", encoding="ascii") as file:
        have_bytes = int(file.read().split()[0]) * resource.getpagesize()
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (have_bytes + ROOM_BYTES, hard))
    signal.signal(signal.SIGPROF, _stop)


def feed_batch(batch: Batch, end_with_parent: Callable[[], None]) -> Tally:
    """What a worker does."""
    _limit_process()
    faulthandler.dump_traceback_later(MOST_WALL_S, exit=True, file=STDERR)
    tally = Tally({}, [])
    for number in range(batch.first, batch.first + batch.count):
        end_with_parent()
        _feed_one(batch, number, tally)
    faulthandler.cancel_dump_traceback_later()
    tally.most_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return tally


def _feed_one(batch: Batch, number: int, tally: Tally) -> None:
    case = Case(batch.rng_seed, number)
    folder = Path(batch.work, str(os.getpid()))
    folder.mkdir()
    began_s = time.process_time()
    try:
        outcome = case.feed(folder)
    except BaseException:
        outcome = "failed"
        tally.failures.append(_keep(batch, number, case, traceback.format_exc()))
    took_s = time.process_time() - began_s
    shutil.rmtree(folder)
    key = f"{case.kind}, {outcome}"
    tally.counts[key] = tally.counts.get(key, 0) + 1
    if took_s > tally.slowest_s:
        tally.slowest_s, tally.slowest = took_s, number


def _keep(batch: Batch, number: int, case: Case, text: str) -> Failure:
    kept = Path(batch.kept)
    kept.mkdir(parents=True, exist_ok=True)
    path = kept / f"{case.kind.replace(' ', '-')}-{batch.rng_seed}-{number}"
    path.write_bytes(case.data)
    lines = text.encode("utf-8", "backslashreplace").decode().splitlines()
    return Failure(number, case.kind, str(path), "\n".join(lines[-12:])[-4_000:])


class Total:
    """Adds up what comes back; a watcher of the pool."""

    def __init__(self, on_progress: Callable[["Total"], None] = lambda _: None) -> None:
        self.counts: Counter[str] = Counter()
        self.failures: list[Failure] = []
        self.slowest_s, self.slowest = 0.0, 0
        self.most_bytes = 0
        self._on_progress = on_progress

    def begin(self) -> None:
        pass

    def take(self, _batch: Batch, tally: Tally) -> None:
        self.counts.update(tally.counts)
        self.failures += tally.failures
        self.slowest_s, self.slowest = max((self.slowest_s, self.slowest), (tally.slowest_s, tally.slowest))
        self.most_bytes = max(self.most_bytes, tally.most_bytes)

    def tick(self) -> None:
        self._on_progress(self)


def fuzz(rng_seed: int, first: int, runs: int, jobs: int, kept: Path, total: Total) -> Total:
    """Feed so many inputs, in so many processes."""
    for feed in FEEDS.values():
        feed.samples()  # made before the workers are forked
    with tempfile.TemporaryDirectory(prefix="emulator-fuzz-", dir=IN_MEMORY if IN_MEMORY.is_dir() else None) as work:
        end = first + runs
        batches = [
            Batch(rng_seed, start, min(BATCH, end - start), work, str(kept)) for start in range(first, end, BATCH)
        ]
        run_all(batches, jobs, total, Work(Batch, Tally, feed_batch))
    return total


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Feed damaged inputs to all that reads any.")
    parser.add_argument("--runs", type=int, default=20_000, metavar="N", help="inputs (default: 20,000)")
    parser.add_argument("--first", type=int, default=0, metavar="N", help="the number of the first one (default: 0)")
    parser.add_argument(
        "--rng-seed", type=int, default=0, metavar="S", help="another number, other inputs (default: 0)"
    )
    parser.add_argument("--jobs", type=int, default=num_cores(), metavar="N", help="processes (default: one a core)")
    parser.add_argument("--only", type=int, metavar="N", help="just this input, here, with its whole traceback")
    parser.add_argument("--kept", type=Path, default=Path("fuzz-failures"), metavar="DIR", help="for what went wrong")
    options = parser.parse_args(arguments)
    if options.only is not None:
        return _feed_only(options.rng_seed, options.only)
    began_s = last_s = time.monotonic()

    def tell(total: Total) -> None:
        nonlocal last_s
        if time.monotonic() - last_s >= 10:
            last_s = time.monotonic()
            num = total.counts.total()
            print(f"{num:,} inputs, {len(total.failures)} failed, {num / (last_s - began_s):,.0f}/s", flush=True)

    total = Total(tell)
    try:
        fuzz(options.rng_seed, options.first, options.runs, options.jobs, options.kept, total)
    except WorkerDied as error:
        print(f"{error}: something there ends, or holds up, the process itself; halve --runs from --first on")
        return 1
    except Interrupted as error:
        _report(total, options.rng_seed, time.monotonic() - began_s)
        return error.exit_status
    _report(total, options.rng_seed, time.monotonic() - began_s)
    return 1 if total.failures else 0


def _report(total: Total, rng_seed: int, took_s: float) -> None:
    again = f"python benchmarks/fuzz.py --rng-seed {rng_seed} --only"
    for failure in total.failures[:MOST_TOLD]:
        print(f"{failure.kind} {failure.number} failed; it is kept as {failure.path}\n  {again} {failure.number}")
        print("    " + failure.text.replace("\n", "\n    "))
    if len(total.failures) > MOST_TOLD:
        print(f"and {len(total.failures) - MOST_TOLD} more")
    for kind, count in sorted(total.counts.items()):
        print(f"{count:9,} {kind}")
    num = total.counts.total()
    print(f"{num:,} inputs, {len(total.failures)} failed, in {took_s:.0f} s")
    print(f"the slowest took {total.slowest_s:.2f} s of CPU time: {again} {total.slowest}")
    print(f"no process had more than {total.most_bytes >> 20} MB")


def _feed_only(rng_seed: int, number: int) -> int:
    case = Case(rng_seed, number)
    _limit_process()
    with tempfile.TemporaryDirectory() as folder:
        outcome = case.feed(Path(folder))
    print(f"{case.kind} {number}, of {len(case.data):,} bytes: {outcome}")
    return 0
