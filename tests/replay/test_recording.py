"""A trace that can be looked at from any of its events."""

import time
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.errors import InputError
from emulator.protocol.events import (
    DownloadStarted,
    Reported,
)
from emulator.replay.player import Player
from emulator.replay.recording import Recording
from emulator.scenario.scenario import read_scenario
from emulator.trace.records import Record
from tests.checker.histories import HandWritten
from tests.conftest import SAMPLES
from tests.replay.traces import folded, gone_wrong, player_of, read, written_by_hand
from tests.trace.exports.traces import as_foreign

SHOWN = (
    "num_from_peers",
    "num_from_seeds",
    "num_misses",
    "num_uploaded",
    "num_given",
    "num_rounds",
    "most_connections",
    "written_s",
    "roles",
    "files",
    "state",
)
"""Figures of a client that messages alone show as well as all events do."""


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
    assert [recording.record(at) for at in range(len(records))] == records
    assert recording.record(0) == records[0], "and after all the others again"


def test_a_trace_tells_wants_and_goals_as_the_inputs_do(recording: Recording) -> None:
    scenario = read_scenario(SAMPLES)
    assert recording.notes == []
    assert recording.goals == scenario.wanted_segments()
    assert recording.wanted == [list(client.wanted) for client in scenario.clients]


def test_without_messages_the_wants_are_what_clients_came_to(tmp_path: Path) -> None:
    history = written_by_hand().without("Sent", "Received")
    recording = player_of(history, tmp_path).recording
    assert (recording.goals, recording.wanted) == ([0, 4, 0], [[], ["file1"], []])


def test_what_a_client_finds_when_it_comes_back_it_had_to_get(tmp_path: Path) -> None:
    history = gone_wrong().without("Sent", "Received")
    assert player_of(history, tmp_path).recording.goals == [0, 4, 0]
    history.record(3, DownloadStarted("file1", 4, 4), "download")
    assert player_of(history, tmp_path).recording.goals == [0, 4, 0]


def test_a_story_goes_no_further_than_the_moment_and_keeps_to_its_client(
    recording: Recording, records: list[Record]
) -> None:
    position = len(records) // 2
    told = recording.story(3, position, 1000, with_messages=True)
    mine = [record for record in records[:position] if record.rank == 3]
    assert [record for record in told if record.rank == 3] == mine
    assert {record.rank for record in told} == {0, 3}
    assert recording.story(3, position, 5, with_messages=True) == told[-5:]


def test_time_begins_with_the_first_event_of_another_program_s_clock(tmp_path: Path) -> None:
    history = written_by_hand()
    for index, record in enumerate(history.records):
        history.records[index] = msgspec.structs.replace(record, time_s=record.time_s + 86_400)
    recording = read(history.write(tmp_path / "t"))
    assert (recording.time_at(1), recording.duration_s < 1.0) == (0.0, True)


def _untimed(figure: object) -> object:
    """The times of events and of their messages differ a little."""
    return (
        set(figure)
        if isinstance(figure, dict) and all(isinstance(value, float) for value in figure.values())
        else figure
    )


def test_a_trace_of_messages_alone_shows_what_all_events_show(tmp_path: Path, traced: Path) -> None:
    messages = read(as_foreign(traced, tmp_path / "foreign.jsonl", 9))
    whole = read(traced)
    shown, expected = (recording.cursor().move(recording.num_events) for recording in (messages, whole))
    for name in ("num_transferred", "num_finished", "num_reported", "barrier", "num_lists", "given", "roles"):
        assert getattr(shown, name) == getattr(expected, name), name
    for mine, other in zip(shown.clients, expected.clients, strict=True):
        for name in SHOWN:
            assert _untimed(getattr(mine, name)) == _untimed(getattr(other, name)), name
    assert (messages.goals, messages.wanted) == (whole.goals, whole.wanted)
    assert len(messages.index.told) > len(whole.index.told) / 2


def test_a_number_that_no_program_can_mean_is_a_problem_with_its_line(tmp_path: Path) -> None:
    history = HandWritten(1)
    history.record(1, DownloadStarted("file1", 1, 0), "download")
    text = b"\n".join(history.lines())
    (tmp_path / "t").write_bytes(text.replace(b'"num_segments":1', b'"num_segments":1' + b"0" * 30))
    with pytest.raises(InputError, match="t:2: here, or soon after, is a number too large to be shown"):
        read(tmp_path / "t")


def test_clients_that_a_header_only_claims_cost_nothing(tmp_path: Path) -> None:
    history = HandWritten(1_000_000)
    history.record(1_200, Reported(0))
    began_s = time.process_time()
    player = Player(read(history.write(tmp_path / "t")))
    player.go_to_end()
    assert player.recording.header.clients == 1_200
    assert player.statistics.num_reported == 1
    assert time.process_time() - began_s < 2.0
