"""A replay: any moment of a trace, by keys and without, from a real run and from histories written by hand."""

import asyncio
import os
import pty
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Group
from textual.pilot import Pilot

from emulator.errors import InputError
from emulator.protocol.events import (
    AnyEvent,
    BarrierOpened,
    ClientFinished,
    ClientLeft,
    Died,
    DownloadStarted,
    FaultBegan,
    FaultEnded,
    FileUnavailable,
    FileWritten,
    PeerChosen,
    Restarted,
    RoundBegan,
    SeedChosen,
    SegmentRejected,
    SegmentsTaken,
)
from emulator.protocol.files import FileMetadata
from emulator.protocol.messages import Close
from emulator.running.runner import run
from emulator.scenario.options import Options
from emulator.scenario.scenario import read_scenario
from emulator.trace.reader import Trace
from emulator.trace.records import Record
from emulator.trace.statistics import SwarmStatistics
from emulator.view.replay import recording as replay_recording
from emulator.view.replay.app import ReplayApp
from emulator.view.replay.player import SPEEDS, Moment, Player, parse_moment
from emulator.view.replay.recording import Recording
from emulator.view.replay.screen import KEYS, help_lines, replay_screen, still, story, time_line
from tests.checker.histories import HandWritten
from tests.conftest import SAMPLES
from tests.view.screens import lines_of

FILE = FileMetadata("file1", "ab" * 16 * 4)


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The trace of a real run of the samples."""
    folder = tmp_path_factory.mktemp("traced")
    run(read_scenario(SAMPLES), folder / "out", Options(), trace=folder / "run.jsonl")
    return folder / "run.jsonl"


@pytest.fixture(scope="module")
def recording(traced: Path) -> Recording:
    """With many small copies of the statistics, so that every way to get somewhere is taken."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(replay_recording, "LEAST_BETWEEN_COPIES", 2 * replay_recording.CHUNK)
        recording = Recording(traced)
    assert recording.position_of_copy(recording.num_events) > 0
    return recording


@pytest.fixture(scope="module")
def records(traced: Path) -> list[Record]:
    with Trace(traced) as trace:
        return [Record(stamp.t, stamp.rank, stamp.thread, stamp.step, event) for _, stamp, event in trace.entries()]


def folded(num_clients: int, records: list[Record]) -> dict[str, object]:
    statistics = SwarmStatistics(num_clients)
    statistics.add_all(records)
    return vars(statistics)


def written_by_hand() -> HandWritten:
    """Client 2 wants a file of client 1, misses at client 3, and closes a connection that it never had."""
    history = HandWritten(3, events=None)
    history.begin({1: [FILE]}, {2: ["file1"], 3: []})
    history.record(0, BarrierOpened(2))
    history.record(2, DownloadStarted("file1", 4, 0), "download")
    history.record(2, RoundBegan("file1", 1, (1,), (3,)), "download")
    history.record(2, PeerChosen("file1", 3, (3,), 0), "download")
    history.record(2, SegmentsTaken("file1", 3, False, (), True), "download")
    history.record(2, SeedChosen("file1", 1, (1,), (5,)), "download")
    history.record(2, SegmentRejected("file1", 2, 1), "download")
    history.record(2, SegmentsTaken("file1", 1, True, (0, 1, 2, 3), False), "download")
    history.record(2, FileWritten("file1", 4), "download")
    history.message(2, 1, Close())
    return history


def player_of(history: HandWritten, folder: Path) -> Player:
    return Player(Recording(history.write(folder / "hand.jsonl")))


@pytest.fixture
def hand(tmp_path: Path) -> Player:
    return player_of(written_by_hand(), tmp_path)


def position_of(history: HandWritten, event: type) -> int:
    """When the first event of a kind has just happened."""
    return next(at for at, record in enumerate(history.records, 1) if isinstance(record.event, event))


def seen(group: Group, width: int) -> list[str]:
    return lines_of([group], width)


# Any moment


@given(places=st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_any_position_reached_in_any_way_shows_what_all_events_before_it_fold_to(
    recording: Recording, records: list[Record], places: list[float]
) -> None:
    player = Player(recording)
    for place in places:
        position = round(place * len(records))
        player.seek_position(position)
        assert vars(player.statistics) == folded(5, records[:position])


def test_every_event_of_the_trace_is_at_its_position(recording: Recording, records: list[Record]) -> None:
    assert recording.num_events == len(records)
    assert list(recording.records(0, len(records))) == records
    assert [recording.record(at) for at in (0, 255, 256, len(records) - 1)] == [
        records[at] for at in (0, 255, 256, len(records) - 1)
    ]


@given(share=st.floats(0, 100))
def test_a_percentage_leads_to_all_events_up_to_that_time(recording: Recording, share: float) -> None:
    player = Player(recording)
    player.seek(Moment(share, True))
    assert player.now_s == pytest.approx(recording.duration_s * share / 100)
    assert player.position == 0 or recording.time_at(player.position) <= player.now_s
    assert player.position == recording.num_events or recording.time_at(player.position + 1) > player.now_s


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


def test_the_facts_of_a_trace_are_those_of_the_live_run(recording: Recording) -> None:
    scenario = read_scenario(SAMPLES)
    facts = recording.facts()
    assert facts.title == f"{SAMPLES}: 5 clients, strategy peers-first"
    assert facts.note == "replay"
    assert facts.goals == scenario.wanted_segments()
    assert facts.wanted == [list(client.wanted) for client in scenario.clients]


def test_without_messages_the_wants_are_what_clients_came_to(tmp_path: Path) -> None:
    history = written_by_hand().without("Sent", "Received")
    facts = player_of(history, tmp_path).facts
    assert (facts.goals, facts.wanted) == ([0, 4, 0], [[], ["file1"], []])


# Time


def test_time_passes_at_the_speed_that_is_set_and_stops_at_the_end(recording: Recording) -> None:
    player = Player(recording, speed=0.01)
    assert not player.advance(1.0)
    player.play_or_pause()
    assert player.advance(1.0)
    assert (player.now_s, player.position) == (0.01, recording.position_at(0.01))
    player.faster()
    assert player.speed == 0.02
    player.advance(1.0)
    assert player.now_s == pytest.approx(0.03)
    player.advance(1e6)
    assert (player.now_s, player.position) == (recording.duration_s, recording.num_events)
    assert not player.is_playing
    player.play_or_pause()
    assert (player.now_s, player.is_playing) == (0.0, True)


def test_speeds_go_from_a_thousandth_to_a_hundred_times(recording: Recording) -> None:
    player = Player(recording, speed=1.0)
    for _ in SPEEDS:
        player.faster()
    assert player.speed == 100.0
    for _ in SPEEDS:
        player.slower()
    assert player.speed == 0.001


def test_a_short_run_begins_slowly_and_a_long_one_in_its_own_time(recording: Recording, tmp_path: Path) -> None:
    assert 10 <= recording.duration_s / Player(recording).speed < 10 * 2.5
    history = HandWritten(1)
    history.records = [Record(3600.0, 1, "main", "P2", BarrierOpened(1))]
    assert player_of(history, tmp_path).speed == 1.0


def test_by_steps_every_event_worth_a_sentence_takes_equally_long(recording: Recording) -> None:
    player = Player(recording, speed=1.0)
    player.toggle_steps()
    player.play_or_pause()
    for steps in range(1, 20):
        player.advance(0.2)
        assert player.position == recording.told[steps - 1]


def test_rates_are_of_the_second_before(tmp_path: Path) -> None:
    history = HandWritten(2)
    for time_s, segment in ((0.5, 0), (1.0, 1), (1.9, 2), (2.0, 3)):
        taken = SegmentsTaken("file1", 1, True, (segment,), False)
        history.records.append(Record(time_s, 2, "download", "D6", taken))
    player = player_of(history, tmp_path)
    player.go_to_end()
    assert (player.rates.total, player.rates.down, player.rates.up) == (2.0, [0.0, 2.0], [2.0, 0.0])
    player.seek(Moment(0.5, False))
    assert player.rates.total == 2.0


# Places


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("40%", Moment(40.0, True)),
        (" 12.5 % ", Moment(12.5, True)),
        ("0.12", Moment(0.12, False)),
        (".5 s", Moment(0.5, False)),
        ("3", Moment(3.0, False)),
    ],
)
def test_a_moment_is_a_percentage_or_a_time(text: str, moment: Moment) -> None:
    assert parse_moment(text) == moment


@pytest.mark.parametrize(
    "text", ["", "%", "101%", "-1", "1e3", "nan", "now", "1_0", "٣", "1.2.3", f"1{' ' * 300_000}x"]
)
def test_anything_else_is_no_moment(text: str) -> None:
    with pytest.raises(ValueError, match=r"is neither a percentage such as 40% nor a time in seconds such as 0\.12"):
        parse_moment(text)


def test_a_time_after_the_end_is_the_end(recording: Recording) -> None:
    player = Player(recording)
    player.seek(Moment(1e9, False))
    assert (player.position, player.now_s) == (recording.num_events, recording.duration_s)


def test_steps_lead_from_sentence_to_sentence_and_back(hand: Player) -> None:
    hand.seek_position(position_of(written_by_hand(), DownloadStarted))
    there = []
    for _ in range(3):
        hand.step()
        there.append(hand.last_record and type(hand.last_record.event))
    assert there == [RoundBegan, PeerChosen, SegmentsTaken]
    hand.step_back()
    hand.step_back()
    assert hand.last_record is not None
    assert isinstance(hand.last_record.event, RoundBegan)


def test_at_both_ends_there_is_no_further_step(hand: Player) -> None:
    hand.step_back()
    assert hand.position == 0
    hand.go_to_end()
    hand.step()
    assert hand.position == hand.recording.num_events


def test_jumps_lead_to_misses_files_and_violations_and_back(hand: Player) -> None:
    history = written_by_hand()
    miss, rejected = position_of(history, SegmentsTaken), position_of(history, SegmentRejected)
    hand.is_playing = True
    hand.jump("miss")
    assert (hand.position, hand.is_playing) == (miss, False)
    hand.jump("miss")
    assert hand.position == rejected
    hand.jump("miss")
    assert (hand.position, hand.notice) == (rejected, "no miss after this")
    hand.jump("miss", is_back=True)
    assert hand.position == miss
    hand.jump("miss", is_back=True)
    assert (hand.position, hand.notice) == (miss, "no miss before this")
    hand.jump("completion")
    assert hand.position == position_of(history, FileWritten)


def gone_wrong() -> HandWritten:
    """Client 2 of `written_by_hand` stands still, dies with half of its file, comes back, and gives the file up."""
    history = HandWritten(3, events=None)
    history.begin({1: [FILE]}, {2: ["file1"], 3: []})
    history.record(0, BarrierOpened(2))
    history.record(2, DownloadStarted("file1", 4, 0), "download")
    history.record(2, FaultBegan(PAUSE))
    history.record(2, FaultEnded(PAUSE))
    history.record(2, SegmentsTaken("file1", 1, True, (0, 1), False), "download")
    history.record(2, FaultBegan("kill client 2 at 50%"))
    history.record(2, Died("was killed"))
    history.record(2, Restarted(True))
    history.record(2, DownloadStarted("file1", 4, 2), "download")
    history.record(2, FileUnavailable("file1", 2, 2), "download")
    history.record(0, ClientFinished(2))
    history.record(0, ClientLeft(2))
    return history


PAUSE = "pause client 2 at 2ms for 1ms"


def test_deaths_and_faults_have_marks_of_their_own_and_keys_that_lead_to_them(tmp_path: Path) -> None:
    history = gone_wrong()
    player = player_of(history, tmp_path)
    kinds = (FaultBegan, FaultEnded, Restarted, FileUnavailable)
    there = []
    for _ in kinds:
        player.jump("fault")
        there.append(player.position)
    assert there == [position_of(history, kind) for kind in kinds]
    player.jump("fault")
    assert player.notice == "no fault after this"
    player.jump("death", is_back=True)
    assert player.position == position_of(history, Died)


def test_deaths_are_seen_on_the_time_line_before_faults_and_those_before_files(tmp_path: Path) -> None:
    history = HandWritten(2, events=None)
    fault, killing, died = FaultBegan(PAUSE), FaultBegan("kill client 2 at 50%"), Died("was killed")
    events: list[tuple[int, AnyEvent]]
    events = [(1, fault), (3, killing), (4, died), (5, fault), (5, died), (6, fault), (10, fault)]
    for tenths, event in events:
        history.records.append(Record(tenths / 10, 2, "main", "", event))
    history.records.insert(-1, Record(0.6, 2, "download", "D7", FileWritten("file1", 1)))
    player = player_of(history, tmp_path)
    assert time_line(player, 10).plain == "┃!──††!──!"


def test_a_story_tells_of_death_and_return(tmp_path: Path) -> None:
    player = player_of(gone_wrong(), tmp_path)
    player.select(2)
    player.go_to_end()
    lines = lines_of(story(player, 80, 11))
    assert lines[0] == "client 2 departed"
    assert [line[13:].strip() for line in lines[1:]] == [
        f"fault begins: {PAUSE}",
        f"fault ends: {PAUSE}",
        "got 2 segments of file1 from seed 1",
        "fault begins: kill client 2 at 50%",
        "is dead: it was killed",
        "is started again with what it had on its disk",
        "begins file1, 4 segments",
        "gives up file1 with 2 segments: nobody has 2 segments of it",
        "the tracker learns that client 2 has everything it can get",
        "the tracker takes client 2 out of all swarms: it has departed",
    ]


def test_what_a_client_finds_when_it_comes_back_it_had_to_get(tmp_path: Path) -> None:
    history = gone_wrong().without("Sent", "Received")
    assert player_of(history, tmp_path).facts.goals == [0, 4, 0]
    history.record(3, DownloadStarted("file1", 4, 4), "download")
    assert player_of(history, tmp_path).facts.goals == [0, 4, 0]


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


# Clients


def test_all_around_the_clients_stands_the_tracker(hand: Player) -> None:
    ranks = []
    for _ in range(5):
        hand.select_next(1)
        ranks.append(hand.selected)
    assert ranks == [1, 2, 3, 0, 1]
    hand.deselect()
    hand.select_next(-1)
    assert hand.selected == 3
    hand.select(7)
    assert (hand.selected, hand.notice) == (3, "there is no client 7: they are 1 to 3")


def test_a_client_s_story_says_what_it_did_and_why_it_chose_whom_it_chose(hand: Player) -> None:
    history = written_by_hand()
    hand.select(2)
    hand.seek_position(position_of(history, PeerChosen))
    first = position_of(history, DownloadStarted)
    times = [f"   {at / 1000:.4f}" for at in range(first - 1, first + 2)]
    assert lines_of(story(hand, 80, 7)) == [
        "client 2 downloading",
        f"why peer 3? (, {(first + 1) / 1000:.4f} s)",
        "  the tracker had named seed 1 and peer 3 for round 1 of file1",
        "  drawn at random from peer 3",
        f"{times[0]}    begins file1, 4 segments",
        f"{times[1]}    begins round 1 of file1: 1 seed, 1 peer",
        f"{times[2]}    tries peer 3 for file1: at random among 1",
    ]
    hand.seek_position(position_of(history, SeedChosen))
    assert lines_of(story(hand, 80, 7))[1:4] == [
        f"why seed 1? (, {(first + 3) / 1000:.4f} s)",
        "  the tracker had named seed 1 and peer 3 for round 1 of file1",
        "  it asked for numbers of open connections, and took the fewest: seed 1 had 5",
    ]


def test_a_story_goes_no_further_than_the_moment_and_keeps_to_its_client(
    recording: Recording, records: list[Record]
) -> None:
    position = len(records) // 2
    told = recording.story(3, position, 1000, with_messages=True)
    mine = [record for record in records[:position] if record.rank == 3]
    assert [record for record in told if record.rank == 3] == mine
    assert {record.rank for record in told} == {0, 3}
    assert recording.story(3, position, 5, with_messages=True) == told[-5:]


def test_messages_are_in_a_story_where_they_are_asked_for(hand: Player) -> None:
    hand.select(2)
    hand.go_to_end()
    assert not any("Close" in line for line in lines_of(story(hand, 80, 20)))
    hand.toggle_messages()
    assert any(line.endswith("to client 1: Close") for line in lines_of(story(hand, 80, 20)))


# The screen


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
    recording = Recording(written_by_hand().write(tmp_path / "cut.jsonl", None))
    player = Player(recording)
    player.go_to_end()
    assert seen(still(player, 100, 24), 100)[0].endswith("replay · the trace is cut, without a last line")


def test_a_trace_of_messages_alone_says_that_there_is_little_to_show(tmp_path: Path) -> None:
    history = written_by_hand().without("SegmentsTaken")
    assert Recording(history.write(tmp_path / "t")).notes == ["no SegmentsTaken events: there is little to show"]


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


def test_a_number_that_no_program_can_mean_is_a_problem_with_its_line(tmp_path: Path) -> None:
    history = HandWritten(1)
    history.record(1, DownloadStarted("file1", 1, 0), "download")
    text = b"\n".join(history.lines())
    (tmp_path / "t").write_bytes(text.replace(b'"num_segments":1', b'"num_segments":1' + b"0" * 30))
    with pytest.raises(InputError, match="t:2: here, or soon after, is a number too large to be shown"):
        Recording(tmp_path / "t")


# The keys, on a terminal that is not there

Story = Callable[[ReplayApp, "Pilot[int]"], Awaitable[None]]


def play(recording: Recording, story: Story, size: tuple[int, int] = (80, 24)) -> int | None:
    """Do this with a running replay; gives the exit status."""

    async def session() -> int | None:
        app = ReplayApp(Player(recording, speed=0.001))
        async with app.run_test(size=size) as pilot:
            await story(app, pilot)
        return app.return_value

    return asyncio.run(session())


def screen_of(app: ReplayApp) -> list[str]:
    """The text that the terminal has, line by line."""
    strips = app.screen._compositor.render_strips()
    return ["".join(segment.text for segment in strip).rstrip() for strip in strips]


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
def test_the_terminal_shows_the_replay_s_screen(recording: Recording, size: tuple[int, int]) -> None:
    async def story(app: ReplayApp, pilot: Pilot[int]) -> None:
        await pilot.press("end", "2", "enter")
        assert screen_of(app) == seen(replay_screen(app.player, *size), size[0])
        await pilot.resize_terminal(100, 30)
        await pilot.pause()
        assert screen_of(app) == seen(replay_screen(app.player, 100, 30), 100)

    play(recording, story, size)


def test_every_key_does_what_the_help_says(recording: Recording) -> None:
    async def story(app: ReplayApp, pilot: Pilot[int]) -> None:
        player = app.player

        async def after(*keys: str) -> Player:
            await pilot.press(*keys)
            return player

        assert (await after("plus")).speed == 0.002
        assert (await after("minus")).speed == 0.001
        assert (await after("end")).position == recording.num_events
        assert (await after("home")).position == 0
        assert (await after("n", "right")).position == recording.told[1]
        assert (await after("p", "left")).position == 0
        assert (await after("m", "m")).position == recording.marks["miss"][1]
        assert (await after("M")).position == recording.marks["miss"][0]
        assert (await after("home", "c", "c")).position == recording.marks["completion"][1]
        assert (await after("C")).position == recording.marks["completion"][0]
        assert (await after("v")).notice == "no violation after this"
        assert (await after("V")).notice == "no violation before this"
        assert (await after("d")).notice == "no death after this"
        assert (await after("D")).notice == "no death before this"
        assert (await after("f")).notice == "no fault after this"
        assert (await after("F")).notice == "no fault before this"
        assert (await after("g", *"50%", "enter")).position == recording.position_at(recording.duration_s / 2)
        assert (await after("g", *"soon", "enter")).notice.startswith("'soon' is neither a percentage")
        assert (await after("g", "1", "escape")).notice.startswith("'soon'")
        assert (await after("down", "down")).selected == 2
        assert (await after("up")).selected == 1
        assert (await after("4", "enter")).selected == 4
        assert (await after("9", "9", "enter")).notice == "there is no client 99: they are 1 to 5"
        assert (await after("a")).with_messages
        assert (await after("escape")).selected is None
        assert (await after("s")).by_steps
        assert (await after("space")).is_playing
        assert not (await after("space")).is_playing
        await pilot.press("question_mark")
        assert screen_of(app)[0] == "keys"
        await pilot.press("question_mark")
        assert screen_of(app)[0].startswith(player.facts.title[:40])
        await pilot.press("q")

    assert play(recording, story) == 0


def test_while_it_plays_the_screen_follows(recording: Recording) -> None:
    async def story(app: ReplayApp, pilot: Pilot[int]) -> None:
        app.player.speed = 100.0
        await pilot.press("space")
        while not app.player.is_at_end:
            await pilot.pause(0.01)
        await pilot.pause()
        assert f"event {recording.num_events:,} of {recording.num_events:,}" in screen_of(app)[-4]

    play(recording, story)


# The command


def emulator(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "emulator", "replay", *map(str, arguments)]
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)


def test_a_frame_goes_to_stdout(traced: Path, recording: Recording) -> None:
    done = emulator(traced, "--at", "60%", "--size", "80x24")
    player = Player(recording)
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
