"""What is compared: strategies × swarms × rng seeds, one run each."""

import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import msgspec

from emulator import __version__
from emulator.comparison.subjects import Subject, setup_of
from emulator.errors import InputError
from emulator.scenario.generate import MAX_CLIENTS, MAX_SEGMENTS
from emulator.scenario.plan_network import NetworkFlags
from emulator.strategies import find_strategy

MAX_RUNS = 1_000_000
PACKAGE = Path(__file__).parent.parent
ONLY_SHOW = ("commands", "replay", "storm", "view")
"""Rooms of the package on which no result depends."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One run."""

    subject: Subject
    strategy: str
    rng_seed: int

    def __str__(self) -> str:
        size = self.subject.num_clients
        clients = "" if size is None else f"{size:,} clients, "
        return f"{self.strategy}, {self.subject.name}, {clients}rng seed {self.rng_seed}"


class Grid(msgspec.Struct, frozen=True, kw_only=True):
    """What the user asked to compare. Raises `InputError` for what cannot be."""

    strategies: tuple[str, ...]
    clients: tuple[int, ...] = ()
    """Sizes of swarms, seeds included; empty for the scenarios' own."""
    scenarios: tuple[str, ...] = ()
    """Scenario files and folders of inputs; where there are none, swarms of one file are made."""
    num_segments: int = 50
    num_seeds: int = 1
    repeat: int = 6
    """Runs of each strategy on each swarm, with rng seeds that follow one another."""
    rng_seed: int = 0
    quota: int | None = None
    numwant: int | None = None
    lines: NetworkFlags = NetworkFlags()

    def __post_init__(self) -> None:
        if problems := self._problems():
            raise InputError(problems)
        for strategy in self.strategies:
            find_strategy(strategy)  # raises for one that cannot be run

    def subjects(self) -> tuple[Subject, ...]:
        """The swarms, by scenario and then by size."""
        how = {"lines": self.lines, "quota": self.quota, "numwant": self.numwant}
        if self.scenarios:
            sizes = self.clients or (None,)
            swarms = ({"scenario": scenario, "num_clients": size} for scenario in self.scenarios for size in sizes)
        else:
            shape = {"num_seeds": self.num_seeds, "num_segments": self.num_segments}
            swarms = ({"num_clients": size, **shape} for size in self.clients)
        return tuple(msgspec.convert({**swarm, **how}, Subject) for swarm in swarms)

    def jobs(self) -> tuple[Job, ...]:
        """All runs, those of the largest swarms first: what is done last, on one core alone, should be short."""
        return tuple(
            Job(subject=subject, strategy=strategy, rng_seed=rng_seed)
            for subject in sorted(self.subjects(), key=lambda subject: -(subject.num_clients or 0))
            for rng_seed in range(self.rng_seed, self.rng_seed + self.repeat)
            for strategy in self.strategies
        )

    def _problems(self) -> list[str]:
        num_swarms = max(1, len(self.scenarios)) * max(1, len(self.clients))
        num_runs = len(self.strategies) * num_swarms * self.repeat
        listed = {"--strategies": self.strategies, "--clients": self.clients, "--scenarios": self.scenarios}
        problems = [f"{flag}: {name!r} is there twice" for flag, all in listed.items() for name in _repeated(all)]
        if not self.strategies:
            problems.append("--strategies: none to compare; name at least one")
        if not 1 <= self.repeat <= MAX_RUNS or num_runs > MAX_RUNS:
            problems.append(f"--repeat {self.repeat}: makes {num_runs:,} runs; take 1 to {MAX_RUNS:,} in all")
        if not self.scenarios:
            problems += self._shape_problems()
        return problems

    def _shape_problems(self) -> list[str]:
        """Of swarms that are made."""
        if not self.clients:
            return ["--clients: no swarm to run; give at least one size"]
        fewest, most = min(self.clients), max(self.clients)
        checks = (
            (not 1 <= self.num_seeds < fewest, f"--seeds {self.num_seeds}: take 1 to {fewest - 1}, fewer than clients"),
            (most > MAX_CLIENTS, f"--clients: {most:,} is too many; take at most {MAX_CLIENTS:,}"),
            (
                not 1 <= self.num_segments <= MAX_SEGMENTS // max(1, self.num_seeds),
                f"--segments {self.num_segments}: take 1 to {MAX_SEGMENTS:,}, of all seeds together",
            ),
        )
        return [text for is_wrong, text in checks if is_wrong]


def _repeated(names: Sequence[object]) -> list[object]:
    return [name for index, name in enumerate(names) if name in names[:index]]


def key_of(job: Job) -> str:
    """The same for two runs exactly where their results have to be the same.

    It covers the swarm itself rather than the name of its file, a strategy of the user's own, and this program: results
    of another state of it are not taken for its own.
    """
    file, colon, _ = job.strategy.rpartition(":")
    strategy = _digest_of_files(Path(file)) if colon else ""
    what = (_digest_of_swarm(job.subject), _digest_of_program(), strategy, job)
    return hashlib.sha256(msgspec.json.encode(what)).hexdigest()[:32]


@cache
def _digest_of_swarm(subject: Subject) -> str:
    setup = setup_of(subject)
    return hashlib.sha256(msgspec.msgpack.encode((setup.scenario.clients, setup.options))).hexdigest()


@cache
def _digest_of_program() -> str:
    files = (file for file in PACKAGE.rglob("*.py") if file.relative_to(PACKAGE).parts[0] not in ONLY_SHOW)
    return __version__ + _digest_of_files(*sorted(files))


@cache
def _digest_of_files(*files: Path) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()
