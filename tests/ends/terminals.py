"""The command on a terminal, at which a person sits."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from emulator.scenario.scenario import Scenario
from tests.ends.leftovers import (
    SLACK,
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

    def __init__(self, scenario: Scenario, folder: Path, options: Sequence[str] = ()) -> None:
        self.scenario = scenario
        self.output = folder / "out"
        self.seen = b""
        self._person, self.line = pty.openpty()
        fcntl.ioctl(self.line, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
        os.set_blocking(self._person, False)
        self.settings = termios.tcgetattr(self.line)
        arguments = ["--inputs", str(scenario.inputs), "--output", str(self.output), *options]
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

    def watch_for(self, duration_s: float) -> None:
        """Go on reading, as a terminal does. What it has not read when Ctrl-C is typed, its driver may throw away."""
        ends_s = time.monotonic() + duration_s
        while (left_s := ends_s - time.monotonic()) > 0:
            select.select([self._person], [], [], left_s)
            self.look()
        self.look()

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

    def watch_until_the_view(self) -> None:
        self.watch_until(lambda: TAKE_SCREEN in self.seen and HIDE_CURSOR in self.seen, "the live view")

    def watch_until_it_draws(self) -> None:
        """The view, and all clients at work."""
        self.watch_until_the_view()
        num_ranks = len(self.scenario.clients) + 1
        self.watch_until(lambda: has_begun(self.workers, num_ranks), "every client has its threads")

    @property
    def parent(self) -> int:
        (process,) = [each for each in processes_of(self.shell.pid) if each.parent == self.shell.pid]
        return process.pid

    @property
    def workers(self) -> list[Process]:
        parent = self.parent
        return [each for each in processes_of(self.shell.pid) if each.parent == parent]

    def end(self, within_s: float = 2.0 * SLACK) -> int:
        """Wait for the end of the run, and for all that has to be gone; returns its status."""
        self.watch_until(lambda: b"status=" in self.seen, "the end", within_s)
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
