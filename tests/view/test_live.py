"""What is seen while a run lasts, on a screen of fixed size and in a log, from runs made by hand."""

import pytest
from rich.console import Console

from emulator.trace.records import Record
from emulator.trace.statistics import SwarmStatistics
from emulator.view.live import MANY_CLIENTS, LineView, LiveView
from tests.view.screens import (
    HOSTILE,
    HOSTILE_SHOWN,
    barrier,
    finished,
    lines_of,
    make_console,
    make_scenario,
    said,
    started,
    statistics_of,
    taken,
    written,
)


class Clock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


# The screen


def frame(
    statistics: SwarmStatistics, file: str = "file1", width: int = 100, height: int = 24, now: float = 0.0
) -> list[str]:
    """The screen's lines at this time."""
    clock = Clock()
    console = make_console(width, height)
    view = LiveView(console, make_scenario(len(statistics.clients), file), statistics, clock)
    clock.now = now
    view.tick()
    return lines_of([view.frame(now)], width, height)


def test_each_client_has_a_line_that_says_how_far_it_is_and_what_it_does() -> None:
    statistics = statistics_of(
        4,
        barrier(1.0, 1),
        barrier(1.0, 2),
        started(1.0, 2),
        taken(2.0, 2, 4),
        started(1.0, 3),
        taken(2.0, 3, 10),
        written(2.0, 3),
        finished(3.0, 3),
    )
    headline, *rows, more = frame(statistics, now=5.0)
    assert headline == " 47% 14 of 30 segments · 0/s · elapsed 5.00 s · left – · 1 of 4 clients finished"
    assert [" ".join(row.replace("━", "").split()) for row in rows] == [
        "client 1 0/0 0/s at a barrier",
        "client 2 4/10 2/s downloading file1",
        "client 4 0/10 0/s at a barrier",
        "client 3 10/10 5/s finished, uploading",
    ]
    assert more == ""


def test_a_bar_is_as_full_as_the_download() -> None:
    """Without colours rich draws only the part that is done."""
    statistics = statistics_of(3, barrier(0.0, 2), taken(1.0, 2, 5))
    by_client = {row.split()[1]: row.count("━") for row in frame(statistics)[1:-1]}
    assert by_client == {"1": 30, "2": 15, "3": 0}


def test_rate_and_time_left_come_from_the_last_second() -> None:
    clock = Clock()
    statistics = statistics_of(11, barrier(0.0, 2))
    view = LiveView(make_console(), make_scenario(11), statistics, clock)
    for now, rank, count in ((0.5, 2, 10), (1.0, 3, 10), (1.5, 4, 10), (2.0, 5, 10)):
        statistics.add(taken(now, rank, count))
        clock.now = now
        view.tick()
    [headline, *_] = lines_of([view.frame(2.0)])
    assert headline == " 40% 40 of 100 segments · 20/s · elapsed 2.00 s · left 3.00 s · 0 of 11 clients finished"


def test_before_anything_happened_nothing_is_divided_by_nothing() -> None:
    assert frame(SwarmStatistics(1))[0].startswith("100% 0 of 0 segments · 0/s · elapsed 0.0000 s · left –")
    assert frame(SwarmStatistics(2))[0].startswith("  0% 0 of 10 segments")


@pytest.mark.parametrize("height", [3, 10, 24, 50])
@pytest.mark.parametrize("width", [20, 60, 100, 200])
def test_a_thousand_clients_fit_any_screen(width: int, height: int) -> None:
    records = [started(1.0, rank) for rank in range(2, 1001)]
    lines = frame(statistics_of(1000, *records), width=width, height=height)
    assert len(lines) <= max(height, 3)
    assert max(map(len, lines)) <= width
    if width >= 60:
        assert lines[-1] == f"… and {1000 - (len(lines) - 2)} more clients"


def test_where_not_all_fit_those_that_are_finished_go_first() -> None:
    ends = [finished(2.0, rank) for rank in range(1, 31)]
    rows = frame(statistics_of(40, barrier(1.0, 2), *ends), height=14)[1:-1]
    assert [row.split()[1] for row in rows] == [str(rank) for rank in range(31, 41)]


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_very_long_name_takes_no_line_from_another_client(width: int) -> None:
    file = "x" * 255
    records = [started(1.0, rank, file) for rank in range(2, 11)]
    lines = frame(statistics_of(10, *records), file, width)
    assert len(lines) == 1 + 10 + 1
    assert all(line.endswith("…") for line in lines[2:11])


def test_a_hostile_name_is_shown_escaped_on_the_screen() -> None:
    lines = frame(statistics_of(2, barrier(0.0, 2), started(0.0, 2, HOSTILE)), HOSTILE)
    assert lines[2].endswith(f"downloading {HOSTILE_SHOWN}")


def test_the_screen_is_cleared_and_the_cursor_shown_at_the_end() -> None:
    console = make_console(is_terminal=True)
    statistics = statistics_of(2, barrier(0.0, 2))
    view = LiveView(console, make_scenario(2), statistics, Clock())
    view.begin()
    view.tick()
    assert "client 2" in said(console)
    assert "\x1b[?25l" in said(console), "the cursor is hidden while the screen is drawn"
    view.end()
    assert said(console).rindex("\x1b[?25h") > said(console).rindex("\x1b[?25l")
    assert said(console).endswith("\x1b[2K"), "the last frame is taken away"


def test_a_view_that_never_began_can_end() -> None:
    """As when the processes could not be started."""
    console = make_console(is_terminal=True)
    LiveView(console, make_scenario(2), SwarmStatistics(2), Clock()).end()
    assert "client" not in said(console)


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


def test_a_hostile_name_is_shown_escaped_in_a_log_and_no_line_is_cut() -> None:
    console = make_console(width=40)
    view, statistics = line_view(console, 3, HOSTILE)
    tell(view, statistics, written(0.2, 2, HOSTILE), written(0.3, 3, "x" * 200))
    view.end()
    assert said(console).splitlines() == [
        f"   0.2000 s  client 2 has {HOSTILE_SHOWN}, 10 segments (D7)",
        f"   0.3000 s  client 3 has {'x' * 200}, 10 segments (D7)",
    ]
