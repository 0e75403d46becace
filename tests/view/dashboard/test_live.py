"""What is seen while a run lasts, on a screen of fixed size and in a log, from runs made by hand."""

import os
import pty
import re
import sys
import termios

import pytest
from rich.console import Console, ConsoleDimensions

from emulator.protocol.events import Died, FaultBegan, FaultEnded, FileUnavailable, Restarted
from emulator.trace.records import Record
from emulator.trace.statistics import SwarmStatistics
from emulator.view.dashboard.facts import Facts
from emulator.view.dashboard.live import FINAL_LINES, LiveView
from emulator.view.dashboard.log import MANY_CLIENTS, LineView
from tests.view.screens import (
    HOSTILE,
    HOSTILE_SHOWN,
    barrier,
    finished,
    make_console,
    make_scenario,
    record,
    said,
    started,
    taken,
    written,
)

CONTROL = re.compile(r"\x1b\[[?0-9;]*[A-Za-z]|\r")


class Clock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


# The screen


class Watched:
    """A dashboard on a console, of a swarm of which client 1 owns what all others want."""

    def __init__(self, num_clients: int = 2, width: int = 100, height: int = 24) -> None:
        self.console = make_console(width, height, is_terminal=True)
        self.clock = Clock()
        self.statistics = SwarmStatistics(num_clients)
        scenario = make_scenario(num_clients)
        facts = Facts("samples", scenario.wanted_segments(), [client.wanted for client in scenario.clients])
        self.view = LiveView(self.console, facts, self.statistics, self.clock)

    def tell(self, now: float, *records: Record) -> None:
        """As a run does: the statistics know first, and then it is time to draw."""
        self.clock.now = now
        self.statistics.add_all(records)
        self.view.observe(records)
        self.view.tick()

    @property
    def screens(self) -> list[list[str]]:
        """Every screen that was drawn, as plain lines."""
        drawn = said(self.console).split("\x1b[H")[1:]
        return [[line.rstrip() for line in CONTROL.sub("", one).split("\n")] for one in drawn]


def test_every_tick_draws_a_whole_screen_at_the_top_left() -> None:
    watched = Watched(height=12)
    watched.view.begin()
    watched.tell(1.0, barrier(0.5, 2))
    watched.tell(2.0, taken(1.5, 2, 5))
    first, second = watched.screens[-2:]
    assert [len(first), len(second)] == [12, 12]
    assert first[0] == second[0] == "samples"
    assert first[1].endswith("   0%  0 of 10 segments  0/s  elapsed 1.00 s  left –")
    assert second[1].endswith("  50%  5 of 10 segments  5/s  elapsed 2.00 s  left 1.00 s")


def test_the_screen_follows_the_size_of_the_terminal() -> None:
    watched = Watched(width=100, height=24)
    watched.view.begin()
    watched.tell(1.0, barrier(0.5, 2))
    watched.console.size = ConsoleDimensions(60, 10)
    watched.tell(2.0)
    last = watched.screens[-1]
    assert len(last) == 10
    assert max(map(len, last)) <= 60


def test_the_alternate_screen_and_the_cursor_are_given_back_at_the_end() -> None:
    watched = Watched()
    watched.view.begin()
    watched.tell(1.0, barrier(0.5, 2))
    assert said(watched.console).startswith("\x1b[?1049h\x1b[H\x1b[?25l")
    watched.view.end()
    assert re.findall(r"\x1b\[\?(?:25|1049)[lh]", said(watched.console))[-2:] in (
        ["\x1b[?1049l", "\x1b[?25h"],
        ["\x1b[?25h", "\x1b[?1049l"],
    )


def test_what_was_shown_last_is_left_standing() -> None:
    """However soon a run is over, and on however high a screen."""
    watched = Watched(height=50)
    watched.view.begin()
    watched.statistics.add_all([barrier(0.01, 2), taken(0.02, 2, 10), finished(0.03, 2), finished(0.03, 1)])
    watched.clock.now = 0.05
    watched.view.end()
    left = CONTROL.sub("", said(watched.console).rpartition("\x1b[?1049l")[2]).removesuffix("\n").split("\n")
    assert len(left) == FINAL_LINES
    assert left[1].rstrip().endswith(" 100%  10 of 10 segments  0/s  elapsed 0.0500 s")
    assert left[2].rstrip() == "all clients have finished · 0% from peers · load even to 0.50 (Jain)"


def test_a_run_that_never_began_leaves_nothing_standing() -> None:
    watched = Watched()
    watched.view.begin()
    watched.tell(1.0, barrier(0.5, 1))
    watched.view.end()
    assert CONTROL.sub("", said(watched.console).rpartition("\x1b[?1049l")[2]) == ""


def test_a_view_that_never_began_can_end() -> None:
    """As when the processes could not be started."""
    watched = Watched()
    watched.view.end()
    assert CONTROL.sub("", said(watched.console)) == ""


def test_a_terminal_that_takes_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """As after Ctrl-S, or where a connection is slow: the next frame that can be drawn shows all."""
    leader, follower = pty.openpty()
    with open(leader, "rb", closefd=True) as person, os.fdopen(follower, "w") as stream:
        monkeypatch.setattr(sys, "__stdout__", stream)
        watched = Watched()
        watched.view.begin()
        watched.tell(1.0, barrier(0.5, 2))
        drawn = said(watched.console)
        termios.tcflow(stream.fileno(), termios.TCOOFF)
        watched.tell(2.0, taken(1.5, 2, 5))
        assert said(watched.console) == drawn
        termios.tcflow(stream.fileno(), termios.TCOON)
        watched.tell(3.0)
        assert "5 of 10 segments" in said(watched.console)
        watched.view.end()
        assert person.fileno() == leader


# The log


def line_view(console: Console, num_clients: int = 3, file: str = "file1") -> tuple[LineView, SwarmStatistics]:
    statistics = SwarmStatistics(num_clients)
    return LineView(console, make_scenario(num_clients, file), statistics), statistics


def tell(view: LineView, statistics: SwarmStatistics, *records: Record) -> None:
    """As a run does: the statistics know first."""
    statistics.add_all(records)
    view.observe(records)


def test_what_happened_is_told_in_order_however_it_arrived() -> None:
    console = make_console()
    view, statistics = line_view(console)
    tell(view, statistics, written(0.3, 2), finished(0.4, 2))
    tell(view, statistics, barrier(0.1, 1), barrier(0.2, 2))
    tell(view, statistics, started(0.25, 3), taken(0.3, 3, 10), written(0.35, 3))
    view.end()
    assert said(console).splitlines() == [
        "   0.1000 s  all clients have reported their files: barrier 1 opens (T2)",
        "   0.2000 s  all clients have got their metadata: barrier 2 opens (T4)",
        "   0.3000 s  client 2 has file1, 10 segments (D7)",
        "   0.3500 s  client 3 has file1, 10 segments (D7)",
        "   0.4000 s  client 2 has everything it wanted (T8)",
    ]


def test_a_line_waits_until_nothing_earlier_can_arrive() -> None:
    console = make_console()
    view, statistics = line_view(console)
    tell(view, statistics, barrier(0.1, 1), barrier(0.9, 2))
    view.tick()
    assert said(console).count("\n") == 1, "barrier 2 is too fresh"
    tell(view, statistics, written(1.5, 2))
    view.tick()
    assert said(console).count("\n") == 2
    view.end()
    assert said(console).count("\n") == 3


def test_a_long_run_says_every_two_seconds_how_far_it_is() -> None:
    console = make_console()
    view, statistics = line_view(console, 100)
    tell(view, statistics, barrier(0.1, 2), taken(1.9, 2, 10), finished(1.95, 2))
    view.tick()
    tell(view, statistics, taken(2.5, 3, 10))
    view.tick()
    tell(view, statistics, taken(4.4, 4, 10))
    view.tick()
    tell(view, statistics, taken(4.6, 5, 10))
    view.tick()
    view.end()
    assert said(console).splitlines() == [
        "   0.1000 s  all clients have got their metadata: barrier 2 opens (T4)",
        "   2.5000 s  20 of 990 segments, 1 of 100 clients finished",
        "   4.6000 s  40 of 990 segments, 1 of 100 clients finished",
    ]


@pytest.mark.parametrize(("num_clients", "num_lines"), [(MANY_CLIENTS, 2), (MANY_CLIENTS + 1, 0)])
def test_a_large_swarm_gets_no_line_for_each_client(num_clients: int, num_lines: int) -> None:
    console = make_console()
    view, statistics = line_view(console, num_clients)
    tell(view, statistics, written(0.2, 2), finished(0.3, 2))
    view.end()
    assert said(console).count("\n") == num_lines


FATES = [
    record(0.1, 0, FaultBegan("drop 10% of messages"), step="T5"),
    record(0.2, 3, FaultBegan("kill client 3 at 0.2s"), step="U1"),
    record(0.2, 3, Died("was killed by SIGKILL"), step="U1"),
    record(0.3, 0, FaultEnded("drop 10% of messages"), step="T5"),
    record(0.4, 3, Restarted(False), step=""),
    record(0.5, 2, FileUnavailable("file1", 4, 6)),
    record(0.6, 3, FileUnavailable("file1", 4, 6)),
    finished(0.7, 2),
]
TOLD_OF_ALL = [
    "   0.1000 s  fault begins: drop 10% of messages (T5)",
    "   0.2000 s  client 3 is dead: it was killed by SIGKILL (U1)",
    "   0.3000 s  fault ends: drop 10% of messages (T5)",
    "   0.4000 s  client 3 is started again without what it had on its disk",
    "   0.5000 s  client 2 gives up file1 with 4 segments: nobody has 6 segments of it (D3)",
]


def test_a_log_tells_of_deaths_returns_faults_and_lost_files() -> None:
    console = make_console()
    view, statistics = line_view(console)
    tell(view, statistics, *reversed(FATES[-2:]), *FATES[:-2])
    view.end()
    assert said(console).splitlines() == [
        *TOLD_OF_ALL,
        "   0.6000 s  client 3 gives up file1 with 4 segments: nobody has 6 segments of it (D3)",
        "   0.7000 s  client 2 has everything it can get (T8)",
    ]


def test_in_a_large_swarm_a_lost_file_is_told_of_once() -> None:
    console = make_console()
    view, statistics = line_view(console, MANY_CLIENTS + 1)
    tell(view, statistics, *FATES)
    view.end()
    assert said(console).splitlines() == TOLD_OF_ALL


def test_how_far_a_run_is_is_counted_without_what_the_dead_wanted() -> None:
    console = make_console()
    view, statistics = line_view(console, 4)
    tell(view, statistics, taken(1.0, 2, 5), taken(1.0, 3, 5), record(2.5, 2, Died("was killed"), step="D4"))
    view.tick()
    view.end()
    assert said(console).splitlines() == [
        "   2.5000 s  client 2 is dead: it was killed (D4)",
        "   2.5000 s  10 of 25 segments, 0 of 4 clients finished, 1 died",
    ]


def test_how_far_a_run_is_is_told_in_the_order_of_time_too() -> None:
    console = make_console()
    view, statistics = line_view(console)
    tell(view, statistics, taken(2.5, 2, 5))
    view.tick()
    assert said(console) == ""
    tell(view, statistics, written(2.4, 3), taken(3.1, 3, 5))
    view.tick()
    assert said(console).splitlines() == [
        "   2.4000 s  client 3 has file1, 10 segments (D7)",
        "   2.5000 s  5 of 20 segments, 0 of 3 clients finished",
    ]


def test_a_hostile_name_is_shown_escaped_in_a_log_and_no_line_is_cut() -> None:
    console = make_console(width=40)
    view, statistics = line_view(console, 3, HOSTILE)
    tell(view, statistics, written(0.2, 2, HOSTILE), written(0.3, 3, "x" * 200))
    view.end()
    assert said(console).splitlines() == [
        f"   0.2000 s  client 2 has {HOSTILE_SHOWN}, 10 segments (D7)",
        f"   0.3000 s  client 3 has {'x' * 200}, 10 segments (D7)",
    ]
