"""`emulator storm`, as a person and as a program use it."""

import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.storm.weather import Weather
from tests.commands.calls import call, on_a_terminal
from tests.conftest import SAMPLES
from tests.ends.leftovers import SLACK, assert_no_process_left, kill_session, processes_of, wait_until

GREEDY = '''
class Greedy:
    """Asks for a segment that it has."""

    def run_round(self, round):
        for uploader in (*round.peers, *round.seeds):
            with round.connect(uploader) as visit:
                while round.is_open and visit.take():
                    if visit.segments[-1] == 1:
                        visit.take(0)
'''


@pytest.fixture
def greedy(tmp_path: Path) -> str:
    (tmp_path / "greedy.py").write_text(GREEDY)
    return f"{tmp_path}/greedy.py:Greedy"


def test_a_storm_says_in_one_line_that_all_is_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    failure = tmp_path / "failure.toml"
    status, out, err = call(capsys, "storm", "--runs", "30", "--failure", failure)
    assert (status, err) == (0, "")
    assert out.startswith("all well: 30 runs with ")
    assert out.endswith(" a second\n")
    assert out.count("\n") == 1
    assert not failure.exists()


def test_the_same_numbers_make_the_same_storm(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("storm", "--runs", "12", "--json", "--rng-seed")
    first, again, other = (json.loads(call(capsys, *arguments, number)[1]) for number in ("5", "5", "50"))
    assert (first["num_runs"], first["exit_status"]) == (12, 0)
    assert first["num_faults"] == again["num_faults"] != other["num_faults"]
    assert json.loads(call(capsys, *arguments, "5", "--no-faults")[1])["num_faults"] == 0


def test_a_run_that_fails_is_told_made_small_and_made_again_by_one_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], greedy: str
) -> None:
    failure = tmp_path / "failure.toml"
    arguments = ("storm", "--runs", "200", "--jobs", "1", "--strategies", greedy, "--failure", failure)
    status, out, err = call(capsys, *arguments)
    assert (status, err) == (1, "")
    lines = out.splitlines()
    assert lines[0].startswith("run ")
    assert " fails, after " in lines[0]
    told = "ValueError: segment 0 of 'file1' is not missing: take one of round.missing()"
    assert any(line.endswith(told) for line in lines)
    assert any(line.startswith("made smaller, to 2 clients and 0 faults, ") for line in lines)
    assert lines[-2] == "this runs it once more, and checks it:"
    assert "clients = 2\nfiles = 1\n" in failure.read_text()
    words = shlex.split(lines[-1])
    assert words[:5] == ["emulator", "--scenario", str(failure), "--strategy", greedy]
    again = [sys.executable, "-m", "emulator", *words[1:]]
    done = subprocess.run(again, cwd=tmp_path, env=_environment(), capture_output=True, text=True)
    assert done.returncode == 1
    assert told in done.stderr


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(SAMPLES.parent)}


def test_programs_get_the_failure_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str], greedy: str) -> None:
    failure = tmp_path / "failure.toml"
    arguments = ("storm", "--runs", "200", "--strategies", greedy, "--failure", failure, "--no-faults", "--json")
    status, out, err = call(capsys, *arguments)
    assert (status, err, out.count("\n")) == (1, "", 1)
    facts = json.loads(out)
    assert (facts["exit_status"], facts["num_faults"], facts["failure"]["faults"]) == (1, 0, [])
    assert facts["failure"]["command"].startswith(f"emulator --scenario {failure} ")
    assert "greedy.py:10: ValueError" in facts["failure"]["shown"][0]
    assert 0 <= facts["failure"]["run"] < 200


def test_a_swarm_of_one_s_own_is_told_by_its_own_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], greedy: str
) -> None:
    failure = tmp_path / "failure.toml"
    arguments = ("--inputs", SAMPLES / "one-seed", "--clients", "2", "--strategies", greedy, "--failure", failure)
    status, out, _ = call(capsys, "storm", *arguments)
    assert status == 1
    command = out.splitlines()[-1]
    assert f"--inputs {SAMPLES / 'one-seed'} --clients 2 --strategy {greedy} --rng-seed " in command
    assert not failure.exists()
    done = subprocess.run(
        [sys.executable, "-m", *shlex.split(command)], cwd=tmp_path, env=_environment(), capture_output=True
    )
    assert done.returncode == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("--inputs", SAMPLES / "one-seed", "--clients", "4", "--runs", "3"),
        ("--scenario", SAMPLES / "scenarios" / "new-nodes.toml", "--clients", "5", "--runs", "2"),
        ("--every-step", "--rng-seed", "9", "--strategies", "peers-first"),
        ("--engine", "processes", "--runs", "2", "--strategies", "peers-first"),
    ],
)
def test_other_storms_pass_too(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = call(capsys, "storm", *arguments, "--json")
    assert (status, err) == (0, "")
    assert json.loads(out)["num_runs"] >= 2


def test_what_fails_only_once_is_told_all_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    parent = os.getpid()
    monkeypatch.setattr(Weather, "judge", lambda *_: () if os.getpid() == parent else ("something is wrong",))
    status, out, _ = call(capsys, "storm", "--runs", "1", "--failure", tmp_path / "failure.toml")
    lines = out.splitlines()
    assert status == 1
    assert lines[1:3] == ["  something is wrong", "run again, it did not fail: two runs of real processes differ"]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--strategies", "nothing"], "strategy 'nothing': unknown; take one of: "),
        (["--inputs", "a", "--scenario", "b"], "--inputs and --scenario: give one of them"),
        (["--clients", "3"], "--clients: limits --inputs or --scenario; give one of them too"),
        (["--every-step", "--runs", "3"], "--every-step: makes a run for each message; leave out --runs"),
        (["--every-step", "--no-faults"], "--every-step and --no-faults: give one of them"),
        (
            ["--every-step", "--engine", "processes"],
            "--every-step: kills before single messages, which needs --engine virtual",
        ),
        (["--inputs", "nowhere"], "nowhere: "),
    ],
)
def test_what_cannot_be_is_one_line_for_people_and_one_object_for_programs(
    capsys: pytest.CaptureFixture[str], arguments: list[str], complaint: str
) -> None:
    status, out, err = call(capsys, "storm", *arguments, "--json")
    assert (status, err.count("\n"), out.count("\n")) == (2, 1, 1)
    assert err.startswith(f"emulator: {complaint}")
    assert json.loads(out) == {"error": err.removeprefix("emulator: ").rstrip("\n"), "exit_status": 2}


def test_wrong_usage_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    told = "argument --runs: '0' is not a whole number from 1 to 1,000,000,000; see emulator storm --help\n"
    assert call(capsys, "storm", "--runs", "0") == (2, "", f"emulator storm: {told}")


def test_on_a_terminal_a_bar_is_shown_and_taken_away() -> None:
    status, shown = on_a_terminal("storm", "--runs", "300", "--no-faults")
    assert status == 0
    assert "━" in shown
    assert "300/300" in shown
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")
    assert shown.index("all well") > shown.rindex("300/300")


@pytest.fixture
def long_storm(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """A storm that would take hours, in a session of its own, with both its workers at work."""
    process = subprocess.Popen(
        [sys.executable, "-m", "emulator", "storm", "--runs", "1000000000", "--jobs", "2"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=_environment(),
        start_new_session=True,
    )
    try:
        wait_until(lambda: len(processes_of(process.pid)) == 3, 30, "both workers are there")
        yield process
    finally:
        kill_session(process.pid)
        process.kill()
        process.communicate()


def test_ctrl_c_ends_all_at_once_with_one_line(long_storm: "subprocess.Popen[str]", tmp_path: Path) -> None:
    os.killpg(long_storm.pid, signal.SIGINT)  # a terminal tells the workers as well
    out, err = long_storm.communicate(timeout=2 * SLACK)
    assert (long_storm.returncode, out) == (130, "")
    assert err.startswith("emulator: ended by SIGINT after ")
    assert err.endswith(" runs, in which all was well\n")
    assert err.count("\n") == 1
    assert_no_process_left(long_storm.pid)
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_while_a_failure_is_made_smaller_says_which_run_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    parent = os.getpid()

    def judge(*_: object) -> tuple[str, ...]:
        if os.getpid() == parent:
            os.kill(parent, signal.SIGINT)
        return ("something is wrong",)

    monkeypatch.setattr(Weather, "judge", judge)
    status, out, err = call(capsys, "storm", "--rng-seed", "7", "--failure", tmp_path / "failure.toml", "--jobs", "1")
    assert (status, out) == (130, "")
    assert err == "emulator: ended by SIGINT while run 7, which fails, was made smaller\n"


def test_its_help_has_examples(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = call(capsys, "storm", "--help")
    assert status == 0
    assert "emulator storm --runs 1000000 --no-faults" in out
