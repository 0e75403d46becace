"""Usage, help, and where the words go."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from emulator import __version__
from tests.commands.calls import TIME_LIMIT_S, call, emulate, on_a_terminal
from tests.conftest import SAMPLES


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


WRONG: list[list[str]] = [
    ["check", "/nope"],
    ["--bogus"],
    ["replay", "/nope", "--frame"],
    ["--inputs", "/nope", "--json"],
    ["compare", "--csv", "/", "--json"],
]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("arguments", WRONG, ids=" ".join)
@pytest.mark.parametrize("streams", ["2>/dev/full", "2>&-", ">/dev/full 2>/dev/full", ">/dev/full 2>&-", ">&- 2>&-"])
def test_wrong_input_is_status_2_also_where_nothing_can_be_said(arguments: list[str], streams: str) -> None:
    command = f'exec "$@" {streams}'
    done = subprocess.run(
        ["sh", "-c", command, "sh", sys.executable, "-m", "emulator", *arguments], timeout=TIME_LIMIT_S
    )
    assert done.returncode == 2


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
