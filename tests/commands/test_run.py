"""`emulator` without another command: a run, and the problems that keep one from beginning."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from emulator.scenario.scenario import read_scenario
from tests.commands.calls import call, emulate, on_a_terminal
from tests.conftest import SAMPLES

CROWD = SAMPLES / "flash-crowd"


def test_the_sample_swarm_runs_and_says_in_plain_lines_what_happened(tmp_path: Path) -> None:
    done = emulate("--clients", "5", "--inputs", SAMPLES, "--output", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == "5 clients and a tracker, 5 files, 464 segments to get, strategy peers-first"
    assert lines[-1] == f"proven: 14 of 14 wanted files are right in {tmp_path}"
    assert "\x1b" not in done.stdout, "no colours and no cursor movements where there is no terminal"
    assert sum("has everything it wanted (T8)" in line for line in lines) == 5
    expected = read_scenario(SAMPLES).expected_outputs()
    assert {path.name for path in tmp_path.iterdir()} == {f"client{rank}_{file}" for rank, file in expected}


def test_quiet_says_nothing(tmp_path: Path) -> None:
    done = emulate("--inputs", SAMPLES, "--output", tmp_path, "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_json_is_the_whole_result_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = call(
        capsys, "--inputs", CROWD, "--clients", "4", "--output", tmp_path, "--json", "--rng-seed", "7"
    )
    assert (status, err, out.count("\n")) == (0, "", 1)
    result = json.loads(out)
    assert result["is_proven"] is True
    assert (result["exit_status"], result["num_clients"], result["output"]) == (0, 4, str(tmp_path))
    assert result["num_segments"] == sum(read_scenario(CROWD, 4).wanted_segments())
    options = {"strategy": "peers-first", "quota": 10, "numwant": 50, "rng_seed": 7, "timeout_s": None}
    assert options.items() <= result["options"].items()
    assert [client["rank"] for client in result["clients"]] == [1, 2, 3, 4]
    assert set(result["clients"][0]) >= {
        *("num_from_peers", "num_from_seeds", "num_misses", "num_uploaded", "most_connections"),
        *("num_rounds", "file_times_s", "finished_s"),
    }
    assert {output["verdict"] for output in result["verification"]["outputs"]} == {"right"}
    assert {"elapsed_s", "makespan_s", "segments_per_s", "jain_index", "start_method"} < set(result)


def test_json_of_a_run_that_could_not_begin_says_why_and_so_does_stderr(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = call(capsys, "--inputs", tmp_path, "--output", tmp_path / "out", "--json")
    problem = f"{tmp_path}: no input files; they are called in1.txt, in2.txt, …"
    assert (status, err) == (2, f"emulator: {problem}\n")
    assert json.loads(out) == {"error": problem, "exit_status": 2, "is_proven": False}


def test_a_name_that_is_not_utf8_is_no_obstacle_to_json(tmp_path: Path) -> None:
    folder = os.fsdecode(os.fsencode(tmp_path) + b"/\xff")
    done = emulate("--inputs", SAMPLES, "--clients", "1", "--output", folder, "--json")
    # Only client 1 wants a file that no client owns.
    assert done.returncode == 2
    assert json.loads(done.stdout)["exit_status"] == 2
    done = emulate("--inputs", SAMPLES, "--output", folder, "--json")
    assert (done.returncode, json.loads(done.stdout)["output"]) == (0, folder)
    done = emulate("verify", "--inputs", SAMPLES, "--outputs", folder)
    assert done.stdout.splitlines()[-1] == rf"proven: 14 of 14 wanted files are right in {tmp_path}/\udcff"


def test_a_time_limit_ends_a_run_with_one_line(tmp_path: Path) -> None:
    done = emulate("--inputs", SAMPLES, "--output", tmp_path, "--timeout", "0.001", "--quiet")
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(r"emulator: the time limit was reached; still running: .+\n", done.stderr)


def test_on_a_terminal_the_run_is_watched_and_the_screen_given_back(tmp_path: Path) -> None:
    status, shown = on_a_terminal("--inputs", str(SAMPLES), "--output", str(tmp_path))
    assert status == 0
    assert "\x1b[?25l" in shown, "the cursor is hidden while the screen is drawn"
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
    assert "What each client did" in plain
    assert "proven: 14 of 14 wanted files are right" in plain.replace("\r\n", "")


def test_every_problem_of_the_input_is_one_line_and_nothing_is_run(tmp_path: Path) -> None:
    (tmp_path / "in1.txt").write_text("x\n")
    (tmp_path / "in3.txt").write_text("")
    output = tmp_path / "out"
    done = emulate("--inputs", tmp_path, "--clients", "3", "--output", output)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [
        f"emulator: {tmp_path}/in1.txt:1: expected the number of files owned, found 'x'; "
        "write a whole number in decimal digits",
        f"emulator: {tmp_path}/in2.txt: missing, a gap in the numbering; number the inputs from 1",
        f"emulator: {tmp_path}/in3.txt:1: the file is empty; begin with the number of files owned",
    ]
    assert not output.exists()


def test_an_output_folder_that_cannot_be_written_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    status, out, err = call(capsys, "--inputs", SAMPLES, "--output", tmp_path / "file" / "out", "--quiet")
    assert (status, out) == (2, "")
    assert err == f"emulator: {tmp_path}/file/out: cannot be written (Not a directory); choose another --output\n"


def test_every_fault_that_cannot_be_is_one_line_and_nothing_is_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    faults = ("--fault", "kill client 6 at 2s", "--fault", "pause client 1 at 2s for 1s", "--fault", "slow client 1")
    status, out, err = call(capsys, "--inputs", SAMPLES, "--output", tmp_path / "out", "--quiet", *faults)
    assert (status, out, err.splitlines()) == (
        2,
        "",
        [
            "emulator: --fault 1: '6': there is no client 6; there are 1 to 5",
            "emulator: --fault 3: after 'slow client 1' expected 'by'; found nothing more",
        ],
    )
    assert not (tmp_path / "out").exists()


def test_a_name_in_a_problem_cannot_move_the_cursor(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, _, err = call(capsys, "--inputs", tmp_path / "\x1b[2J")
    assert r"/\x1b[2J: cannot be read as a folder" in err
    assert "\x1b" not in err


def test_a_fault_that_cannot_be_is_told_before_anything_else() -> None:
    command = [sys.executable, "-m", "emulator", "--inputs", str(SAMPLES), "--fault", "kil client 3 at 40%"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith("emulator: --fault 1: expected one of: kill, ")
