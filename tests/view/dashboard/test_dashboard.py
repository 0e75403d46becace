"""The whole screen: golden screens for each size and swarm, and that it fits whatever it is to show.

The golden screens are what a person sees of runs made by hand, without colours. They are renewed with
`GOLDEN=renew python -m pytest tests/view/dashboard/test_dashboard.py`; look at what changed before it is committed.
"""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.text import Text

from emulator.trace.statistics import SwarmStatistics
from emulator.trace.statistics.rates import RateMeter, Rates
from emulator.view.dashboard.dashboard import MIN_FEED, dashboard
from emulator.view.dashboard.drawing import bar, fit
from emulator.view.dashboard.facts import SILENT_S, Facts, silences
from emulator.view.dashboard.segments import strip
from emulator.view.dashboard.swarms import load_panel, matrix_panel, natural
from tests.trace.statistics.test_fold import NONSENSE
from tests.view.made import MadeRun, gone_wrong, made_run
from tests.view.screens import (
    HOSTILE,
    HOSTILE_SHOWN,
    barrier,
    finished,
    make_console,
    said,
    started,
    statistics_of,
    taken,
)

GOLDEN = Path(__file__).parent / "golden"
SIZES = [(80, 24), (120, 40), (200, 60)]
SWARMS = {5: made_run(5), 22: made_run(22, 10, 40), 100: made_run(100, 6, 20), 1000: made_run(1000, 3, 10)}
HOSTILE_NAMES = [HOSTILE, "電影.mkv", "👩‍👩‍👧 emoji", "e\u0301\u0301", "[/]", "\t\r\n", "", "x" * 300, "\ud800"]


def screen(
    made: MadeRun,
    width: int,
    height: int,
    share: float = 1.0,
    elapsed_s: float | None = None,
) -> list[str]:
    """The lines that a terminal of this size would show after this share of the run."""
    statistics = SwarmStatistics(len(made.facts.goals))
    meter = RateMeter()
    num_records = int(share * len(made.records))
    for number, record in enumerate(made.records[:num_records]):
        if number % 100 == 0:
            meter.sample(statistics.latest_s, statistics)
        statistics.add(record)
    now_s = statistics.latest_s if elapsed_s is None else elapsed_s
    return shown(statistics, made.facts, meter.sample(now_s, statistics), now_s, width, height)


def shown(
    statistics: SwarmStatistics, facts: Facts, rates: Rates, elapsed_s: float, width: int, height: int
) -> list[str]:
    """What a console of this size writes; checked to fill it exactly."""
    console = make_console(width, height)
    console.print(dashboard(statistics, facts, rates, elapsed_s, width, height))
    lines = said(console).removesuffix("\n").split("\n")
    assert len(lines) == height
    assert {cell_len(line) for line in lines} == {width}
    return lines


def stand_still(num_clients: int) -> Rates:
    return Rates(0.0, [0.0] * num_clients, [0.0] * num_clients)


def facts_of(num_clients: int, num_segments: int = 10, file: str = "file1", title: str = "a swarm") -> Facts:
    """Client 1 owns the file; all others want it."""
    goals = [0] + [num_segments] * (num_clients - 1)
    return Facts(title, goals, [(), *[(file,)] * (num_clients - 1)])


def look(statistics: SwarmStatistics, facts: Facts, elapsed_s: float = 5.0, width: int = 80, height: int = 24) -> str:
    lines = shown(statistics, facts, stand_still(len(statistics.clients)), elapsed_s, width, height)
    return "\n".join(line.rstrip() for line in lines)


# Golden screens


@pytest.mark.parametrize("share", [0.1, 0.6, 1.0])
@pytest.mark.parametrize("num_clients", SWARMS)
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_screen_is_the_golden_one(width: int, height: int, num_clients: int, share: float) -> None:
    lines = screen(SWARMS[num_clients], width, height, share)
    compare(lines, f"{width}x{height}-{num_clients}-clients-{share:.0%}")


@pytest.mark.parametrize("num_clients", [5, 100])
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_screen_of_a_run_in_which_much_goes_wrong_is_the_golden_one(
    width: int, height: int, num_clients: int
) -> None:
    lines = screen(gone_wrong(SWARMS[num_clients]), width, height)
    compare(lines, f"{width}x{height}-{num_clients}-clients-losses")


def compare(lines: list[str], name: str) -> None:
    text = "".join(f"{line.rstrip()}\n" for line in lines)
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("GOLDEN") == "renew":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8"), "see the top of this file"


# It fits


@given(
    st.builds(made_run, st.integers(1, 60), st.integers(1, 12), st.integers(1, 25), st.integers(0, 99)),
    st.floats(0, 1),
    st.integers(20, 250),
    st.integers(5, 80),
)
def test_any_moment_of_any_run_fills_any_screen_exactly(made: MadeRun, share: float, width: int, height: int) -> None:
    screen(made, width, height, share)


@given(NONSENSE, st.integers(20, 250), st.integers(5, 80))
def test_not_even_records_that_make_no_sense_break_the_screen(records: list[object], width: int, height: int) -> None:
    statistics = statistics_of(4, *records)  # type: ignore[arg-type]
    look(statistics, facts_of(4), 50.0, width, height)


@given(
    st.lists(st.text() | st.sampled_from(HOSTILE_NAMES), min_size=6, max_size=6, unique=True),
    st.integers(20, 250),
    st.integers(5, 80),
)
def test_no_name_breaks_the_screen_and_none_is_obeyed(names: list[str], width: int, height: int) -> None:
    made = made_run(5, 6, 12, name=lambda number: names[number - 1])
    facts = Facts(names[0], made.facts.goals, made.facts.wanted, names[1])
    for share in (0.3, 0.6):
        lines = screen(MadeRun(facts, made.records), width, height, share)
        assert all(line.isprintable() for line in lines)


@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 5), (5, 1), (9, 2), (400, 3), (20, 200)])
@pytest.mark.parametrize("num_clients", [5, 100])
def test_even_an_absurd_screen_is_filled(width: int, height: int, num_clients: int) -> None:
    screen(SWARMS[num_clients], width, height, 0.5)


# What it says


def test_a_hostile_name_is_shown_escaped() -> None:
    statistics = statistics_of(2, barrier(0.0, 2), started(0.0, 2, HOSTILE))
    seen = look(statistics, facts_of(2, file=HOSTILE, title=HOSTILE), width=109)
    assert seen.startswith(f"{HOSTILE_SHOWN}\n")
    assert f" {HOSTILE_SHOWN} r0" in seen
    assert f"client 2 begins {HOSTILE_SHOWN}, 10 segments" in seen


def test_rate_and_time_left_come_from_the_last_second() -> None:
    statistics = statistics_of(11, barrier(0.0, 2))
    meter = RateMeter()
    meter.sample(0.0, statistics)
    for now_s, rank in ((0.5, 2), (1.0, 3), (1.5, 4), (2.0, 5)):
        statistics.add(taken(now_s, rank, 10))
        rates = meter.sample(now_s, statistics)
    assert rates == Rates(20.0, [0.0, 0, 0, 10, 10, 0, 0, 0, 0, 0, 0], [20.0] + [0.0] * 10)
    line = shown(statistics, facts_of(11), rates, 2.0, 120, 24)[1]
    assert line.endswith("─  40%  40 of 100 segments  20/s  elapsed 2.00 s  left 3.00 s")


@pytest.mark.parametrize(
    ("records", "stage"),
    [
        ([], "barrier 1: waiting for what the clients own, 0 of 3 reported"),
        ([barrier(0.1, 1)], "barrier 2: the clients get their metadata, 0 of 3 reported"),
        ([barrier(0.1, 2)], "0 of 3 clients finished"),
        (
            [barrier(0.1, 2), taken(0.2, 2, 4), taken(0.3, 3, 4, is_seed=False), finished(0.4, 2)],
            "1 of 3 clients finished · 50% from peers · load even to 0.33 (Jain)",
        ),
        ([barrier(0.1, 2), *(finished(0.2, rank) for rank in (1, 2, 3))], "all clients have finished"),
    ],
)
def test_the_stage_of_the_run_is_said(records: list[object], stage: str) -> None:
    assert look(statistics_of(3, *records), facts_of(3)).split("\n")[2] == stage  # type: ignore[arg-type]


def test_before_anything_happened_nothing_is_divided_by_nothing() -> None:
    assert " 100%  0/0  0/s  elapsed 5.00 s\n" in look(SwarmStatistics(1), Facts("nothing", [0], [()]))
    assert "   0%  0/10  0/s  elapsed 5.00 s  left –\n" in look(SwarmStatistics(2), facts_of(2))


def test_who_is_silent_while_it_downloads_is_told_and_stands_first() -> None:
    num_clients = 40
    records = [started(0.1, rank) for rank in range(2, num_clients + 1)]
    told = [0.2 + step / 4 for step in range(32)]
    records += [taken(time_s, rank, 1) for time_s in told for rank in range(2, num_clients + 1) if rank != 30]
    statistics = statistics_of(num_clients, barrier(0.1, 2), *records)
    now_s = 7.0 + SILENT_S
    assert silences(statistics, now_s) == {30: now_s - 0.1}
    seen = look(statistics, facts_of(num_clients), now_s)
    assert seen.split("\n")[2].startswith("1 client silent · 0 of 40 clients finished · ")
    first = seen.split("\n")[7]
    assert first.split()[0] == "30"
    assert "silent 10 s: fi" in first


def test_a_swarm_that_is_slow_is_not_taken_for_one_that_is_stuck() -> None:
    statistics = statistics_of(3, started(1.0, 2), started(1.0, 3), taken(30.0, 3, 1))
    assert silences(statistics, 31.0) == {}


def test_where_not_all_fit_those_that_are_furthest_behind_come_first_and_the_rest_is_counted() -> None:
    records = [taken(1.0, rank, 9 if rank % 2 else 2) for rank in range(2, 30)]
    seen = look(statistics_of(30, barrier(0.0, 2), *records), facts_of(30), 1.1)
    rows = seen.split("\n")[7:]
    assert [int(row.split()[0]) for row in rows[:4]] == [30, 2, 4, 6]
    assert any(row.strip() == "… and 20 more clients" for row in rows)


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("num_clients", SWARMS)
def test_every_screen_has_room_for_what_happened_last(width: int, height: int, num_clients: int) -> None:
    lines = [line.strip() for line in screen(SWARMS[num_clients], width, height, 0.6)]
    feed = lines[lines.index("what happened last") + 1 : -1]
    assert len(feed) >= MIN_FEED
    assert all(feed)
    assert lines[-1].startswith("● seed  ◐ peer  ○ leecher")


def test_where_segments_came_from_is_seen_without_colours() -> None:
    statistics = statistics_of(3, started(0.0, 2, num_segments=10), taken(0.1, 2, 5), taken(0.2, 2, 3, is_seed=False))
    assert strip(statistics.clients[1].files["file1"], 10).plain == "███▓▓·····"
    assert strip(statistics.clients[1].files["file1"], 3).plain == "█▒·"
    assert strip(statistics.clients[1].files["file1"], 20).plain == "██████▓▓▓▓··········"


def test_who_gave_what_to_whom_is_a_matrix_that_shows_who_gives_most() -> None:
    statistics = statistics_of(3, taken(0.1, 2, 8), taken(0.2, 3, 1))
    lines = [line.plain.rstrip() for line in matrix_panel(statistics, 30, 5)]
    assert lines == ["who serves whom (rows give)", "  gets 123", "     1 ╲█░", "     2 ·╲·", "     3 ··╲"]
    assert [line.plain.rstrip() for line in matrix_panel(statistics, 30, 3)][2:] == ["     1 ╲█░"]


def test_in_a_crowd_those_who_give_most_are_listed() -> None:
    records = [taken(0.1, rank, 5) for rank in range(2, 100)]
    lines = [line.plain for line in load_panel(statistics_of(100, *records), 40, 4)]
    assert lines[1].rstrip() == "busiest tenth gives 100% of all"
    assert lines[2] == "     1 ████████████████████     490    0"


def test_names_with_numbers_are_in_the_order_of_the_numbers() -> None:
    assert sorted(["file10", "file2", "a", "file1b", "file1"], key=natural) == [
        "a",
        "file1",
        "file1b",
        "file2",
        "file10",
    ]


@pytest.mark.parametrize(
    ("share", "drawn"), [(0.0, "────"), (0.5, "██──"), (0.53, "██▏─"), (1.0, "████"), (7.0, "████"), (-1.0, "────")]
)
def test_a_bar_is_as_full_as_its_share(share: float, drawn: str) -> None:
    assert bar(share, 4).plain == drawn


def test_a_line_is_cut_and_filled_to_its_width() -> None:
    assert fit(Text("abcdef"), 4).plain == "abc…"
    assert fit(Text("ab"), 4).plain == "ab  "
    assert cell_len(fit(Text("電影電影"), 4).plain) == 4
