"""The terminal's settings while a screen is drawn on it, and afterwards."""

import os
import pty
import re
import sys
import termios
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import emulator
from emulator.scenario.generate import Shape
from emulator.scenario.scenario import Scenario, read_scenario
from emulator.view.terminal import KeptTerminal
from tests.conftest import SAMPLES, MakeScenario
from tests.ends.leftovers import SLACK, assert_outputs_whole, processes_of, wait_until
from tests.ends.runs import START_UP_S
from tests.ends.terminals import Terminal


def settings(descriptor: int) -> list[object]:
    return list(termios.tcgetattr(descriptor))


def test_a_terminal_is_given_back_as_it_was_found(monkeypatch: pytest.MonkeyPatch) -> None:
    leader, follower = pty.openpty()
    with open(leader, "rb", closefd=True), os.fdopen(follower, "w") as stream:
        monkeypatch.setattr(sys, "__stdout__", stream)
        before = settings(follower)
        terminal = KeptTerminal()
        terminal.take()
        flags = settings(follower)[3]
        assert isinstance(flags, int)
        assert flags & termios.NOFLSH, "Ctrl-C would throw away what gives the screen back"
        terminal.give_back()
        assert settings(follower) == before


def test_what_is_no_terminal_is_left_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as stream:
        monkeypatch.setattr(sys, "__stdout__", stream)
        terminal = KeptTerminal()
        terminal.take()
        terminal.give_back()
    assert (tmp_path / "log").read_bytes() == b""


def test_a_terminal_that_was_never_taken_is_not_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "__stdout__", None)
    KeptTerminal().give_back()


# A run on a terminal

STYLES = re.compile(rb"\x1b\[([\d;]*)m")
SCREEN_SWITCHES = re.compile(rb"\x1b\[\?1049[hl]")
CRASH = """
from emulator.view.dashboard.live import LiveView

def crash(self, now, most_lines=None):
    if self._statistics.num_transferred > {after}:
        raise ZeroDivisionError("a bug in the view")
    return whole(self, now, most_lines)

whole, LiveView.frame = LiveView.frame, crash
"""
"""Lets the view fail, after so many segments."""


class WatchedRun(Terminal):
    """A run on a terminal, at the end of which the alternate screen has been left, too."""

    def end(self, within_s: float = 2.0 * SLACK) -> int:
        status = super().end(within_s)
        switches = SCREEN_SWITCHES.findall(self.seen)
        assert switches[0] == b"\x1b[?1049h"
        assert switches[-1] == b"\x1b[?1049l"
        return status

    @property
    def last_words(self) -> str:
        """What stands on the terminal below the screen that was drawn."""
        return STYLES.sub(b"", self.seen.rpartition(b"\x1b[?1049l")[2]).decode()


StartWatched = Callable[[Scenario], WatchedRun]


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[StartWatched]:
    runs: list[WatchedRun] = []

    def start(scenario: Scenario) -> WatchedRun:
        runs.append(WatchedRun(scenario, tmp_path))
        return runs[-1]

    yield start
    for run in runs:
        run.close()


@pytest.fixture
def first_of_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Let the interpreters of runs execute this before anything else."""

    def execute(code: str) -> None:
        site = tmp_path / "site"
        site.mkdir()
        (site / "sitecustomize.py").write_text(code)
        root = Path(emulator.__file__).parent.parent
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(site), str(root))))

    return execute


def test_a_run_however_short_shows_its_last_state_and_then_the_summary(watched: StartWatched) -> None:
    run = watched(read_scenario(SAMPLES, 5))
    assert run.end() == 0
    assert "all clients have finished" in run.last_words
    assert run.last_words.index("all clients have finished") < run.last_words.index("What each client did")
    assert "proven: 14 of 14 wanted files are right" in run.last_words


@pytest.mark.parametrize("after", [-1, 200])
def test_a_view_that_fails_gives_the_terminal_back_and_the_run_goes_on(
    watched: StartWatched, first_of_all: Callable[[str], None], make_scenario: MakeScenario, after: int
) -> None:
    first_of_all(CRASH.format(after=after))
    run = watched(make_scenario(Shape(clients=4, files=4, segments=(400, 400))))
    assert run.end() == 0
    told = "emulator: the view failed (ZeroDivisionError('a bug in the view')); the run went on without it\r\n"
    assert run.last_words.startswith(told)
    assert "proven: 12 of 12 wanted files are right" in run.last_words


def test_a_run_that_ignores_hang_ups_goes_on_without_its_terminal(
    watched: StartWatched, first_of_all: Callable[[str], None], make_scenario: MakeScenario
) -> None:
    first_of_all("import signal\nsignal.signal(signal.SIGHUP, signal.SIG_IGN)\n")
    scenario = make_scenario(Shape(clients=4, files=4, segments=(1_000, 1_000)))
    run = watched(scenario)
    run.watch_until(lambda: b"\x1b[?25l" in run.seen, "the live view")
    run.hang_up()
    wait_until(lambda: not processes_of(run.shell.pid), START_UP_S, "the end of the run")
    assert_outputs_whole(scenario, run.output)
    assert len(list(run.output.iterdir())) == len(scenario.expected_outputs())


def test_a_run_without_colours_has_the_screen_without_them(
    watched: StartWatched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    run = watched(read_scenario(SAMPLES, 5))
    assert run.end() == 0
    styles = {int(code) for codes in STYLES.findall(run.seen) for code in codes.split(b";") if code}
    assert styles <= {0, 1, 2, 22}, "but bold and dim ones"
