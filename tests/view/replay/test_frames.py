"""Pictures and casts: what a player of asciicasts accepts."""

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from emulator.commands.record import write_record
from emulator.replay.player import Player
from emulator.view.replay.frames import FRAME_S, LAST_S
from emulator.view.replay.screen import plain, still, title_of
from tests.view.replay.casts import SIZE, make_player, read_cast, screens
from tests.view.screens import lines_of


def test_a_cast_shows_the_run_from_its_first_moment_to_its_last_in_frames_a_tenth_of_a_second_apart(
    tmp_path: Path,
) -> None:
    player = make_player(tmp_path, 0.0, 0.3, 0.55, 1.04)
    write_record(player, tmp_path / "run.cast", SIZE, plain)
    header, events = read_cast(tmp_path / "run.cast")
    assert (header["width"], header["height"]) == SIZE
    assert header["title"] == title_of(player.recording)
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
    write_record(make_player(tmp_path, 0.5), tmp_path / "run.cast", SIZE, plain)
    _, events = read_cast(tmp_path / "run.cast")
    assert events[0][2].startswith("\x1b[?25l\x1b[2J")
    assert events[-1][2].endswith("\x1b[?25h")


def test_a_run_that_lasts_a_blink_has_a_first_and_a_last_frame(tmp_path: Path) -> None:
    player = make_player(tmp_path, 0.001, 0.002)
    write_record(player, tmp_path / "run.cast", SIZE, still)
    _, events = read_cast(tmp_path / "run.cast")
    frames = screens(events, SIZE[1])
    assert [time_s for time_s, _ in frames] == pytest.approx([0.0, FRAME_S, FRAME_S + LAST_S])
    assert "event 0 of 2" in frames[0][1][-3]
    assert "event 2 of 2" in frames[1][1][-3]


def test_a_slow_cast_takes_as_much_longer(tmp_path: Path) -> None:
    write_record(make_player(tmp_path, 0.0, 0.1, speed=0.1), tmp_path / "run.cast", SIZE, plain)
    _, events = read_cast(tmp_path / "run.cast")
    assert events[-2][0] == pytest.approx(1.0, abs=FRAME_S)
    assert len(events) == pytest.approx(12, abs=1)


def test_the_same_trace_gives_the_same_files(tmp_path: Path) -> None:
    for name in ("a.cast", "b.cast", "a.svg", "b.svg"):
        write_record(make_player(tmp_path, 0.2, 0.4), tmp_path / name, SIZE, still)
    for suffix in ("cast", "svg"):
        assert (tmp_path / f"a.{suffix}").read_bytes() == (tmp_path / f"b.{suffix}").read_bytes()


def test_a_picture_is_svg_with_every_word_of_the_frame(tmp_path: Path) -> None:
    player = make_player(tmp_path, 0.2, 0.4)
    player.go_to_end()
    write_record(player, tmp_path / "run.svg", SIZE, still)
    root = ElementTree.fromstring((tmp_path / "run.svg").read_bytes())  # noqa: S314 - this program wrote it
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    words = " ".join("".join(root.itertext()).split())
    for line in lines_of([still(player, *SIZE)], *SIZE):
        for word in line.split():
            assert word in words
