"""Where a replay is: its time, its places, and the client that it looks at."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.protocol.events import (
    BarrierOpened,
    Died,
    DownloadStarted,
    FaultBegan,
    FaultEnded,
    FileUnavailable,
    FileWritten,
    PeerChosen,
    Restarted,
    RoundBegan,
    SegmentRejected,
    SegmentsTaken,
)
from emulator.replay.moment import Moment
from emulator.replay.player import SPEEDS, Player
from emulator.replay.recording import Recording
from emulator.trace.records import Record
from tests.checker.histories import HandWritten
from tests.replay.traces import gone_wrong, player_of, position_of, written_by_hand


@given(share=st.floats(0, 100))
def test_a_percentage_leads_to_all_events_up_to_that_time(recording: Recording, share: float) -> None:
    player = Player(recording)
    player.seek(Moment(share, True))
    assert player.now_s == pytest.approx(recording.duration_s * share / 100)
    assert player.position == 0 or recording.time_at(player.position) <= player.now_s
    assert player.position == recording.num_events or recording.time_at(player.position + 1) > player.now_s


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
        assert player.position == recording.index.told[steps - 1]


def test_rates_are_of_the_second_before(tmp_path: Path) -> None:
    history = HandWritten(2)
    history.record(0, BarrierOpened(2))
    history.records[0] = msgspec.structs.replace(history.records[0], time_s=0.0)
    for time_s, segment in ((0.5, 0), (1.0, 1), (1.9, 2), (2.0, 3)):
        taken = SegmentsTaken("file1", 1, True, (segment,), False)
        history.records.append(Record(time_s, 2, "download", "D6", taken))
    player = player_of(history, tmp_path)
    player.go_to_end()
    assert (player.rates.total, player.rates.down, player.rates.up) == (2.0, [0.0, 2.0], [2.0, 0.0])
    player.seek(Moment(0.5, False))
    assert player.rates.total == 2.0


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
