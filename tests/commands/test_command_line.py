"""The command line: as a process of its own where that matters, else by a call of its main function."""

import errno
import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from emulator import __version__
from emulator.commands.command_line import run_command
from emulator.commands.completion import SHELLS
from emulator.errors import EmulatorError
from emulator.protocol.files import ClientInput, FileMetadata
from emulator.scenario.scenario import read_scenario, write_inputs
from tests.conftest import SAMPLES

TIME_LIMIT_S = 60
CROWD = SAMPLES / "flash-crowd"


def emulate(*arguments: str | Path, **options: Any) -> "subprocess.CompletedProcess[str]":
    """Run the command as a user does; `options` go to `subprocess.run`."""
    settings: dict[str, Any] = {"text": True, "timeout": TIME_LIMIT_S, "stderr": subprocess.PIPE}
    settings["stdout"] = subprocess.PIPE
    return subprocess.run([sys.executable, "-m", "emulator", *map(str, arguments)], **{**settings, **options})


def call(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    """Exit status, stdout and stderr of a call in this process."""
    capsys.readouterr()
    try:
        status = run_command([str(argument) for argument in arguments])
    except SystemExit as end:
        status = int(str(end.code))
    out, err = capsys.readouterr()
    return status, out, err


# Running


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
    # Client 1 alone wants what nobody owns: what counts is that it is said.
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


def on_a_terminal(*arguments: str) -> tuple[int, str]:
    """Exit status and all that a run writes to a terminal."""
    leader, follower = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "30"}
    environment.pop("NO_COLOR", None)
    process = subprocess.Popen(
        [sys.executable, "-m", "emulator", *arguments],
        stdin=follower,
        stdout=follower,
        stderr=follower,
        env=environment,
    )
    os.close(follower)
    shown = b""
    try:
        while chunk := _read(leader):
            shown += chunk
    finally:
        os.close(leader)
    return process.wait(TIME_LIMIT_S), shown.decode()


def _read(leader: int) -> bytes:
    try:
        return os.read(leader, 65536)
    except OSError as error:
        # How Linux says that nobody has the terminal open any more.
        if error.errno != errno.EIO:
            raise
        return b""


# Problems: one clear line each, and no traceback


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


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--clients", "0"], "argument --clients: '0' is not a whole number from 1 to 1,000,000,000"),
        (["--clients", "-1"], "argument --clients: '-1' is not a whole number from 1 to 1,000,000,000"),
        (["--clients", "1_0"], "argument --clients: '1_0' is not a whole number of at most 20 digits"),
        (["--clients", "１"], "argument --clients: '１' is not a whole number of at most 20 digits"),
        (["--quota", "10000000000"], "argument --quota: '10000000000' is not a whole number from 1 to 1,000,000,000"),
        (["--numwant", "1" * 5000], f"argument --numwant: '{'1' * 39} is not a whole number of at most 20 digits"),
        (["--rng-seed", "x"], "argument --rng-seed: 'x' is not a whole number of at most 20 digits"),
        (["--timeout", "nan"], "argument --timeout: 'nan' is not a number above 0, such as 20 or 0.5"),
        (["--timeout", "0"], "argument --timeout: '0' is not a number above 0, such as 20 or 0.5"),
        (["--quiet", "--json"], "argument --json: not allowed with argument --quiet"),
        (["--unknown"], "unrecognized arguments: --unknown"),
        (
            ["--quiet", "verify", "--inputs", "a", "--outputs", "b"],
            "the options before 'verify' are those of a run; put that word first",
        ),
    ],
)
def test_wrong_usage_is_one_line_that_leads_to_the_help(
    capsys: pytest.CaptureFixture[str], arguments: list[str], complaint: str
) -> None:
    assert call(capsys, *arguments) == (2, "", f"emulator: {complaint}; see emulator --help\n")


def test_an_unknown_strategy_is_answered_with_those_that_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = call(capsys, "--strategy", "luck")
    assert (status, out) == (2, "")
    known = "peers-first, seeds-only, random-segment, rarest-first, least-connected, endgame, swift"
    assert err == f"emulator: strategy 'luck': unknown; take one of: {known}, or path/to/file.py:Name\n"


# Where the words go


RUN = ["--inputs", str(SAMPLES), "--output"]
"""A run; the folder for the outputs is still missing."""


def commands_that_speak(output: Path) -> list[list[str]]:
    return [[*RUN, str(output)], [*RUN, str(output), "--json"], ["--help"], ["completion", "bash"]]


def test_a_reader_who_has_gone_is_no_error_to_talk_about(tmp_path: Path) -> None:
    """As with `emulator | head -1`: the pipe is closed from the start, so that no write can come before it."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        for arguments in commands_that_speak(tmp_path):
            done = emulate(*arguments, stdout=writer)
            assert (done.returncode, done.stderr) == (1, ""), arguments
    finally:
        os.close(writer)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_under_stdout_is_one_line(tmp_path: Path) -> None:
    with open("/dev/full", "w") as full:
        for arguments in commands_that_speak(tmp_path):
            done = emulate(*arguments, stdout=full)
            said = "emulator: stopped by the system: [Errno 28] No space left on device\n"
            assert (done.returncode, done.stderr) == (1, said), arguments


def test_the_first_line_may_be_all_that_is_read(tmp_path: Path) -> None:
    command = f"{sys.executable} -m emulator --inputs {SAMPLES} --output {tmp_path} | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=TIME_LIMIT_S, check=True)  # noqa: S602
    assert done.stdout == "5 clients and a tracker, 5 files, 464 segments to get, strategy peers-first\n"
    assert done.stderr == ""


def test_a_closed_stdout_swallows_what_is_said(tmp_path: Path) -> None:
    done = emulate("--inputs", SAMPLES, "--output", tmp_path, preexec_fn=lambda: os.close(1), stdout=None)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_narrow_encoding_loses_no_run(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = emulate("--inputs", SAMPLES, "--output", tmp_path, env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith(f"proven: 14 of 14 wanted files are right in {tmp_path}\n")


# Help, version, completion


def test_the_version_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(capsys, "--version") == (0, f"emulator {__version__}\n", "")


def test_help_is_grouped_by_purpose_with_every_option_and_examples(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = call(capsys, "--help")
    assert (status, err) == (0, "")
    headings = re.findall(r"(?m)^([a-z][a-z ,]+):", out)
    expected = [
        *("what to run", "how the protocol runs", "how it is carried out"),
        *("what goes wrong, on purpose, and what is done about it", "what is recorded and checked"),
        *("what is said", "other commands"),
    ]
    assert [heading for heading in headings if heading in expected] == expected
    for flag in (
        *("--clients", "--inputs", "--output", "--rng-seed", "--quota", "--numwant"),
        *("--strategy", "--start-method", "--timeout", "--trace", "--check", "--quiet", "--json", "--version"),
    ):
        assert re.search(rf"(?m)^  {flag}\b", out), flag
    assert "examples:\n  emulator --clients 5 --inputs samples/ " in out
    assert "exit status: 0 every wanted file is complete and proven; 1 " in out


@pytest.mark.parametrize("command", ["generate", "verify", "check", "completion"])
def test_each_command_has_its_own_help(capsys: pytest.CaptureFixture[str], command: str) -> None:
    status, out, _ = call(capsys, command, "--help")
    assert status == 0
    assert out.startswith(f"usage: emulator {command} [-h]")


def test_help_is_coloured_on_a_terminal_and_says_the_same() -> None:
    status, shown = on_a_terminal("--help")
    assert status == 0
    assert "\x1b[36m--clients\x1b[0m" in shown
    assert "\x1b[1mwhat to run:\x1b[0m" in shown
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    assert plain.split() == emulate("--help", env={**os.environ, "COLUMNS": "100"}).stdout.split()


@pytest.mark.parametrize("shell", SHELLS)
def test_there_is_a_completion_script_for_each_shell(capsys: pytest.CaptureFixture[str], shell: str) -> None:
    status, out, err = call(capsys, "completion", shell)
    assert (status, err) == (0, "")
    assert "emulator" in out
    assert "start-method" in out


@pytest.mark.parametrize(
    ("words", "completions"),
    [
        (["--st"], {"--strategy", "--start-method"}),
        (["--start-method", ""], {"fork", "spawn"}),
        (["ver"], {"verify"}),
        (["verify", "--o"], {"--outputs"}),
    ],
)
def test_bash_completes_options_values_and_commands(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], completions: set[str]
) -> None:
    script = tmp_path / "completion.bash"
    script.write_text(call(capsys, "completion", "bash")[1])
    subprocess.run(["bash", "-n", script], check=True, timeout=TIME_LIMIT_S)
    asked = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _shtab_emulator; echo "${COMPREPLY[@]}"'
    done = subprocess.run(
        ["bash", "-c", asked, "bash", script, "emulator", *words],
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT_S,
        check=True,
    )
    assert set(done.stdout.split()) == completions


def test_completion_without_its_package_says_how_to_get_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "shtab", None)
    status, out, err = call(capsys, "completion", "bash")
    assert (status, out) == (EmulatorError.exit_status, "")
    assert err == "emulator: completion needs the package shtab: pip install '.[completion]'\n"


# Generating and verifying


def generate(folder: Path, *arguments: str) -> Path:
    done = emulate("generate", "--output", folder, *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    return folder


def test_a_swarm_can_be_generated_run_and_verified(tmp_path: Path) -> None:
    inputs, output = tmp_path / "in", tmp_path / "out"
    done = emulate(
        "generate", "--clients", "6", "--files", "3", "--segments", "5-30", "--seeds", "2", "--output", inputs
    )
    assert done.returncode == 0
    assert done.stdout == f"6 input files in {inputs}; run them with: emulator --inputs {inputs}\n"
    assert len(list(inputs.iterdir())) == 6
    assert emulate("--inputs", inputs, "--output", output, "--quiet").returncode == 0
    done = emulate("verify", "--inputs", inputs, "--outputs", output)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == f"proven: 12 of 12 wanted files are right in {output}"


def test_generate_means_what_its_options_say(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = [
        "--clients",
        "4",
        "--files",
        "6",
        "--segments",
        "9",
        "--seeds",
        "3",
        "--wants",
        "0.5",
        "--rng-seed",
        "-3",
    ]
    for folder in ("one", "two"):
        assert call(capsys, "generate", *options, "--output", tmp_path / folder)[0] == 0
    one, two = read_scenario(tmp_path / "one"), read_scenario(tmp_path / "two")
    assert one.clients == two.clients
    assert len(one.clients) == 4
    assert {file.num_segments for file in one.files.values()} == {9}
    assert sum(len(client.owned) for client in one.clients) == 18
    assert [len(client.wanted) for client in one.clients] == [
        round((6 - len(client.owned)) / 2) for client in one.clients
    ]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--segments", "a-b"], "argument --segments: 'a-b' is neither a number nor a range such as 20-60"),
        (["--segments", "-5"], "argument --segments: '-5' is neither a number nor a range such as 20-60"),
        (["--segments", "5-"], "argument --segments: '5-' is neither a number nor a range such as 20-60"),
        (["--files", "1_0"], "argument --files: '1_0' is not a whole number of at most 20 digits"),
        (["--wants", "all"], "argument --wants: invalid float value: 'all'"),
    ],
)
def test_wrong_shapes_are_wrong_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], complaint: str
) -> None:
    status, out, err = call(capsys, "generate", *arguments, "--output", tmp_path / "in")
    assert (status, out, err) == (2, "", f"emulator generate: {complaint}; see emulator generate --help\n")


def test_impossible_shapes_are_named_one_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = call(
        capsys, "generate", "--clients", "2", "--seeds", "3", "--wants", "2", "--output", tmp_path / "in"
    )
    assert (status, out) == (2, "")
    assert err == "emulator: --seeds 3: give 1 to 2, the clients\nemulator: --wants 2.0: give a share from 0 to 1\n"
    assert not (tmp_path / "in").exists()


def test_a_swarm_that_would_fill_the_memory_is_refused_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shape = ["--clients", "1000000000", "--files", "1000000000", "--segments", "999999999"]
    status, out, err = call(capsys, "generate", *shape, "--output", tmp_path / "in")
    assert (status, out) == (2, "")
    assert err.splitlines() == [
        "emulator: --clients: 1,000,000,000 is too many; take at most 100,000",
        "emulator: --files: 1,000,000,000 is too many; take at most 100,000",
        "emulator: --clients × --files: 1,000,000,000,000,000,000 is too many; take at most 10,000,000",
        "emulator: --files × --segments × --seeds: 999,999,999,000,000,000 is too many; take at most 4,000,000",
    ]
    assert not (tmp_path / "in").exists()


@pytest.fixture
def proven(tmp_path: Path) -> tuple[Path, Path]:
    """Inputs, and outputs that are right, written by another program: with CRLF, and no newline at the end."""
    one, two = FileMetadata("one", "0a" * 16 + "0b" * 16), FileMetadata("two", "0c" * 16)
    scenario = write_inputs(tmp_path / "in", [ClientInput((one, two), ()), ClientInput((), ("one", "two"))])
    output = tmp_path / "out"
    output.mkdir()
    for (rank, file), metadata in scenario.expected_outputs().items():
        lines = [metadata.segment(index) for index in range(metadata.num_segments)]
        (output / f"client{rank}_{file}").write_bytes("\r\n".join(lines).encode())
    return scenario.inputs, output


def test_outputs_of_another_program_are_proven_whatever_ends_their_lines(
    proven: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    inputs, output = proven
    status, out, err = call(capsys, "verify", "--inputs", inputs, "--outputs", output)
    assert (status, err) == (0, "")
    assert out.splitlines()[0].strip() == "Outputs against the inputs"
    assert out.splitlines()[-1] == f"proven: 2 of 2 wanted files are right in {output}"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "client2_one is missing"),
        ("0a" * 16, "client2_one is wrong: 1 lines instead of 2"),
        ("0a" * 16 + "\n" + "0c" * 16, "client2_one is wrong: line 2 is segment 1 of 'two'"),
    ],
    ids=["missing", "truncated", "changed"],
)
def test_verify_finds_what_is_missing_truncated_or_changed(
    proven: tuple[Path, Path], capsys: pytest.CaptureFixture[str], content: str | None, said: str
) -> None:
    inputs, output = proven
    path = output / "client2_one"
    path.unlink()
    if content is not None:
        path.write_text(content)
    status, out, err = call(capsys, "verify", "--inputs", inputs, "--outputs", output)
    assert (status, err) == (1, "")
    verdict = "missing" if content is None else "wrong"
    assert out.splitlines()[-2:] == [said, f"NOT proven: 1 of 2 wanted files are right: 1 {verdict} in {output}"]
    status, out, _ = call(capsys, "verify", "--inputs", inputs, "--outputs", output, "--json")
    assert status == 1
    answer = json.loads(out)
    assert answer["is_proven"] is False
    assert [check["verdict"] for check in answer["outputs"]] == [verdict, "right"]


def test_verify_of_the_first_clients_ignores_the_others(
    proven: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    inputs, output = proven
    status, out, _ = call(capsys, "verify", "--inputs", inputs, "--outputs", output, "--clients", "1")
    assert status == 0
    assert "2 files that no client wants: client2_one, client2_two" in out


def test_verify_needs_a_folder_of_outputs(proven: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    inputs, output = proven
    problem = f"{output}/gone: not a folder; give the folder of the outputs"
    arguments: list[str | Path] = ["verify", "--inputs", inputs, "--outputs", output / "gone"]
    assert call(capsys, *arguments) == (2, "", f"emulator: {problem}\n")
    status, out, err = call(capsys, *arguments, "--json")
    assert (status, err) == (2, f"emulator: {problem}\n")
    assert json.loads(out) == {"error": problem, "exit_status": 2}


def test_a_fault_that_cannot_be_is_told_before_anything_else() -> None:
    command = [sys.executable, "-m", "emulator", "--inputs", str(SAMPLES), "--fault", "kil client 3 at 40%"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith("emulator: --fault 1: expected one of: kill, ")
