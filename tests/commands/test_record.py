"""`--record` of a run."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands.test_command_line import call
from tests.conftest import SAMPLES
from tests.ends.leftovers import wait_until

Capture = pytest.CaptureFixture[str]


def test_a_run_whose_tracker_died_is_recorded(tmp_path: Path, capsys: Capture) -> None:
    record = tmp_path / "died.svg"
    arguments: list[str | Path] = ["--inputs", SAMPLES, "--output", tmp_path / "out", "--quiet", "--record", record]
    status, _, err = call(capsys, *arguments, "--pace", "20", "--fault", "kill tracker at 300ms")
    assert (status, err.count("\n")) == (1, 1)
    assert "cut" in record.read_text()


def test_a_run_that_a_signal_ends_is_not_recorded(tmp_path: Path) -> None:
    trace, record = tmp_path / "run.jsonl", tmp_path / "stopped.svg"
    words = ["--inputs", SAMPLES, "--output", tmp_path / "out", "--quiet", "--pace", "5"]
    process = subprocess.Popen(
        [sys.executable, "-m", "emulator", *map(str, words), "--trace", trace, "--record", record],
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until(lambda: trace.exists() and b"BarrierPassed" in trace.read_bytes(), 30, "the run has begun")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    told = "emulator: ended by SIGINT before every wanted file was there; nothing is recorded\n"
    assert (process.returncode, err) == (130, told)
    assert not record.exists()


def test_a_record_does_not_take_the_place_of_the_trace(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "run.cast"
    arguments: list[str | Path] = ["--inputs", SAMPLES, "--output", tmp_path / "out", "--quiet"]
    status, _, err = call(capsys, *arguments, "--record", path, "--trace", path)
    assert (status, err) == (2, f"emulator: {path}: this is the trace itself; choose another --record\n")
    assert list(tmp_path.iterdir()) == []
