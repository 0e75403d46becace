"""Running real processes: whatever happens to a run, it says so in one line and leaves nothing."""

import errno
import gc
import os
import sys
import threading
from collections.abc import Sequence
from multiprocessing import current_process, util
from pathlib import Path
from typing import Any, Literal

import pytest

from emulator.engines.processes.engine import choose_start_method
from emulator.errors import RunError, RunTimedOut, WorkerFailed
from emulator.protocol.events import Died, PeerChosen
from emulator.protocol.round import Round
from emulator.running.run import run
from emulator.scenario.options import Options
from emulator.strategies import DEFAULT, STRATEGIES
from emulator.trace.records import Record
from tests.engines.processes.methods import LEAKED_BY_FORK, method
from tests.engines.swarms import Recorder, failure_of, leaves_nothing, seed_and_leechers

# Runs that go well


@method
def test_a_run_leaves_nothing_but_its_outputs(tmp_path: Path, method: Literal["fork", "spawn"]) -> None:
    scenario, output = seed_and_leechers(tmp_path / "in", 2), tmp_path / "out"
    with leaves_nothing(output):
        result = run(scenario, output, Options(start_method=method))
    assert result.is_proven
    assert result.start_method == method
    assert sorted(path.name for path in output.iterdir()) == ["client2_file1", "client3_file1"]


def test_runs_follow_one_another_in_one_process(tmp_path: Path) -> None:
    scenario, output = seed_and_leechers(tmp_path / "in"), tmp_path / "out"
    with leaves_nothing(output):
        assert all(run(scenario, output).is_proven for _ in range(3))


def test_beside_other_threads_workers_are_spawned(tmp_path: Path) -> None:
    scenario, output = seed_and_leechers(tmp_path / "in"), tmp_path / "out"
    results = []
    thread = threading.Thread(target=lambda: results.append(run(scenario, output)))
    with leaves_nothing(output):
        thread.start()
        thread.join()
    assert results[0].is_proven
    assert results[0].start_method == "spawn"


def test_the_start_method_that_is_asked_for_is_taken() -> None:
    assert choose_start_method(Options(start_method="spawn")) == "spawn"
    assert choose_start_method(Options(start_method="fork")) == "fork"
    assert choose_start_method(Options()) == ("spawn" if sys.platform == "darwin" else "fork")


def test_no_object_stays_frozen_after_a_run(tmp_path: Path) -> None:
    run(seed_and_leechers(tmp_path / "in"), tmp_path / "out")
    assert gc.get_freeze_count() == 0


# Runs that do not


@method
def test_a_run_that_fails_leaves_nothing(tmp_path: Path, method: Literal["fork", "spawn"]) -> None:
    scenario = seed_and_leechers(tmp_path / "in", 2)
    (scenario.inputs / "in3.txt").unlink()
    error = failure_of(scenario, Options(start_method=method))
    assert isinstance(error, WorkerFailed)
    assert str(error).startswith("client 3 failed in its main thread at P1: ")


@pytest.mark.parametrize("number", range(1, 4))
def test_whichever_process_cannot_be_forked_those_that_were_are_reaped(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, number: int
) -> None:
    calls = iter(range(1, 100))
    fork = os.fork

    def fork_some() -> int:
        if next(calls) == number:
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        return fork()

    scenario, output = seed_and_leechers(tmp_path / "in"), tmp_path / "out"
    monkeypatch.setattr(os, "fork", fork_some)
    with leaves_nothing(output, LEAKED_BY_FORK), pytest.raises(RunError) as failure:
        run(scenario, output, Options(start_method="fork"))
    text = f"only {number - 1} of 3 processes could be started: Resource temporarily unavailable"
    assert str(failure.value) == text


@pytest.mark.parametrize("number", [1, 3])
def test_whichever_process_cannot_be_spawned_those_that_were_are_reaped(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, number: int
) -> None:
    calls = iter(range(1, 100))
    spawn = util.spawnv_passfds

    def spawn_some(*arguments: Any) -> int:
        if next(calls) == number:
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        return spawn(*arguments)

    monkeypatch.setattr(util, "spawnv_passfds", spawn_some)
    error = failure_of(seed_and_leechers(tmp_path / "in"), Options(start_method="spawn"))
    assert str(error) == f"only {number - 1} of 3 processes could be started: Resource temporarily unavailable"


def test_a_time_limit_ends_a_run_and_tells_who_is_still_running(tmp_path: Path) -> None:
    error = failure_of(seed_and_leechers(tmp_path / "in", 4, 50_000), Options(timeout_s=0.3))
    assert isinstance(error, RunTimedOut)
    assert str(error).startswith("the time limit was reached; still running: the tracker (main thread at T")
    assert str(error).endswith(" and 3 more")
    assert error.exit_status == 1


class Flood:
    """A strategy that records without end; client 3's process ends when everybody else floods."""

    has_victim = False

    def run_round(self, round: Round) -> None:
        if self.has_victim and current_process().name == "rank-3":
            os._exit(9)
        while True:
            round.record(PeerChosen(round.file, 1, (1, 2, 3), 0))


def test_a_flood_of_events_does_not_hide_the_time_limit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(STRATEGIES, DEFAULT, Flood)
    error = failure_of(seed_and_leechers(tmp_path / "in", 3), Options(timeout_s=0.3, start_method="fork"))
    assert isinstance(error, RunTimedOut)


def test_a_flood_of_events_does_not_hide_a_death(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(STRATEGIES, DEFAULT, Flood)
    monkeypatch.setattr(Flood, "has_victim", True)
    died: list[int] = []

    class Watcher(Recorder):
        def observe(self, records: Sequence[Record]) -> None:
            died.extend(record.rank for record in records if isinstance(record.event, Died))

    scenario, output = seed_and_leechers(tmp_path / "in", 3), tmp_path / "out"
    with leaves_nothing(output), pytest.raises(RunTimedOut):  # the others flood on without end
        run(scenario, output, Options(start_method="fork", timeout_s=3.0), watch=lambda _: Watcher())
    assert died == [3]
