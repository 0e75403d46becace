"""The engines that are held to the promises. A new one is one line in `ENGINES`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import msgspec

from emulator import Options, Scenario, run
from emulator.checker.checker import check_trace
from emulator.trace.reader import Trace
from emulator.trace.records import Observer, Record
from tests.conformance.history import History

LONGEST_RUN_S = 40.0
"""A run that hangs is given up with the names of the steps it hangs in, before the test's own time limit."""


@dataclass
class Collector:
    """An observer that keeps everything, and notes what it was told when."""

    interval_s: float | None = None
    undo: bytes = b""
    records: list[Record] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def begin(self) -> None:
        self.told.append("begin")

    def observe(self, records: Sequence[Record]) -> None:
        self.records += records
        self.told.append("observe")

    def tick(self) -> None:
        self.told.append("tick")

    def end(self) -> None:
        self.told.append("end")


Run = Callable[[Scenario, Path, Options, Observer, Path], None]
"""Runs a scenario to its end, writes the outputs to a folder, tells an observer of every record, and writes a trace."""


@dataclass(frozen=True)
class Engine:
    name: str
    run: Run
    is_quick: bool
    """Whether it starts fast enough to run every swarm; others run those of `swarms.FOR_ALL` alone."""

    def play(self, scenario: Scenario, output: Path, options: Options) -> History:
        """One whole run."""
        collector = Collector()
        trace = output.with_name("trace.jsonl")
        self.run(scenario, output, msgspec.structs.replace(options, timeout_s=LONGEST_RUN_S), collector, trace)
        report = check_trace(Trace(trace), scenario.clients)
        return History(scenario, options, output, tuple(collector.records), tuple(collector.told), report)


def on_processes(start_method: Literal["fork", "spawn"]) -> Run:
    """The process engine, with workers started in this way."""

    def run_on_processes(scenario: Scenario, output: Path, options: Options, observer: Observer, trace: Path) -> None:
        options = msgspec.structs.replace(options, start_method=start_method)
        run(scenario, output, options, lambda _: observer, trace)

    return run_on_processes


def in_virtual_time(scenario: Scenario, output: Path, options: Options, observer: Observer, trace: Path) -> None:
    """The same code in virtual time."""
    run(scenario, output, msgspec.structs.replace(options, engine="virtual"), lambda _: observer, trace)


ENGINES = (
    Engine("fork", on_processes("fork"), is_quick=True),
    Engine("virtual", in_virtual_time, is_quick=True),
    Engine("spawn", on_processes("spawn"), is_quick=False),
)
