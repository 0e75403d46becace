"""What is said at the end, from results made by hand."""

from typing import Any

import msgspec

from emulator.running.result import ClientResult, RunResult
from emulator.scenario.options import Options
from emulator.scenario.verify import OutputCheck, Verdict, Verification
from emulator.view.summary.rows import MAX_PROBLEMS, MAX_ROWS
from emulator.view.summary.run import run_summary
from emulator.view.summary.verification import unexpected_files, verification_summary
from emulator.view.summary.verification import verification_table as table_of
from tests.view.screens import HOSTILE, HOSTILE_SHOWN, lines_of


def client(rank: int, **changes: Any) -> ClientResult:
    usual = ClientResult(
        rank=rank,
        num_from_peers=0,
        num_from_seeds=10,
        num_misses=0,
        num_uploaded=0,
        most_connections=0,
        num_rounds=1,
        file_times_s={"file1": 0.5},
        finished_s=0.5,
    )
    return msgspec.structs.replace(usual, **changes)


def result(*clients: ClientResult, checks: tuple[OutputCheck, ...] = (), **changes: Any) -> RunResult:
    usual = RunResult(
        num_clients=len(clients),
        num_files=1,
        num_segments=20,
        elapsed_s=1.0,
        makespan_s=0.5,
        segments_per_s=40.0,
        jain_index=0.5,
        clients=clients,
        verification=Verification(checks, ()),
        options=Options(),
        start_method="fork",
        output="out",
    )
    return msgspec.structs.replace(usual, **changes)


def check(rank: int, verdict: Verdict, file: str = "file1", detail: str = "") -> OutputCheck:
    return OutputCheck(rank, file, 10, verdict, detail)


def row(line: str) -> list[str]:
    """A table row's cells."""
    return [cell.strip() for cell in line.strip("│┃").replace("┃", "│").split("│")]


def test_a_run_is_summed_up_in_a_table_and_three_lines() -> None:
    lines = lines_of(
        run_summary(
            result(
                client(1, num_uploaded=20, most_connections=2, file_times_s={}, num_from_seeds=0, finished_s=0.01),
                client(2, num_from_peers=1234, num_misses=3, file_times_s={"file1": 0.0412, "file2": 12.5}),
                checks=(check(2, "right"), check(2, "right", "file2")),
            )
        ),
        width=120,
    )
    title, _, heading, _, first, second, _, *rest = lines
    assert title == "What each client did"
    assert row(heading) == ["client", "from peers", "from seeds", "misses", "uploaded", "most conn.", "finished"]
    assert row(first) == ["1", "0", "0", "0", "20", "2", "0.0100 s"]
    assert row(second) == ["2", "1,234", "10", "3", "0", "0", "0.500 s"]
    assert rest == [
        "When each file was written",
        "client 1 wanted nothing",
        "client 2 file1 0.0412 s  file2 12.5 s",
        "makespan 0.500 s · 20 segments · 40 segments/s",
        "uploads spread with Jain's index 0.50 (1 is even, 0.50 one client alone)",
        "proven: 2 of 2 wanted files are right in out",
    ]


def test_a_narrow_screen_breaks_a_clients_times_between_files_only() -> None:
    times = {f"file{number}": number / 10 for number in range(1, 8)}
    lines = lines_of(run_summary(result(client(1, file_times_s=times))), width=60)
    first = lines.index("When each file was written") + 1
    assert lines[first : first + 3] == [
        "client 1 file1 0.100 s  file2 0.200 s  file3 0.300 s",
        "         file4 0.400 s  file5 0.500 s  file6 0.600 s",
        "         file7 0.700 s",
    ]


def test_a_run_without_a_transfer_has_no_rate() -> None:
    lines = lines_of(run_summary(result(client(1), num_segments=0, segments_per_s=None, makespan_s=None)))
    assert "makespan – · 0 segments · no segment transferred" in lines


def test_who_gave_a_file_up_has_no_time_and_the_run_no_makespan() -> None:
    lines = lines_of(
        run_summary(
            result(
                client(1, file_times_s={}),
                client(2, finished_s=None, given_up=("file2", HOSTILE)),
                client(3, finished_s=None, file_times_s={}, given_up=("file2",)),
                client(4, finished_s=None, file_times_s={}),
                checks=tuple(check(rank, "missing", "file2") for rank in (2, 3, 4)),
                makespan_s=None,
                segments_per_s=None,
            )
        ),
        width=120,
    )
    assert [row(line)[6] for line in lines[4:8]] == ["0.500 s", "gave up", "gave up", "–"]
    assert lines[9:15] == [
        "When each file was written",
        "client 1 wanted nothing",
        f"client 2 file1 0.500 s  file2 given up  {HOSTILE_SHOWN} given up",
        "client 3 got nothing of what it wanted  file2 given up",
        "client 4 got nothing of what it wanted",
        "makespan – (not everybody got everything) · 20 segments",
    ]


def test_faults_that_never_happened_are_told_a_line_each() -> None:
    never = tuple(f"kill client {rank} at 100s" for rank in range(1, MAX_PROBLEMS + 3))
    lines = lines_of(run_summary(result(client(1), faults_not_begun=never)))
    first = lines.index("never happened: kill client 1 at 100s")
    assert sum(line.startswith("never happened: ") for line in lines) == MAX_PROBLEMS
    assert lines[first + MAX_PROBLEMS] == "… and 2 more (--json has all)"


def test_an_index_that_thousands_make_small_has_digits_still() -> None:
    crowd = msgspec.structs.replace(result(client(1)), num_clients=1301, jain_index=0.001234)
    lines = lines_of(run_summary(crowd))
    assert "uploads spread with Jain's index 0.0012 (1 is even, 0.00077 one client alone)" in lines


def test_a_client_that_never_finished_has_a_dash() -> None:
    lines = lines_of(run_summary(result(client(1, finished_s=None))))
    assert row(lines[4])[6] == "–"


def test_a_thousand_clients_are_cut_to_a_table_that_says_so() -> None:
    lines = lines_of(run_summary(result(*(client(rank) for rank in range(1, 1001)))))
    assert sum(line.startswith("│") for line in lines) == MAX_ROWS
    assert sum(line.startswith("client ") for line in lines) == MAX_ROWS
    assert f"… and {1000 - MAX_ROWS} more (--json has all)" in lines


def test_the_longest_table_that_is_whole_says_nothing_more() -> None:
    lines = lines_of(run_summary(result(*(client(rank) for rank in range(1, MAX_ROWS + 1)))))
    assert not any("more" in line for line in lines)


def test_hostile_names_are_shown_escaped() -> None:
    hostile = result(
        client(1, file_times_s={HOSTILE: 0.5}), checks=(check(1, "wrong", HOSTILE, "line 1 is '\x1b'"),), output=HOSTILE
    )
    lines = lines_of(run_summary(hostile), width=140)
    assert lines[-5] == f"client 1 {HOSTILE_SHOWN} 0.500 s"
    assert lines[-2] == rf"client1_{HOSTILE_SHOWN} is wrong: line 1 is '\x1b'"
    assert lines[-1] == f"NOT proven: 0 of 1 wanted files are right: 1 wrong in {HOSTILE_SHOWN}"


def test_the_verdict_names_what_is_wrong_and_counts_the_rest() -> None:
    checks = (
        check(1, "right"),
        check(2, "missing"),
        *(check(rank, "wrong", "file2", "3 lines instead of 10") for rank in range(3, 3 + MAX_PROBLEMS)),
    )
    lines = lines_of(verification_summary(Verification(checks, ()), "out"))
    assert lines == [
        "client2_file1 is missing",
        *(f"client{rank}_file2 is wrong: 3 lines instead of 10" for rank in range(3, 2 + MAX_PROBLEMS)),
        "… and 1 more (--json has all)",
        f"NOT proven: 1 of 12 wanted files are right: 1 missing, {MAX_PROBLEMS} wrong in out",
    ]


def test_the_table_of_outputs_begins_with_those_that_are_not_right() -> None:
    checks = (check(1, "right"), check(2, "unreadable", HOSTILE), check(3, "right"))
    lines = lines_of(table_of(Verification(checks, ())))
    assert lines[0] == "Outputs against the inputs"
    assert [row(line) for line in lines[4:7]] == [
        ["2", HOSTILE_SHOWN, "10", "unreadable"],
        ["1", "file1", "10", "right"],
        ["3", "file1", "10", "right"],
    ]
    assert len(lines) == 8


def test_a_long_table_of_outputs_says_how_much_it_leaves_out() -> None:
    checks = tuple(check(rank, "right") for rank in range(1, MAX_ROWS + 3))
    assert lines_of(table_of(Verification(checks, ())))[-1] == "… and 2 more (--json has all)"


def test_files_that_nobody_wants_are_named_only_where_there_are_any() -> None:
    assert list(unexpected_files(Verification((), ()))) == []
    assert lines_of(unexpected_files(Verification((), ("client1_\x1b",)))) == [
        r"1 file that no client wants: client1_\x1b"
    ]
    names = tuple(f"client{rank}_x" for rank in range(1, 6))
    assert lines_of(unexpected_files(Verification((), names))) == [
        "5 files that no client wants: client1_x, client2_x, client3_x"
    ]


def test_a_line_longer_than_a_log_is_wide_is_not_broken() -> None:
    folder = "/".join(["folder"] * 40)
    [line] = lines_of(verification_summary(Verification((), ()), folder), width=80)
    assert line == f"proven: 0 of 0 wanted files are right in {folder}"
