"""Small swarms whose roles are known: client 1 owns everything, all others want it."""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from emulator.errors import RunError
from emulator.protocol.files import ClientInput, FileMetadata
from emulator.running.run import run
from emulator.scenario.options import Options
from emulator.scenario.scenario import Scenario, write_inputs
from emulator.trace.records import Record
from tests.engines.processes.plans import children, descriptors

SEED = 1
LEECHER = 2


def seed_and_leechers(folder: Path, num_leechers: int = 1, num_segments: int = 12) -> Scenario:
    file = FileMetadata("file1", "".join(f"{index:032x}" for index in range(num_segments)))
    leechers = [ClientInput((), ("file1",)) for _ in range(num_leechers)]
    return write_inputs(folder, [ClientInput((file,), ()), *leechers])


@contextlib.contextmanager
def leaves_nothing(output: Path, num_lost: int = 0) -> Iterator[None]:
    """No process, no descriptor (but `num_lost` at the most) and no file that is not an output is left."""
    before, children_before = descriptors(), children()
    yield
    assert children() == children_before
    assert len(descriptors() - before) <= num_lost
    assert not [path for path in output.iterdir() if not path.name.startswith("client")]


def failure_of(scenario: Scenario, options: Options | None = None) -> RunError:
    """Run a swarm that fails; the error that says so."""
    output = scenario.inputs.parent / "out"
    with leaves_nothing(output), pytest.raises(RunError) as failure:
        run(scenario, output, options)
    return failure.value


class Recorder:
    """An observer that keeps everything."""

    interval_s: float | None = None
    undo = b""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.calls: list[str] = []

    def begin(self) -> None:
        self.calls.append("begin")

    def observe(self, records: Sequence[Record]) -> None:
        self.records += records

    def tick(self) -> None:
        pass

    def end(self) -> None:
        self.calls.append("end")
