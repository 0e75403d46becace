"""`emulator replay`."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from emulator.replay.moment import Moment
from emulator.replay.player import Player
from emulator.view.replay.screen import still
from tests.replay.traces import read, trace_samples, written_by_hand
from tests.view.screens import seen


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trace_samples(tmp_path_factory.mktemp("traced"))


def emulator(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "emulator", "replay", *map(str, arguments)]
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)


def test_a_frame_goes_to_stdout(traced: Path) -> None:
    done = emulator(traced, "--at", "60%", "--size", "80x24")
    player = Player(read(traced))
    player.seek(Moment(60, True))
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.rstrip() for line in done.stdout.splitlines()] == seen(still(player, 80, 24), 80)


def test_a_frame_of_no_moment_is_that_of_the_end(traced: Path) -> None:
    done = emulator(traced, "--frame")
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 40
    assert "100.0%" in done.stdout.splitlines()[-3]
    assert {len(line) for line in done.stdout.splitlines()} == {120}


def test_without_a_terminal_a_replay_says_what_can_be_done(traced: Path) -> None:
    done = emulator(traced)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "emulator: a replay needs a terminal; --at 40% prints one frame, --record FILE.cast keeps all of it\n"
    )


def test_what_is_no_trace_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "t").write_text("hello\n")
    done = emulator(tmp_path / "t", "--at", "40%")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith(f"emulator: {tmp_path / 't'}:1: not the header of a trace")


def test_a_cut_trace_is_told_of_on_stderr(tmp_path: Path) -> None:
    trace = written_by_hand().write(tmp_path / "cut.jsonl", None)
    done = emulator(trace, "--frame")
    assert (done.returncode, done.stdout.count("\n")) == (0, 40)
    assert done.stderr == f"emulator: {trace}: the trace is cut, without a last line; all before that is shown\n"


def on_a_terminal(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Python with these arguments; what it writes to its terminal is lost, but for stderr's."""
    leader, follower = pty.openpty()
    errors, errors_follower = pty.openpty()
    try:
        command = [sys.executable, *arguments]
        environment = {**os.environ, "TERM": "xterm"}
        done = subprocess.run(
            command, stdin=follower, stdout=follower, stderr=errors_follower, env=environment, check=False
        )
        return subprocess.CompletedProcess(command, done.returncode, stderr=os.read(errors, 10_000))
    finally:
        for descriptor in (leader, follower, errors, errors_follower):
            os.close(descriptor)


def test_without_textual_a_replay_on_a_terminal_names_what_to_install(traced: Path) -> None:
    program = (
        "import sys; sys.modules['textual'] = None; "
        "from emulator.commands.command_line import run_command; sys.exit(run_command())"
    )
    done = on_a_terminal("-c", program, "replay", str(traced))
    assert done.returncode == 1
    assert done.stderr == b"emulator: a replay on a terminal needs the package textual: pip install '.[replay]'\r\n"
