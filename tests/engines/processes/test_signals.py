"""Signals end a run at any moment, once, and only those that are meant to."""

import os
import select
import signal
from collections.abc import Iterator
from multiprocessing import resource_tracker, util
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from emulator.engines.signals import SignalWatch
from emulator.errors import Interrupted
from emulator.running.run import run
from emulator.scenario.options import Options
from tests.engines.processes.rude import Rude
from tests.engines.swarms import leaves_nothing, seed_and_leechers


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
