"""Pictures and casts: what a player of asciicasts accepts, made whole or not at all."""

import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from emulator.errors import InputError
from emulator.protocol.events import RoundBegan
from emulator.trace.records import Record
from emulator.view.replay import record
from emulator.view.replay.player import Player
from emulator.view.replay.record import FRAME_S, LAST_S, check_record, record_replay
from emulator.view.replay.recording import Recording
from emulator.view.replay.screen import plain, still
from tests.checker.histories import HandWritten
from tests.conftest import SAMPLES
from tests.view.screens import lines_of

SIZE = (80, 24)
Event = tuple[float, str, str]


def make_history(*times_s: float) -> HandWritten:
    """Client 1 begins a round at each of these times."""
    history = HandWritten(1, events=None)
    history.records = [
        Record(time_s, 1, "download", "D3", RoundBegan("file1", number, (), ()))
        for number, time_s in enumerate(times_s, 1)
    ]
    return history


def make_player(folder: Path, *times_s: float, speed: float = 1.0) -> Player:
    return Player(Recording(make_history(*times_s).write(folder / "t.jsonl")), speed)


def read_cast(path: Path) -> tuple[dict[str, object], list[Event]]:
    """A cast, read as its specification says: a header, then events whose times never go back."""
    first, *lines = path.read_text(encoding="utf-8").splitlines()
    header = json.loads(first)
    assert header["version"] == 2
    assert isinstance(header["width"], int)
    assert isinstance(header["height"], int)
    events = [json.loads(line) for line in lines]
    for event in events:
        time_s, kind, data = event
        assert isinstance(time_s, int | float)
        assert kind == "o"
        assert isinstance(data, str)
    assert [event[0] for event in events] == sorted(event[0] for event in events)
    return header, [tuple(event) for event in events]


def screens(events: list[Event], height: int) -> list[tuple[float, list[str]]]:
    """What a terminal shows after each event: whole lines are put at places, in colours that do not matter here."""
    shown = [""] * height
    found = []
    for time_s, _, data in events:
        for row, text in re.findall(r"\x1b\[([0-9]+);1H(.*?)(?=\x1b\[[0-9]+;[0-9]+H|$)", data, re.DOTALL):
            shown[int(row) - 1] = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text).rstrip()
        found.append((time_s, list(shown)))
    return found


def test_a_cast_shows_the_run_from_its_first_moment_to_its_last_in_frames_a_tenth_of_a_second_apart(
    tmp_path: Path,
) -> None:
    player = make_player(tmp_path, 0.0, 0.3, 0.55, 1.04)
    record_replay(player, tmp_path / "run.cast", SIZE, plain)
    header, events = read_cast(tmp_path / "run.cast")
    assert (header["width"], header["height"]) == SIZE
    assert header["title"] == player.facts.title
    frames = screens(events, SIZE[1])
    assert [time_s for time_s, _ in frames[:-1]] == pytest.approx([FRAME_S * number for number in range(12)])
    again = Player(player.recording, 1.0)
    again.play_or_pause()
    for _, lines in frames[:-1]:
        assert lines == lines_of([plain(again, *SIZE)], *SIZE)
        again.advance(FRAME_S)
    assert frames[-1][0] == pytest.approx(frames[-2][0] + LAST_S)
    assert frames[-1][1] == frames[-2][1]


def test_a_cast_hides_the_cursor_and_gives_it_back(tmp_path: Path) -> None:
    record_replay(make_player(tmp_path, 0.5), tmp_path / "run.cast", SIZE, plain)
    _, events = read_cast(tmp_path / "run.cast")
    assert events[0][2].startswith("\x1b[?25l\x1b[2J")
    assert events[-1][2].endswith("\x1b[?25h")


def test_a_run_that_lasts_a_blink_has_a_first_and_a_last_frame(tmp_path: Path) -> None:
    player = make_player(tmp_path, 0.001, 0.002)
    record_replay(player, tmp_path / "run.cast", SIZE, still)
    _, events = read_cast(tmp_path / "run.cast")
    frames = screens(events, SIZE[1])
    assert [time_s for time_s, _ in frames] == pytest.approx([0.0, FRAME_S, FRAME_S + LAST_S])
    assert "event 0 of 2" in frames[0][1][-3]
    assert "event 2 of 2" in frames[1][1][-3]


def test_a_slow_cast_takes_as_much_longer(tmp_path: Path) -> None:
    record_replay(make_player(tmp_path, 0.1, speed=0.1), tmp_path / "run.cast", SIZE, plain)
    _, events = read_cast(tmp_path / "run.cast")
    assert events[-2][0] == pytest.approx(1.0, abs=FRAME_S)
    assert len(events) == pytest.approx(12, abs=1)


def test_the_same_trace_gives_the_same_files(tmp_path: Path) -> None:
    for name in ("a.cast", "b.cast", "a.svg", "b.svg"):
        record_replay(make_player(tmp_path, 0.2, 0.4), tmp_path / name, SIZE, still)
    for suffix in ("cast", "svg"):
        assert (tmp_path / f"a.{suffix}").read_bytes() == (tmp_path / f"b.{suffix}").read_bytes()


def test_a_picture_is_svg_with_every_word_of_the_frame(tmp_path: Path) -> None:
    player = make_player(tmp_path, 0.2, 0.4)
    record_replay(player, tmp_path / "run.svg", SIZE, still)
    root = ElementTree.fromstring((tmp_path / "run.svg").read_bytes())  # noqa: S314 - this program wrote it
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    words = " ".join("".join(root.itertext()).split())
    player.go_to_end()
    for line in lines_of([still(player, *SIZE)], *SIZE):
        for word in line.split():
            assert word in words


def test_a_cast_that_would_be_endless_is_refused(tmp_path: Path) -> None:
    player = make_player(tmp_path, 1e6, speed=0.001)
    with pytest.raises(InputError, match="a cast of 10,000,000,000 frames is too long; give a higher --speed"):
        record_replay(player, tmp_path / "run.cast", SIZE, plain)
    assert [path.name for path in tmp_path.iterdir()] == ["t.jsonl"]


def test_a_failure_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "run.cast").write_text("before")

    def fail(*_: object) -> list[str]:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(record, "_lines", fail)
    with pytest.raises(OSError, match="No space left on device"):
        record_replay(make_player(tmp_path, 1.0), tmp_path / "run.cast", SIZE, plain)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run.cast", "t.jsonl"]
    assert (tmp_path / "run.cast").read_text() == "before"


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("run.png", "neither a picture nor a cast; give it a name that ends in .svg or .cast"),
        ("no/run.svg", "cannot be written (No such file or directory); choose another --record"),
        ("folder.svg", "not a regular file; choose another --record"),
    ],
)
def test_a_name_that_will_not_do_is_refused(tmp_path: Path, name: str, problem: str) -> None:
    (tmp_path / "folder.svg").mkdir()
    with pytest.raises(InputError, match=re.escape(f"{tmp_path / name}: {problem}")):
        check_record(tmp_path / name)


def emulator(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "emulator", *map(str, arguments)]
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("manner", ["--quiet", "--json"])
def test_a_run_without_a_terminal_is_recorded_at_a_size_that_suits_most(tmp_path: Path, manner: str) -> None:
    done = emulator("--inputs", SAMPLES, "--output", tmp_path / "out", manner, "--record", tmp_path / "run.cast")
    assert (done.returncode, done.stderr) == (0, "")
    header, events = read_cast(tmp_path / "run.cast")
    assert (header["width"], header["height"]) == (120, 40)
    last = screens(events, 40)[-1][1]
    assert last[0] == f"{SAMPLES}: 5 clients, strategy peers-first"
    assert "464 of 464 segments" in last[1]
    assert last[2].startswith("all clients have finished")


def test_a_replay_is_recorded_without_a_terminal(tmp_path: Path) -> None:
    trace = make_history(0.1, 0.2).write(tmp_path / "t.jsonl")
    for name in ("run.svg", "run.cast"):
        done = emulator("replay", trace, "--record", tmp_path / name, "--speed", "0.1", "--size", "80x24")
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    header, events = read_cast(tmp_path / "run.cast")
    assert (header["width"], header["height"]) == (80, 24)
    assert events[-2][0] == pytest.approx(2.0, abs=FRAME_S)


def test_a_replay_s_recording_does_not_take_the_trace_s_place(tmp_path: Path) -> None:
    trace = make_history(0.1).write(tmp_path / "run.cast")
    before = trace.read_bytes()
    done = emulator("replay", trace, "--record", trace)
    assert (done.returncode, done.stderr) == (
        2,
        f"emulator: {trace}: this is the trace itself; choose another --record\n",
    )
    assert trace.read_bytes() == before
