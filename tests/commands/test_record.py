"""`--record`, of a run and of a replay."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from emulator.commands.record import check_record, write_record
from emulator.errors import InputError
from emulator.view.replay import frames
from emulator.view.replay.frames import FRAME_S
from emulator.view.replay.screen import plain
from tests.commands.calls import call, emulate
from tests.conftest import SAMPLES
from tests.ends.leftovers import wait_until
from tests.view.replay.casts import SIZE, make_history, make_player, read_cast, screens

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
    wait_until(lambda: trace.exists() and b'"event":"BarrierPassed"' in trace.read_bytes(), 30, "the run has begun")
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


@pytest.mark.parametrize("manner", ["--quiet", "--json"])
def test_a_run_without_a_terminal_is_recorded_at_a_size_that_suits_most(tmp_path: Path, manner: str) -> None:
    done = emulate("--inputs", SAMPLES, "--output", tmp_path / "out", manner, "--record", tmp_path / "run.cast")
    assert (done.returncode, done.stderr) == (0, "")
    header, events = read_cast(tmp_path / "run.cast")
    assert (header["width"], header["height"]) == (120, 40)
    last = screens(events, 40)[-1][1]
    assert last[0] == f"{SAMPLES}: 5 clients, strategy peers-first"
    assert "464 of 464 segments" in last[1]
    assert last[2].startswith("all clients have finished")


def test_a_replay_is_recorded_without_a_terminal(tmp_path: Path) -> None:
    trace = make_history(0.0, 0.2).write(tmp_path / "t.jsonl")
    for name in ("run.svg", "run.cast"):
        done = emulate("replay", trace, "--record", tmp_path / name, "--speed", "0.1", "--size", "80x24")
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    header, events = read_cast(tmp_path / "run.cast")
    assert (header["width"], header["height"]) == (80, 24)
    assert events[-2][0] == pytest.approx(2.0, abs=FRAME_S)


def test_a_replay_s_recording_does_not_take_the_trace_s_place(tmp_path: Path) -> None:
    trace = make_history(0.1).write(tmp_path / "run.cast")
    before = trace.read_bytes()
    done = emulate("replay", trace, "--record", trace)
    assert (done.returncode, done.stderr) == (
        2,
        f"emulator: {trace}: this is the trace itself; choose another --record\n",
    )
    assert trace.read_bytes() == before


def test_a_cast_that_would_be_endless_is_refused(tmp_path: Path) -> None:
    player = make_player(tmp_path, 0.0, 1e6, speed=0.001)
    with pytest.raises(InputError, match="a cast of 10,000,000,000 frames is too long; give a higher --speed"):
        write_record(player, tmp_path / "run.cast", SIZE, plain)
    assert [path.name for path in tmp_path.iterdir()] == ["t.jsonl"]


def test_a_failure_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "run.cast").write_text("before")

    def fail(*_: object) -> list[str]:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(frames, "_lines", fail)
    with pytest.raises(OSError, match="No space left on device"):
        write_record(make_player(tmp_path, 1.0), tmp_path / "run.cast", SIZE, plain)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run.cast", "t.jsonl"]
    assert (tmp_path / "run.cast").read_text() == "before"


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("run.png", "neither a picture nor a cast; give it a name that ends in .svg or .cast"),
        ("no/run.svg", "cannot be written (No such file or directory); choose another --record"),
        ("folder.svg", "not a regular file, a character device or a pipe; choose another --record"),
    ],
)
def test_a_name_that_will_not_do_is_refused(tmp_path: Path, name: str, problem: str) -> None:
    (tmp_path / "folder.svg").mkdir()
    with pytest.raises(InputError, match=re.escape(f"{tmp_path / name}: {problem}")):
        check_record(tmp_path / name, [])
