"""What a screen says of deaths, returns, departures, faults and lost files; and that it waits for nothing lost."""

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from emulator import Options, Scenario, run
from emulator.faults import draw_plan
from emulator.protocol.events import (
    AnyEvent,
    ClientLeft,
    Died,
    DownloadsFinished,
    DownloadStarted,
    FaultBegan,
    FaultEnded,
    FileUnavailable,
    Restarted,
    RoleChanged,
)
from emulator.protocol.files import ClientInput
from emulator.trace.records import Record
from emulator.trace.statistics import SwarmStatistics
from emulator.trace.statistics.rates import Rates
from emulator.view.dashboard.clients import clients_panel, interesting_first
from emulator.view.dashboard.facts import in_reach, progress, silences, standing
from emulator.view.dashboard.swarms import files_line, tracker_panel
from tests.engines.swarms import Recorder
from tests.protocol.scripted import file_of
from tests.view.dashboard.test_dashboard import facts_of, look, shown
from tests.view.screens import barrier, finished, record, started, statistics_of, taken

PAUSE = "pause client 2 at 1s for 9s"


def died(time_s: float, rank: int) -> Record:
    return record(time_s, rank, Died("was killed"))


def told(time_s: float, rank: int, event: AnyEvent) -> Record:
    return record(time_s, rank, event, "main", "")


def lost(time_s: float, rank: int, num_present: int = 4) -> Record:
    return told(time_s, rank, FileUnavailable("file1", num_present, 10 - num_present))


def row(statistics: SwarmStatistics, rank: int, width: int = 200) -> Text:
    """A client's, on a screen of this width."""
    num_clients = len(statistics.clients)
    rates = Rates(9.0, [9.0] * num_clients, [9.0] * num_clients)
    rows = clients_panel(statistics, facts_of(num_clients), rates, width, num_clients + 1)
    return next(line for line in rows[1:] if int(line.plain.split()[0]) == rank)


def styles_of(text: Text, part: str) -> set[str]:
    """How this part of a line is drawn."""
    at = text.plain.index(part)
    return {str(span.style) for span in text.spans if span.start <= at < span.end} | {str(text.style)}


# Clients


def test_a_dead_client_s_row_is_dim_has_no_rates_and_says_so_in_red() -> None:
    told_of = [started(0.1, 2), taken(0.2, 2, 4), started(0.1, 3)]
    statistics = statistics_of(3, *told_of)
    assert row(statistics, 2).plain.split()[-6:] == ["9", "9", "downloading", "file1", "round", "0"]
    statistics.add(died(1.0, 2))
    dead = row(statistics, 2)
    assert dead.plain.split() == ["2", "███████▎──────────", "4/10", "0", "4", "0", "0", "────", "died"]
    assert styles_of(dead, "4/10") == {"dim"}
    assert "bold red" in styles_of(dead, "died")


def test_a_client_that_came_back_says_so_and_has_what_it_found_on_its_disk() -> None:
    returned = [told(2.0, 2, Restarted(True)), told(2.1, 2, DownloadStarted("file1", 10, 3))]
    statistics = statistics_of(2, started(0.1, 2), taken(0.2, 2, 4), died(1.0, 2), *returned, taken(2.2, 2, 2))
    assert statistics.clients[1].num_got == 6
    assert row(statistics, 2, 80).plain.split()[2:] == ["5/10", "0", "6", "0", "0", "────", "↻", "file1", "r0"]
    assert "↻ came back" in look(statistics, facts_of(2))


def test_a_client_that_departed_says_so() -> None:
    statistics = statistics_of(2, barrier(0.0, 2), finished(1.0, 2), told(2.0, 0, ClientLeft(2)))
    assert row(statistics, 2).plain.split()[-1] == "departed"
    assert look(statistics, facts_of(2)).split("\n")[2] == "1 departed · 1 of 2 clients finished"


def test_a_client_that_a_fault_stops_stands_still_and_is_not_stuck() -> None:
    many = [barrier(0.0, 2)] * 60
    statistics = statistics_of(2, *many, started(0.1, 2), told(1.0, 2, FaultBegan(PAUSE)))
    assert row(statistics, 2).plain.split()[-2:] == ["stands", "still"]
    assert silences(statistics, 60.0) == {}
    statistics.add(told(10.0, 2, FaultEnded(PAUSE)))
    assert silences(statistics, 60.0) == {2: 50.0}
    assert standing(statistics.clients[1]) == "downloading"


def test_the_death_of_who_stands_still_is_the_end_of_that() -> None:
    stopped = [told(1.0, rank, FaultBegan("pause clients 1-2 at 1s for 9s")) for rank in (1, 2)]
    statistics = statistics_of(2, *stopped, died(2.0, 2), told(3.0, 2, Restarted(True)))
    assert statistics.faults == {"pause clients 1-2 at 1s for 9s": 1}
    assert [standing(client) for client in statistics.clients] == ["stands still", "restarted"]
    ended = [told(10.0, rank, FaultEnded("pause clients 1-2 at 1s for 9s")) for rank in (1, 2)]
    statistics.add_all(ended)
    assert statistics.faults == {}


def test_a_client_that_gave_a_file_up_has_a_cross_for_it() -> None:
    made_peer = told(0.1, 0, RoleChanged(2, "file1", "peer"))
    statistics = statistics_of(2, made_peer, started(0.1, 2), taken(0.2, 2, 4))
    assert " ◐ " in row(statistics, 2).plain
    statistics.add_all([lost(1.0, 2), told(1.1, 2, DownloadsFinished())])
    assert row(statistics, 2).plain.split()[-5:] == ["✗", "finished,", "uploading", "without", "file1"]
    seen = look(statistics, facts_of(2), width=120)
    assert "     2 file1 ✗▓▓▓" in seen
    assert "client 2 has everything it can get\n" in seen
    assert "✗ given up" in seen


def test_where_not_all_fit_the_latest_deaths_come_first_and_earlier_ones_last() -> None:
    deaths = [died(float(rank), rank) for rank in range(2, 8)]
    statistics = statistics_of(9, *(started(0.1, rank) for rank in range(2, 10)), *deaths)
    ranks = [client.rank for client in interesting_first(statistics, facts_of(9))]
    assert ranks == [5, 6, 7, 8, 9, 2, 3, 4, 1]


def test_in_a_crowd_the_dead_are_counted_and_seen() -> None:
    statistics = statistics_of(40, barrier(0.0, 2), died(1.0, 2), died(1.0, 3))
    lines = look(statistics, facts_of(40)).split("\n")
    assert lines[4] == "doing    38 starting · 2 died"
    assert lines[5] == f"clients  █✗✗{'·' * 37}"


# The head


@pytest.mark.parametrize(
    ("records", "stage"),
    [
        ([died(1.0, 2)], "1 died · 0 of 3 clients finished"),
        ([died(1.0, 2), finished(2.0, 1), finished(2.0, 3)], "1 died · all clients that are alive have finished"),
        ([lost(1.0, 2), lost(1.0, 3)], "1 file unavailable · 0 of 3 clients finished"),
        (
            [told(1.0, 3, FaultBegan("cut off client 3")), told(1.0, 0, FaultBegan("drop 10% of messages"))],
            "0 of 3 clients finished · 2 faults in effect: cut off client 3, drop 10% of mes…",
        ),
        (
            [told(1.0, 0, FaultBegan("drop 10% of messages"))] * 2,
            "0 of 3 clients finished · 1 fault in effect: drop 10% of messages",
        ),
    ],
)
def test_what_goes_wrong_is_said_in_the_head_and_cut_to_the_width(records: list[Record], stage: str) -> None:
    assert look(statistics_of(3, barrier(0.0, 2), *records), facts_of(3)).split("\n")[2] == stage


def test_what_the_dead_wanted_and_what_is_lost_is_not_waited_for() -> None:
    told_of = [
        barrier(0.0, 2),
        *(started(0.1, rank) for rank in (2, 3, 4)),
        *(taken(0.2, rank, 5) for rank in (2, 3, 4)),
    ]
    statistics = statistics_of(4, *told_of)

    def figures() -> str:
        return shown(statistics, facts_of(4), Rates(5.0, [0.0] * 4, [0.0] * 4), 5.0, 120, 24)[1].lstrip("█▏▎▍▌▋▊▉─ ")

    assert figures() == "50%  15 of 30 segments  5/s  elapsed 5.00 s  left 3.00 s"
    statistics.add(died(1.0, 2))
    assert figures() == "60%  15 of 25 segments  5/s  elapsed 5.00 s  left 2.00 s"
    statistics.add(lost(2.0, 3, 5))
    assert figures() == "75%  15 of 20 segments  5/s  elapsed 5.00 s  left 1.00 s"
    statistics.add(lost(2.0, 4, 5))
    assert figures() == "100%  15 of 15 segments  5/s  elapsed 5.00 s"
    statistics.add(told(3.0, 2, Restarted(False)))
    assert figures() == "50%  10 of 20 segments  5/s  elapsed 5.00 s  left 2.00 s"


def test_a_file_of_which_nobody_could_tell_is_not_waited_for_at_the_end() -> None:
    [_, client] = statistics_of(2, lost(1.0, 2, 0), finished(1.1, 2)).clients
    assert in_reach(client, 10) == 0


@given(st.randoms(use_true_random=False), st.integers(3, 6))
def test_no_run_has_more_than_it_can_reach_and_all_of_that_at_its_end(rng: random.Random, num_clients: int) -> None:
    files = [file_of(12, f"file{number}") for number in (1, 2)]
    inputs = [ClientInput((file,)) for file in files] + [ClientInput((), ("file1", "file2"))] * (num_clients - 2)
    scenario = Scenario(Path("not-there"), tuple(inputs), is_on_disk=False)
    recorder = Recorder()
    faults = tuple(map(str, draw_plan(rng, num_clients, 0.2, num_segments=24)))
    run(scenario, None, Options(engine="virtual", faults=faults, timeout_s=30), lambda _: recorder)
    statistics = SwarmStatistics(num_clients)
    goals = scenario.wanted_segments()
    for each in recorder.records:
        statistics.add(each)
        got, goal = progress(statistics, goals)
        assert 0 <= got <= goal <= sum(goals)
    assert got == goal


# The swarms


def test_a_lost_file_stands_first_and_is_marked_with_a_cross() -> None:
    roles = [told(0.1, 0, RoleChanged(1, name, "seed")) for name in ("a", "b")]
    roles += [told(0.1, 0, RoleChanged(2, "file1", role)) for role in ("peer", "seed")]
    roles += [told(0.1, 0, RoleChanged(3, "file1", "seed"))]
    statistics = statistics_of(3, *roles, lost(1.0, 2))
    assert [line.plain.split() for line in tracker_panel(statistics, 40, 5)[3:]] == [
        ["file1", "✗", "lost", "2●", "0◐"],
        ["…", "and", "2", "more", "files"],
    ]
    assert files_line(statistics, 60).plain.rstrip() == "swarms  file1 ✗ lost 2●0◐  a 1●0◐  b 1●0◐"


def test_a_lost_file_that_the_tracker_never_knew_is_shown() -> None:
    statistics = statistics_of(3, lost(1.0, 2, 0))
    assert tracker_panel(statistics, 40, 5)[3].plain.split() == ["file1", "✗", "lost", "0●", "0◐"]
    assert look(statistics, facts_of(3)).count("file1 ✗ lost 0●0◐") == 1
