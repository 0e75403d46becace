"""The screen of a replay, and its time line."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.protocol.events import (
    AnyEvent,
    Died,
    FaultBegan,
    FileWritten,
    Reported,
    RoundBegan,
    SegmentsTaken,
)
from emulator.replay.moment import Moment
from emulator.replay.player import Player
from emulator.replay.recording import Recording
from emulator.trace.records import Record
from emulator.view.replay.keys import KEYS, help_lines
from emulator.view.replay.screen import replay_screen, still
from emulator.view.replay.timeline import time_line
from tests.checker.histories import HandWritten
from tests.replay.traces import PAUSE, folded, player_of, read, written_by_hand
from tests.view.screens import lines_of, seen


@given(
    st.lists(
        st.sampled_from(
            [
                *("play_or_pause", "faster", "slower", "toggle_steps", "step", "step_back", "go_to_begin", "go_to_end"),
                *("jump miss", "jump completion", "jump violation", "back miss", "back completion", "advance"),
                *("down", "up", "toggle_messages", "deselect"),
            ]
        ),
        max_size=20,
    )
)
def test_whatever_keys_are_pressed_the_screen_is_that_of_its_moment(
    recording: Recording, records: list[Record], keys: list[str]
) -> None:
    player = Player(recording)
    for key in keys:
        name, _, kind = key.partition(" ")
        match name:
            case "jump" | "back":
                assert kind in ("miss", "completion", "violation")
                player.jump(kind, is_back=name == "back")  # type: ignore[arg-type]
            case "down" | "up":
                player.select_next(1 if name == "down" else -1)
            case "advance":
                player.advance(0.2)
            case _:
                getattr(player, name)()
    assert 0 <= player.position <= len(records)
    assert player.recording.time_at(player.position) <= player.now_s <= recording.duration_s
    assert vars(player.statistics) == folded(5, records[: player.position])
    lines = seen(replay_screen(player, 100, 30), 100)
    other = Player(recording, player.speed)
    other.seek_position(player.position)
    for name in ("now_s", "is_playing", "by_steps", "selected", "with_messages", "notice"):
        setattr(other, name, getattr(player, name))
    assert seen(replay_screen(other, 100, 30), 100) == lines
    assert len(lines) == 30


def test_a_violation_is_told_at_the_event_that_it_is_about(hand: Player) -> None:
    report = hand.recording.report
    found = [violation for judged in report.rules for violation in judged.violations if violation.lines]
    first = min(found, key=lambda violation: violation.lines[-1])
    hand.jump("violation")
    assert hand.position == first.lines[-1] - 1
    assert hand.violation.endswith(first.text)
    said = seen(replay_screen(hand, 200, 30), 200)
    assert said[-3].startswith(f"✗ against {', '.join(first.steps)}: ")
    assert "violation" in said[-4]
    hand.seek_position(3)
    assert hand.violation == ""


def test_the_time_line_shows_what_there_is_and_where_the_replay_is(tmp_path: Path) -> None:
    history = HandWritten(2, events=None)
    for tenths in range(11):
        missed = SegmentsTaken("file1", 1, False, (), True)
        event = (
            missed
            if tenths in (2, 3, 5)
            else FileWritten("file1", 1)
            if tenths in (5, 9)
            else RoundBegan("", 1, (), ())
        )
        history.records.append(Record(tenths / 10, 2, "download", "D3", event))
    history.records.append(Record(0.95, 2, "download", "D7", FileWritten("file1", 1)))
    player = player_of(history, tmp_path)
    player.seek(Moment(40, True))
    assert time_line(player, 10).plain == "━━··┃·───◆"
    player.seek(Moment(20, True))
    assert time_line(player, 10).plain == "━━··─·───◆"
    assert time_line(player, 1).plain == "◆"


def test_deaths_are_seen_on_the_time_line_before_faults_and_those_before_files(tmp_path: Path) -> None:
    history = HandWritten(2, events=None)
    fault, killing, died = FaultBegan(PAUSE), FaultBegan("kill client 2 at 50%"), Died("was killed")
    events: list[tuple[int, AnyEvent]]
    events = [(1, fault), (3, killing), (4, died), (5, fault), (5, died), (6, fault), (10, fault)]
    for tenths, event in events:
        history.records.append(Record(tenths / 10, 2, "main", "", event))
    history.records.insert(0, Record(0.0, 2, "main", "", Reported(0)))
    history.records.insert(-1, Record(0.6, 2, "download", "D7", FileWritten("file1", 1)))
    player = player_of(history, tmp_path)
    assert time_line(player, 10).plain == "┃!──††!──!"


@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 40), (200, 60), (40, 10), (20, 5), (1, 1)])
@pytest.mark.parametrize("selected", [None, 0, 2])
@pytest.mark.parametrize("with_help", [True, False])
def test_every_size_is_filled_exactly(
    recording: Recording, width: int, height: int, selected: int | None, with_help: bool
) -> None:
    player = Player(recording)
    player.seek(Moment(70, True))
    player.selected = selected
    screen = replay_screen(player, width, height, with_help=with_help)
    assert len(screen.renderables) == height
    assert {len(line.plain) for line in screen.renderables if hasattr(line, "plain")} == {width}


def test_the_last_line_of_the_smallest_screen_has_all_its_keys(hand: Player) -> None:
    assert seen(replay_screen(hand, 80, 24), 80)[-1] == (
        "space play  +/- speed  n/p step  g go to  m/c/v jump  ↓/↑ client  ? help  q quit"
    )


def test_help_names_every_key_and_fits_the_smallest_screen() -> None:
    lines = lines_of(help_lines(80, 20))
    assert all(any(key.meaning in line for line in lines) for key in KEYS)
    assert lines[-1] == "" or "on the time line" in lines[-1]
    documented = (Path(__file__).parents[3] / "docs" / "replay.md").read_text(encoding="utf-8")
    assert [
        key.meaning for key in KEYS if key.meaning.replace("40% or 0.12", "`40%` or `0.12`") not in documented
    ] == []


def test_a_cut_trace_is_shown_and_says_so(tmp_path: Path) -> None:
    recording = read(written_by_hand().write(tmp_path / "cut.jsonl", None))
    player = Player(recording)
    player.go_to_end()
    assert seen(still(player, 100, 24), 100)[0].endswith("replay · the trace is cut, without a last line")


def test_a_trace_without_an_event_can_be_looked_at(tmp_path: Path) -> None:
    player = player_of(HandWritten(2), tmp_path)
    for action in (player.step, player.step_back, player.go_to_end, player.play_or_pause):
        action()
    assert len(seen(replay_screen(player, 80, 24), 80)) == 24


def test_clients_and_segments_that_cannot_be_are_passed_over(tmp_path: Path) -> None:
    history = HandWritten(1)
    history.role(9, "file1", "seed")
    history.record(1, SegmentsTaken("file1", 7, True, (99,), False), "download")
    player = player_of(history, tmp_path)
    player.go_to_end()
    player.select(1)
    assert len(seen(replay_screen(player, 80, 24), 80)) == 24
