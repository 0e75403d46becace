"""Running real processes: whatever happens to a run, it says so in one line and leaves nothing."""

import errno
import gc
import itertools
import os
import resource
import select
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from multiprocessing import current_process, resource_tracker, util
from pathlib import Path
from types import FrameType
from typing import Any, Literal

import pytest

from emulator.engines.processes import engine as processes
from emulator.engines.processes.engine import choose_start_method, make_room_for, run_processes
from emulator.engines.processes.wiring import Wiring
from emulator.engines.signals import SignalWatch
from emulator.errors import Interrupted, RunError, RunTimedOut, WorkerFailed
from emulator.protocol.events import Died, PeerChosen
from emulator.protocol.round import Round
from emulator.running.run import run
from emulator.scenario.options import Options
from emulator.scenario.scenario import Scenario
from emulator.scenario.setup import Setup
from emulator.strategies import DEFAULT, STRATEGIES
from emulator.trace.records import Record
from emulator.trace.statistics import SwarmStatistics
from tests.engines.processes.plans import forked, reaped
from tests.engines.swarms import Recorder, failure_of, leaves_nothing, seed_and_leechers

METHODS: tuple[Literal["fork", "spawn"], ...] = ("spawn",) if sys.platform == "darwin" else ("fork", "spawn")
method = pytest.mark.parametrize("method", METHODS)
LEAKED_BY_FORK = 4
"""`multiprocessing` leaves two pipes open where the system has no process to give."""


@pytest.fixture(autouse=True, scope="module")
def resources_are_tracked() -> None:
    """The one process that `spawn` starts and that stays, as long as this one."""
    resource_tracker.ensure_running()


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


# Descriptors


def test_the_soft_limit_is_raised_as_far_as_the_run_needs_and_no_further() -> None:
    def check() -> None:
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
        make_room_for(50)
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (64, hard)
        make_room_for(150)
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (150, hard)

    with reaped([forked(check)]):
        pass


def test_a_hard_limit_that_is_too_low_is_told_before_anything_is_opened() -> None:
    def check() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (40, 100))
        with pytest.raises(RunError) as failure:
            make_room_for(118)
        assert str(failure.value) == (
            "this swarm needs 118 open files a process and the limit is 100: "
            "take fewer --clients, or raise the hard limit (ulimit -Hn)"
        )

    with reaped([forked(check)]):
        pass


@pytest.mark.parametrize("num_clients", [1, 5, 40])
def test_room_is_made_for_as_many_descriptors_as_a_run_opens(tmp_path: Path, num_clients: int) -> None:
    scenario, output = seed_and_leechers(tmp_path / "in", num_clients - 1 or 1, 1), tmp_path / "out"

    def check() -> None:
        # Some are this test's own; the run has 64 in reserve for such.
        num_needed = Wiring.num_descriptors(len(scenario.clients))
        resource.setrlimit(resource.RLIMIT_NOFILE, (num_needed, num_needed))
        assert run(scenario, output, Options(start_method="fork")).is_proven

    with reaped([forked(check)]):
        pass


def test_descriptors_that_others_have_taken_are_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(processes, "make_room_for", lambda _: None)
    scenario, output = seed_and_leechers(tmp_path / "in"), tmp_path / "out"
    output.mkdir()

    def check() -> None:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        texts: list[str] = []
        for limit in itertools.count():
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
            try:
                run_processes(Setup.of(scenario, Options(start_method="fork")), output, Recorder())
                break
            except RunError as error:
                texts.append(str(error))
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert set(texts) == {
            "the inboxes of 3 processes could not be made: Too many open files; "
            "take fewer --clients, or raise the limit of open files (ulimit -n)"
        }

    with reaped([forked(check)]):
        pass


# Who watches


class Rude(Recorder):
    """An observer that raises, or sends this process a signal, when it is told something."""

    interval_s: float | None = 0.0

    def __init__(self, at: str, error: BaseException | None = None, signum: int | None = None) -> None:
        super().__init__()
        self._at = at
        self._error = error
        self._signum = signum

    def _be_rude(self, at: str) -> None:
        if at != self._at:
            return
        if self._signum is not None:
            os.kill(os.getpid(), self._signum)
        if self._error is not None:
            raise self._error

    def begin(self) -> None:
        super().begin()
        self._be_rude("begin")

    def observe(self, records: Sequence[Record]) -> None:
        super().observe(records)
        self._be_rude("observe")

    def tick(self) -> None:
        self._be_rude("tick")

    def end(self) -> None:
        super().end()
        self._be_rude("end")


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


# Signals


@pytest.fixture
def handlers() -> Iterator[None]:
    """Whatever a test sets is undone, and a run leaves handlers as they were."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD, signal.SIGUSR1)
    before = {number: signal.getsignal(number) for number in numbers}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("handlers")
@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("at", ["begin", "observe", "tick"])
def test_a_signal_ends_the_run_whatever_it_interrupts(tmp_path: Path, signum: signal.Signals, at: str) -> None:
    scenario, output = seed_and_leechers(tmp_path / "in", 2, 20_000), tmp_path / "out"
    before = signal.getsignal(signum)
    with leaves_nothing(output), pytest.raises(Interrupted) as failure:
        run(scenario, output, watch=lambda _: Rude(at, signum=signum))
    assert str(failure.value) == f"ended by {signum.name} before every wanted file was there"
    assert failure.value.exit_status == 128 + signum
    assert signal.getsignal(signum) is before
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == set()
    assert signal.set_wakeup_fd(-1) == -1


@pytest.mark.usefixtures("handlers")
def test_a_second_signal_while_the_run_is_being_ended_changes_nothing(tmp_path: Path) -> None:
    class Impatient(Rude):
        def end(self) -> None:
            os.kill(os.getpid(), signal.SIGINT)
            super().end()

    scenario, output = seed_and_leechers(tmp_path / "in", 2, 20_000), tmp_path / "out"
    observer = Impatient("tick", signum=signal.SIGINT)
    with leaves_nothing(output), pytest.raises(Interrupted, match="ended by SIGINT"):
        run(scenario, output, watch=lambda _: observer)
    assert observer.calls == ["begin", "end"]


@pytest.mark.usefixtures("handlers")
def test_a_signal_that_comes_too_late_to_end_the_run_is_passed_on(tmp_path: Path) -> None:
    scenario, output = seed_and_leechers(tmp_path / "in"), tmp_path / "out"
    with leaves_nothing(output), pytest.raises(KeyboardInterrupt):
        run(scenario, output, watch=lambda _: Rude("end", signum=signal.SIGINT))
    assert (output / "client2_file1").stat().st_size == 12 * 33


@pytest.mark.usefixtures("handlers")
def test_a_signal_while_processes_are_started_is_not_kept_waiting_for_all_of_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    num_forked = 0
    fork = os.fork

    def fork_and_interrupt() -> int:
        nonlocal num_forked
        num_forked += 1
        if num_forked == 3:
            os.kill(os.getpid(), signal.SIGINT)
        return fork()

    scenario, output = seed_and_leechers(tmp_path / "in", 8), tmp_path / "out"
    monkeypatch.setattr(os, "fork", fork_and_interrupt)
    with leaves_nothing(output), pytest.raises(Interrupted, match="ended by SIGINT"):
        run(scenario, output, Options(start_method="fork"))
    assert num_forked == 3


def test_spawned_workers_begin_with_the_ending_signals_blocked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Else Ctrl-C would have each of them print where it was; starting the resource tracker unblocks them."""
    masks = []
    spawn = util.spawnv_passfds

    def spawn_and_look(path: Any, arguments: Any, passed: Any) -> int:
        if any("spawn_main" in str(argument) for argument in arguments):
            masks.append(signal.pthread_sigmask(signal.SIG_BLOCK, ()))
        return spawn(path, arguments, passed)

    resource_tracker._resource_tracker._stop()  # type: ignore[attr-defined]
    monkeypatch.setattr(util, "spawnv_passfds", spawn_and_look)
    assert run(seed_and_leechers(tmp_path / "in"), tmp_path / "out", Options(start_method="spawn")).is_proven
    assert masks == [{signal.SIGINT, signal.SIGTERM, signal.SIGHUP}] * 3


@pytest.mark.usefixtures("handlers")
def test_a_signal_that_is_ignored_stays_ignored(tmp_path: Path) -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    result = run(
        seed_and_leechers(tmp_path / "in"), tmp_path / "out", watch=lambda _: Rude("begin", signum=signal.SIGHUP)
    )
    assert result.is_proven
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


@pytest.mark.usefixtures("handlers")
def test_the_ends_of_workers_are_seen_where_a_program_ignores_those_of_its_children(tmp_path: Path) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    scenario, output = seed_and_leechers(tmp_path / "in"), tmp_path / "out"
    with leaves_nothing(output):
        assert run(scenario, output).is_proven
    assert signal.getsignal(signal.SIGCHLD) is signal.SIG_IGN


@pytest.mark.usefixtures("handlers")
def test_another_signal_reaches_its_own_handler_and_nothing_else(tmp_path: Path) -> None:
    caught = []

    def handler(signum: int, _: FrameType | None) -> None:
        caught.append(signum)

    signal.signal(signal.SIGUSR1, handler)
    result = run(
        seed_and_leechers(tmp_path / "in"), tmp_path / "out", watch=lambda _: Rude("begin", signum=signal.SIGUSR1)
    )
    assert result.is_proven
    assert caught == [signal.SIGUSR1]


@pytest.mark.usefixtures("handlers")
def test_a_signal_wakes_the_loop_once() -> None:
    signal.signal(signal.SIGUSR1, lambda *_: None)
    watch = SignalWatch()
    with watch.installed():
        assert not select.select([watch], [], [], 0)[0]
        signal.raise_signal(signal.SIGUSR1)
        assert select.select([watch], [], [], 0)[0]
        watch.drain()
        assert not select.select([watch], [], [], 0)[0]
        watch.drain()
        watch.check()
