"""What an observer of real processes sees, and what it cannot break."""

import errno
import signal
from pathlib import Path

import pytest

from emulator.engines.processes.engine import run_processes
from emulator.errors import Interrupted, RunTimedOut, WorkerFailed
from emulator.running.run import run
from emulator.scenario.options import Options
from emulator.scenario.scenario import Scenario
from emulator.scenario.setup import Setup
from emulator.trace.statistics import SwarmStatistics
from tests.engines.processes.rude import Rude
from tests.engines.swarms import Recorder, leaves_nothing, seed_and_leechers


def watched_by(observer: Recorder, scenario: Scenario, output: Path) -> None:
    """Run on the engine alone: `run` shields it from what observers raise."""
    output.mkdir()
    run_processes(Setup.of(scenario, Options()), output, observer)


def test_who_watches_sees_what_a_process_did_last_while_it_waits(tmp_path: Path) -> None:
    """The tracker opens the second barrier and names a peer, and then has nothing to do while segments take seconds."""
    seen: list[tuple[int, int]] = []

    class Watcher(Recorder):
        interval_s: float | None = 0.05

        def __init__(self, statistics: SwarmStatistics) -> None:
            super().__init__()
            self._statistics = statistics

        def tick(self) -> None:
            seen.append((self._statistics.barrier, self._statistics.num_lists))

    with pytest.raises(RunTimedOut):  # a segment takes twice as long as the run is given
        run(seed_and_leechers(tmp_path / "in"), tmp_path / "out", Options(pace=0.5, timeout_s=1.0), watch=Watcher)
    assert seen[-1] == (2, 1)


@pytest.mark.parametrize("at", ["begin", "observe", "tick", "end"])
def test_an_observer_that_raises_ends_the_run_and_is_told_so_once(tmp_path: Path, at: str) -> None:
    scenario, output = seed_and_leechers(tmp_path / "in"), tmp_path / "out"
    observer = Rude(at, error=LookupError("rude"))
    with leaves_nothing(output), pytest.raises(LookupError, match="rude"):
        watched_by(observer, scenario, output)
    assert observer.calls == ["begin", "end"]


def test_a_terminal_that_is_gone_does_not_hide_why_the_run_ended(tmp_path: Path) -> None:
    scenario, output = seed_and_leechers(tmp_path / "in"), tmp_path / "out"
    (scenario.inputs / "in2.txt").unlink()
    with leaves_nothing(output), pytest.raises(WorkerFailed, match="client 2 failed in its main thread at P1"):
        watched_by(Rude("end", error=OSError(errno.EIO, "gone")), scenario, output)


def test_a_terminal_that_is_gone_when_all_went_well_is_told(tmp_path: Path) -> None:
    scenario, output = seed_and_leechers(tmp_path / "in"), tmp_path / "out"
    with leaves_nothing(output), pytest.raises(OSError, match="gone"):
        watched_by(Rude("end", error=OSError(errno.EIO, "gone")), scenario, output)


def test_a_hang_up_that_also_breaks_the_drawing_is_a_hang_up(tmp_path: Path) -> None:
    scenario, output = seed_and_leechers(tmp_path / "in", 2, 5_000), tmp_path / "out"
    observer = Rude("tick", error=OSError(errno.EIO, "gone"), signum=signal.SIGHUP)
    with leaves_nothing(output), pytest.raises(Interrupted, match="ended by SIGHUP"):
        watched_by(observer, scenario, output)
