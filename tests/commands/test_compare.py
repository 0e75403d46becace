"""`emulator compare`, as a person and as a program use it."""

import csv
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands.calls import call, on_a_terminal
from tests.conftest import SAMPLES
from tests.ends.leftovers import SLACK, assert_no_process_left, kill_session, wait_until

SMALL = ("--clients", "3,5", "--segments", "4", "--repeat", "2", "--jobs", "2", "--strategies", "peers-first")
LONG = ("--clients", "250", "--segments", "50", "--jobs", "2", "--strategies", "peers-first")


def test_swarms_are_compared_and_kept_and_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results = tmp_path / "results"
    status, out, err = call(capsys, "compare", *SMALL, "--results", results, "--rate", "1 MB/s")
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == f"1 strategy × 2 swarms × 2 rng seeds: 4 runs, results in {results}"
    # 4 + 1 and 4 + 2 rounds of 262,144 bytes at 1 MB/s.
    assert "3 clients, 4 segments of 1 seed · bound 1.31 s (rounds)" in lines
    assert "5 clients, 4 segments of 1 seed · bound 1.57 s (rounds)" in lines
    assert sum(line.startswith(" peers-first ") for line in lines) == 4
    assert max(map(len, lines[1:])) <= 80
    assert (results / "runs.jsonl").read_text().count("\n") == 4
    assert call(capsys, "compare", *SMALL, "--results", results, "--rate", "1 MB/s")[1] == out


def test_programs_get_json_and_a_line_for_each_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "runs.csv"
    arguments = ("compare", *SMALL, "--results", tmp_path / "results", "--json", "--csv", table)
    status, out, err = call(capsys, *arguments)
    assert (status, err, out.count("\n")) == (0, "", 1)
    facts = json.loads(out)
    assert (facts["num_runs"], facts["num_kept"], facts["failures"], facts["exit_status"]) == (4, 0, [], 0)
    assert [swarm["clients"] for swarm in facts["swarms"]] == [3, 5]
    makespan = facts["swarms"][0]["strategies"]["peers-first"]["measures"]["makespan_s"]
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["clients"], row["rng_seed"]) for row in rows] == [("3", "0"), ("3", "1"), ("5", "0"), ("5", "1")]
    assert makespan["median"] == sum(float(row["makespan_s"]) for row in rows[:2]) / 2
    assert json.loads(call(capsys, *arguments)[1])["num_kept"] == 4


def test_scenarios_are_compared_in_their_own_size(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = SAMPLES / "flash-crowd"
    options = ("--strategies", "peers-first", "--repeat", "1", "--results", tmp_path, "--json")
    status, out, _ = call(capsys, "compare", "--scenarios", f"{folder},{SAMPLES}", *options)
    assert status == 0
    swarms = json.loads(out)["swarms"]
    assert [(swarm["scenario"], swarm["clients"]) for swarm in swarms] == [(str(folder), 22), (str(SAMPLES), 5)]
    assert all(swarm["bound_s"] > 0 for swarm in swarms)


def test_pictures_are_drawn_where_they_are_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plots = tmp_path / "plots"
    arguments = ("compare", "--clients", "3", *SMALL[2:], "--results", tmp_path / "results", "--plots", plots)
    assert call(capsys, *arguments)[0] == 0
    assert {path.name for path in plots.iterdir()} == {
        "completion-4-segments-of-1-seed-3-clients.svg",
        "completion-4-segments-of-1-seed-3-clients.png",
    }


def test_without_matplotlib_nothing_is_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    arguments = ("compare", *SMALL, "--results", tmp_path / "results", "--plots", tmp_path / "plots")
    status, out, err = call(capsys, *arguments)
    assert (status, out, err) == (1, "", "emulator: plots need the package matplotlib: pip install '.[plots]'\n")
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--clients", "3,,5"], "argument --clients: '3,,5' is no list such as a,b"),
        (["--clients", "3,x"], "argument --clients: 'x' is not a whole number of at most 20 digits"),
        (["--repeat", "0"], "argument --repeat: '0' is not a whole number from 1 to 1,000,000,000"),
        (["--jobs", "-1"], "argument --jobs: '-1' is not a whole number from 1 to 1,000,000,000"),
    ],
)
def test_wrong_usage_is_one_line(capsys: pytest.CaptureFixture[str], arguments: list[str], complaint: str) -> None:
    told = f"emulator compare: {complaint}; see emulator compare --help\n"
    assert call(capsys, "compare", *arguments) == (2, "", told)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--seeds", "3", "--clients", "3"], "--seeds 3: take 1 to 2, fewer than clients"),
        (["--scenarios", "a", "--segments", "5"], "--segments: scenarios have their own; leave out one of the two"),
        (["--strategies", "peers-first,peers-first"], "--strategies: 'peers-first' is there twice"),
    ],
)
def test_what_cannot_be_compared_is_one_line_for_people_and_one_object_for_programs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], complaint: str
) -> None:
    told = call(capsys, "compare", *arguments, "--results", tmp_path, "--json")
    assert told == (2, json.dumps({"error": complaint, "exit_status": 2}) + "\n", f"emulator: {complaint}\n")
    assert list(tmp_path.iterdir()) == []


def test_on_a_terminal_a_bar_is_shown_and_taken_away(tmp_path: Path) -> None:
    status, shown = on_a_terminal("compare", *SMALL, "--results", str(tmp_path / "results"))
    assert status == 0
    assert "━" in shown
    assert "4/4" in shown
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")
    assert shown.index("· bound 0.131 s") > shown.rindex("4/4")


def test_its_help_has_examples_and_says_how_it_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = call(capsys, "compare", "--help")
    assert status == 0
    assert out.startswith("usage: emulator compare [-h]")
    assert "examples:\n  emulator compare " in out
    assert "after Ctrl-C, the same command goes on" in out


# Ends


@pytest.fixture
def long_comparison(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """A comparison that would take minutes, in a session of its own; two of its runs are done."""
    process = subprocess.Popen(
        [sys.executable, "-m", "emulator", "compare", *LONG, "--repeat", "2000", "--results", str(tmp_path)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        runs = tmp_path / "runs.jsonl"
        wait_until(lambda: runs.exists() and runs.read_bytes().count(b"\n") >= 2, 30, "two runs are done")
        yield process
    finally:
        kill_session(process.pid)
        process.kill()
        process.communicate()


def test_ctrl_c_ends_all_at_once_and_the_same_command_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], long_comparison: "subprocess.Popen[str]"
) -> None:
    os.killpg(long_comparison.pid, signal.SIGINT)  # a terminal tells the workers as well
    _, said = long_comparison.communicate(timeout=2 * SLACK)
    assert long_comparison.returncode == 130
    assert said == "emulator: ended by SIGINT; what is done is kept, and the same command goes on\n"
    assert_no_process_left(long_comparison.pid)
    num_kept = (tmp_path / "runs.jsonl").read_bytes().count(b"\n")
    status, out, _ = call(capsys, "compare", *LONG, "--repeat", str(num_kept), "--results", tmp_path, "--json")
    facts = json.loads(out)
    assert (status, facts["num_runs"]) == (0, num_kept)
    # Two workers: the last run that is kept may have overtaken the one before it.
    assert facts["num_kept"] >= num_kept - 1


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGKILL])
def test_however_it_ends_no_process_is_left(signum: signal.Signals, long_comparison: "subprocess.Popen[str]") -> None:
    os.kill(long_comparison.pid, signum)
    long_comparison.communicate(timeout=5 * SLACK)
    assert long_comparison.returncode == (-signum if signum == signal.SIGKILL else 128 + signum)
    assert_no_process_left(long_comparison.pid, within_s=5)
