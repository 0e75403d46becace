"""A run that draws on a terminal gives it back as it was, however it ends."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from emulator.scenario.scenario import Scenario
from tests.ends.leftovers import (
    Process,
    assert_no_process_left,
    assert_outputs_whole,
    kill_session,
    processes_of,
    wait_until,
)
from tests.ends.runs import START_UP_S, has_begun, no_core_dumps

HIDE_CURSOR, SHOW_CURSOR = b"\x1b[?25l", b"\x1b[?25h"
TAKE_SCREEN, GIVE_SCREEN = b"\x1b[?1049h", b"\x1b[?1049l"
SHELL = """
trap : INT QUIT TERM
"$@"
echo "status=$?"
read answer
"""
"""A shell is the terminal's owner, as in life: were it the run, its death would take the terminal along."""


class Terminal:
    """A run on a terminal of 24 lines, at which a person sits."""

    def __init__(self, scenario: Scenario, folder: Path) -> None:
        self.scenario = scenario
        self.output = folder / "out"
        self.seen = b""
        self._person, self.line = pty.openpty()
        fcntl.ioctl(self.line, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
        os.set_blocking(self._person, False)
        self.settings = termios.tcgetattr(self.line)
        arguments = ["--inputs", str(scenario.inputs), "--output", str(self.output)]
        self.shell = subprocess.Popen(
            ["sh", "-c", SHELL, "sh", sys.executable, "-m", "emulator", *arguments],
            stdin=self.line,
            stdout=self.line,
            stderr=self.line,
            start_new_session=True,
            preexec_fn=self._take_terminal,
            env=os.environ | {"TERM": "xterm"},
        )

    @staticmethod
    def _take_terminal() -> None:
        no_core_dumps()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def type(self, keys: bytes) -> None:
        os.write(self._person, keys)

    def look(self) -> None:
        while select.select([self._person], [], [], 0)[0]:
            try:
                self.seen += os.read(self._person, 65_536)
            except OSError:  # nobody is left on the line
                return

    def watch_until(self, is_so: Callable[[], bool], what: str, within_s: float = START_UP_S) -> None:
        def look() -> bool:
            self.look()
            return is_so()

        wait_until(look, within_s, f"{what}; seen: {self.seen[-300:]!r}")

    def watch_until_it_draws(self) -> None:
        self.watch_until(lambda: TAKE_SCREEN in self.seen and HIDE_CURSOR in self.seen, "the live view")
        self.watch_until(lambda: has_begun(self.workers, 5), "every client has its threads")

    @property
    def parent(self) -> int:
        (process,) = [each for each in processes_of(self.shell.pid) if each.parent == self.shell.pid]
        return process.pid

    @property
    def workers(self) -> list[Process]:
        parent = self.parent
        return [each for each in processes_of(self.shell.pid) if each.parent == parent]

    def end(self) -> int:
        """Wait for the end of the run, and for all that has to be gone; returns its status."""
        self.watch_until(lambda: b"status=" in self.seen, "the end", 2.0 * 3)
        assert_no_process_left(self.shell.pid, besides=1)
        self.look()
        assert_outputs_whole(self.scenario, self.output)
        assert termios.tcgetattr(self.line) == self.settings
        assert self.seen.rindex(SHOW_CURSOR) > self.seen.rindex(HIDE_CURSOR)
        assert self.seen.rindex(GIVE_SCREEN) > self.seen.rindex(TAKE_SCREEN)
        assert b"Traceback" not in self.seen
        return int(re.findall(rb"status=(\d+)", self.seen)[0])

    def hang_up(self) -> None:
        os.close(self._person)
        self._person = -1

    def close(self) -> None:
        kill_session(self.shell.pid)
        self.shell.kill()
        self.shell.wait()
        for descriptor in (self._person, self.line):
            if descriptor >= 0:
                os.close(descriptor)


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


def test_a_death_gives_the_terminal_back_and_is_told_below_the_view(terminal: Terminal) -> None:
    terminal.watch_until_it_draws()
    os.kill(terminal.workers[2].pid, signal.SIGKILL)
    assert terminal.end() == 1
    assert re.search(rb"emulator: client 2 \(process \d+\) was killed by SIGKILL; .*\r\n", terminal.seen)


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
