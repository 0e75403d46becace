"""A run that draws on a terminal gives it back as it was, however it ends."""

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.scenario.scenario import Scenario
from tests.ends.leftovers import assert_no_process_left, assert_outputs_whole
from tests.ends.terminals import Terminal


@pytest.fixture
def terminal(endless: Scenario, tmp_path: Path) -> Iterator[Terminal]:
    terminal = Terminal(endless, tmp_path)
    yield terminal
    terminal.close()


def test_ctrl_c_ends_the_run_and_gives_the_terminal_back(terminal: Terminal) -> None:
    terminal.watch_until_it_draws()
    terminal.type(b"\x03")
    assert terminal.end() == 130
    assert b"emulator: ended by SIGINT before every wanted file was there\r\n" in terminal.seen


def test_ctrl_c_twice_gives_the_terminal_back(terminal: Terminal) -> None:
    terminal.watch_until_it_draws()
    terminal.type(b"\x03\x03")
    assert terminal.end() == 130


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_run_and_gives_the_terminal_back(terminal: Terminal, signum: signal.Signals) -> None:
    terminal.watch_until_it_draws()
    os.kill(terminal.parent, signum)
    assert terminal.end() == 128 + signum
    assert f"emulator: ended by {signum.name} before".encode() in terminal.seen


def test_the_trackers_death_gives_the_terminal_back_and_is_told_below_the_view(terminal: Terminal) -> None:
    terminal.watch_until_it_draws()
    os.kill(terminal.workers[0].pid, signal.SIGKILL)
    assert terminal.end() == 1
    assert re.search(rb"emulator: the tracker \(process \d+\) was killed by SIGKILL; .*\r\n", terminal.seen)


def test_a_clients_death_and_return_do_the_view_no_harm(short: Scenario, tmp_path: Path) -> None:
    terminal = Terminal(short, tmp_path, ("--restart",))
    try:
        terminal.watch_until_it_draws()
        os.kill(terminal.workers[2].pid, signal.SIGKILL)
        assert terminal.end(within_s=50) == 0
        assert b"12 of 12 wanted files are right" in terminal.seen
    finally:
        terminal.close()


def test_a_clients_death_is_told_below_the_view(short: Scenario, tmp_path: Path) -> None:
    terminal = Terminal(short, tmp_path)
    try:
        terminal.watch_until_it_draws()
        os.kill(terminal.workers[2].pid, signal.SIGKILL)
        assert terminal.end(within_s=50) == 1
        assert re.search(rb"client 2 \(process \d+\) was killed by SIGKILL; ", terminal.seen)
    finally:
        terminal.close()


@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGABRT])
def test_when_the_parent_is_killed_the_tracker_gives_the_terminal_back(
    terminal: Terminal, signum: signal.Signals
) -> None:
    terminal.watch_until_it_draws()
    os.kill(terminal.parent, signum)
    # The status is the shell's word for it; the tracker may still be at it when that is told.
    terminal.watch_until(lambda: b"status=" in terminal.seen, "the end")
    assert_no_process_left(terminal.shell.pid, besides=1)
    assert terminal.end() == 128 + signum


def test_ctrl_backslash_gives_the_terminal_back(terminal: Terminal) -> None:
    terminal.watch_until_it_draws()
    terminal.type(b"\x1c")
    terminal.watch_until(lambda: b"status=" in terminal.seen, "the end")
    assert_no_process_left(terminal.shell.pid, besides=1)
    assert terminal.end() == 128 + signal.SIGQUIT


def test_nobody_outlives_a_terminal_that_is_closed(terminal: Terminal) -> None:
    terminal.watch_until_it_draws()
    terminal.hang_up()
    assert_no_process_left(terminal.shell.pid, within_s=2.0)
    assert_outputs_whole(terminal.scenario, terminal.output)
    assert len(list(terminal.output.iterdir())) < len(terminal.scenario.expected_outputs())
