"""The promises themselves: a history written by hand keeps them all, and whatever is wrong in it breaks one.

Client 1 owns a file of twelve segments. Clients 2 and 3 want it: 2 gets all from seeds, 3 the first ten from 2.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from emulator import Options, write_inputs
from emulator.protocol.events import (
    AnyEvent,
    BarrierOpened,
    BarrierPassed,
    ClientFinished,
    ConnectionClosed,
    ConnectionOpened,
    DownloadsFinished,
    DownloadStarted,
    FileWritten,
    PeerChosen,
    Reported,
    RoleChanged,
    RoundBegan,
    RoundEnded,
    SeedChosen,
    SegmentRejected,
    SegmentsTaken,
    ThreadEnded,
)
from emulator.protocol.files import ClientInput
from emulator.scenario.scenario import output_name
from emulator.scenario.storage import DirectoryStorage
from emulator.trace.records import Record, ThreadName
from tests.conformance import promises
from tests.conformance.history import History
from tests.conformance.promises import PEERS_FIRST_PROMISES, PROMISES, Promise
from tests.protocol.scripted import file_of

F = "file1"
FILE = file_of(12, F)
FIRST_TEN, LAST_TWO = tuple(range(10)), (10, 11)

STORY: list[tuple[int, str, AnyEvent]] = [
    (1, "P2", Reported(1)),
    (2, "P2", Reported(0)),
    (3, "P2", Reported(0)),
    (0, "T1", RoleChanged(1, F, "seed")),
    (0, "T2", BarrierOpened(1)),
    *((rank, "P3", BarrierPassed(1)) for rank in (1, 2, 3)),
    (0, "T4", BarrierOpened(2)),
    *((rank, "D2", BarrierPassed(2)) for rank in (1, 2, 3)),
    (1, "D8", DownloadsFinished()),
    (0, "T8", ClientFinished(1)),
    # Client 2, first round
    (2, "D3", DownloadStarted(F, 12, 0)),
    (0, "T6", RoleChanged(2, F, "peer")),
    (2, "D3", RoundBegan(F, 1, seeds=(1,), peers=())),
    (2, "D5", SeedChosen(F, 1, asked=(1,), counts=(0,))),
    (1, "U2", ConnectionOpened(2, 1)),
    (2, "D6", SegmentsTaken(F, 1, True, FIRST_TEN, False)),
    (1, "U4", ConnectionClosed(2, 10, 0)),
    (2, "D6", RoundEnded(F, 1, 10)),
    # Client 3, first round
    (3, "D3", DownloadStarted(F, 12, 0)),
    (0, "T6", RoleChanged(3, F, "peer")),
    (3, "D3", RoundBegan(F, 1, seeds=(1,), peers=(2,))),
    (3, "D4", PeerChosen(F, 2, candidates=(2,), num_misses=0)),
    (2, "U2", ConnectionOpened(3, 1)),
    (3, "D4", SegmentsTaken(F, 2, False, FIRST_TEN, False)),
    (2, "U4", ConnectionClosed(3, 10, 0)),
    (3, "D4", RoundEnded(F, 1, 10)),
    # Client 3, second round
    (3, "D3", RoundBegan(F, 2, seeds=(1,), peers=(2,))),
    (3, "D4", PeerChosen(F, 2, candidates=(2,), num_misses=0)),
    (3, "D4", SegmentsTaken(F, 2, False, (), True)),
    (3, "D5", SeedChosen(F, 1, asked=(1,), counts=(0,))),
    (1, "U2", ConnectionOpened(3, 1)),
    (3, "D6", SegmentsTaken(F, 1, True, LAST_TWO, False)),
    (1, "U4", ConnectionClosed(3, 2, 0)),
    (3, "D6", RoundEnded(F, 2, 2)),
    (3, "D7", FileWritten(F, 12)),
    (0, "T7", RoleChanged(3, F, "seed")),
    (3, "D8", DownloadsFinished()),
    (0, "T8", ClientFinished(3)),
    # Client 2, second round
    (2, "D3", RoundBegan(F, 2, seeds=(1, 3), peers=())),
    (2, "D5", SeedChosen(F, 3, asked=(3, 1), counts=(0, 1))),
    (3, "U2", ConnectionOpened(2, 1)),
    (2, "D6", SegmentsTaken(F, 3, True, LAST_TWO, False)),
    (3, "U4", ConnectionClosed(2, 2, 0)),
    (2, "D6", RoundEnded(F, 2, 2)),
    (2, "D7", FileWritten(F, 12)),
    (0, "T7", RoleChanged(2, F, "seed")),
    (2, "D8", DownloadsFinished()),
    (0, "T8", ClientFinished(2)),
    *((rank, "U5", ThreadEnded()) for rank in (1, 2, 3)),
]


def thread_of(step: str) -> ThreadName:
    return "download" if step.startswith("D") else "upload" if step.startswith("U") else "main"


@pytest.fixture
def history(tmp_path: Path) -> History:
    clients = [ClientInput((FILE,)), ClientInput((), (F,)), ClientInput((), (F,))]
    scenario = write_inputs(tmp_path / "inputs", clients)
    (tmp_path / "out").mkdir()
    for rank in (2, 3):
        DirectoryStorage(tmp_path / "inputs", tmp_path / "out", rank).write_output(FILE)
    records = [Record(float(n), rank, thread_of(step), step, event) for n, (rank, step, event) in enumerate(STORY)]
    return History(scenario, Options(), tmp_path / "out", tuple(records), ("begin", "observe", "end"))


@pytest.mark.parametrize("promise", PROMISES + PEERS_FIRST_PROMISES, ids=lambda promise: promise.__name__)
def test_a_right_history_keeps_the_promise(history: History, promise: Promise) -> None:
    promise(history)


Edit = Callable[[History], History]


def without(rank: int, event: AnyEvent) -> Edit:
    """The first such event is missing."""

    def edit(history: History) -> History:
        records = list(history.records)
        records.remove(next(r for r in records if (r.rank, r.event) == (rank, event)))
        return replace(history, records=tuple(records))

    return edit


def instead(rank: int, event: AnyEvent, other: AnyEvent) -> Edit:
    """The first such event is another one."""

    def edit(history: History) -> History:
        records = list(history.records)
        place = next(n for n, r in enumerate(records) if (r.rank, r.event) == (rank, event))
        records[place] = msgspec.structs.replace(records[place], event=other)
        return replace(history, records=tuple(records))

    return edit


def moved(rank: int, event: AnyEvent, by: int) -> Edit:
    """The last such event comes so many places later, or earlier."""

    def edit(history: History) -> History:
        records = list(history.records)
        place = next(n for n in reversed(range(len(records))) if (records[n].rank, records[n].event) == (rank, event))
        record = records.pop(place)
        records.insert(max(0, place + by), record)
        stamped = [msgspec.structs.replace(record, time_s=float(n)) for n, record in enumerate(records)]
        return replace(history, records=tuple(stamped))

    return edit


def twice(rank: int, event: AnyEvent) -> Edit:
    def edit(history: History) -> History:
        records = [again for r in history.records for again in [r] * (1 + ((r.rank, r.event) == (rank, event)))]
        return replace(history, records=tuple(records))

    return edit


def at_step(rank: int, event: AnyEvent, step: str) -> Edit:
    def edit(history: History) -> History:
        records = [
            msgspec.structs.replace(r, step=step) if (r.rank, r.event) == (rank, event) else r for r in history.records
        ]
        return replace(history, records=tuple(records))

    return edit


def with_options(**options: int) -> Edit:
    return lambda history: replace(history, options=msgspec.structs.replace(history.options, **options))


def told(*calls: str) -> Edit:
    return lambda history: replace(history, told=calls)


def damaged(text: str) -> Edit:
    def edit(history: History) -> History:
        (history.output / output_name(2, F)).write_text(text)
        return history

    return edit


def one_output_more(history: History) -> History:
    (history.output / ".spare.part").touch()
    return history


TAKEN = SegmentsTaken(F, 1, True, FIRST_TEN, False)
TAKEN_FROM_PEER = SegmentsTaken(F, 2, False, FIRST_TEN, False)
LAST_TAKEN = SegmentsTaken(F, 3, True, LAST_TWO, False)
CHOICE = SeedChosen(F, 3, asked=(3, 1), counts=(0, 1))
PICK = PeerChosen(F, 2, candidates=(2,), num_misses=0)


WRONG: list[tuple[Promise, Edit]] = [
    (promises.every_output_is_right_and_nothing_else_is_written, damaged("")),
    (promises.every_output_is_right_and_nothing_else_is_written, one_output_more),
    (promises.nobody_passes_the_first_barrier_before_all_have_reported, moved(2, Reported(0), 10)),
    (promises.nobody_passes_the_first_barrier_before_all_have_reported, moved(3, BarrierPassed(1), -4)),
    (promises.nobody_passes_the_first_barrier_before_all_have_reported, without(3, BarrierPassed(1))),
    (promises.nobody_passes_the_second_barrier_before_all_have_come_to_it, moved(3, BarrierPassed(2), -4)),
    (promises.nobody_passes_the_second_barrier_before_all_have_come_to_it, moved(1, BarrierPassed(1), 4)),
    (promises.nobody_passes_the_second_barrier_before_all_have_come_to_it, moved(2, DownloadStarted(F, 12, 0), -5)),
    (promises.the_tracker_knows_every_owner_before_it_opens_the_first_barrier, moved(0, RoleChanged(1, F, "seed"), 2)),
    (
        promises.files_are_downloaded_and_written_one_after_the_other_in_the_order_of_the_wants,
        twice(2, FileWritten(F, 12)),
    ),
    (
        promises.files_are_downloaded_and_written_one_after_the_other_in_the_order_of_the_wants,
        without(2, FileWritten(F, 12)),
    ),
    (promises.a_round_gets_at_most_the_quota_and_rounds_count_from_one, with_options(quota=9)),
    (
        promises.a_round_gets_at_most_the_quota_and_rounds_count_from_one,
        instead(2, RoundEnded(F, 1, 10), RoundEnded(F, 1, 9)),
    ),
    (
        promises.a_round_gets_at_most_the_quota_and_rounds_count_from_one,
        instead(2, LAST_TAKEN, SegmentsTaken(F, 3, True, (9, 10, 11), False)),
    ),
    (promises.every_missing_segment_is_got_exactly_once, without(3, TAKEN_FROM_PEER)),
    (
        promises.every_missing_segment_is_got_exactly_once,
        instead(2, LAST_TAKEN, SegmentsTaken(F, 3, True, (9, 10), False)),
    ),
    (
        promises.every_missing_segment_is_got_exactly_once,
        instead(3, PICK, SegmentRejected(F, 0, 2)),
    ),
    (promises.roles_change_at_the_right_message, without(0, RoleChanged(2, F, "peer"))),
    (promises.roles_change_at_the_right_message, twice(0, RoleChanged(2, F, "seed"))),
    (promises.roles_change_at_the_right_message, moved(0, RoleChanged(2, F, "seed"), -50)),
    (promises.roles_change_at_the_right_message, at_step(0, RoleChanged(2, F, "seed"), "T6")),
    (promises.every_connection_is_opened_and_closed_once_and_counted_right, without(1, ConnectionClosed(3, 2, 0))),
    (promises.every_connection_is_opened_and_closed_once_and_counted_right, twice(1, ConnectionClosed(3, 2, 0))),
    (promises.every_connection_is_opened_and_closed_once_and_counted_right, twice(1, ConnectionOpened(3, 1))),
    (
        promises.every_connection_is_opened_and_closed_once_and_counted_right,
        instead(1, ConnectionOpened(3, 1), ConnectionOpened(3, 2)),
    ),
    (
        promises.both_ends_of_a_connection_count_the_same_segments,
        instead(1, ConnectionClosed(3, 2, 0), ConnectionClosed(3, 3, 0)),
    ),
    (promises.both_ends_of_a_connection_count_the_same_segments, without(2, LAST_TAKEN)),
    (
        promises.uploads_are_downloads_are_what_was_wanted,
        instead(1, ConnectionClosed(3, 2, 0), ConnectionClosed(3, 1, 0)),
    ),
    (promises.uploads_are_downloads_are_what_was_wanted, without(2, LAST_TAKEN)),
    (promises.the_observer_is_told_of_a_beginning_and_of_one_end, told("observe", "begin", "end")),
    (promises.the_observer_is_told_of_a_beginning_and_of_one_end, told("begin", "end", "end")),
    (
        promises.a_peer_is_left_after_a_miss_and_two_misses_in_a_row_end_the_search,
        instead(3, SegmentsTaken(F, 2, False, (), True), SegmentsTaken(F, 2, False, (), False)),
    ),
    (
        promises.a_peer_is_left_after_a_miss_and_two_misses_in_a_row_end_the_search,
        instead(3, PICK, PeerChosen(F, 2, candidates=(2,), num_misses=1)),
    ),
    (
        promises.a_peer_is_left_after_a_miss_and_two_misses_in_a_row_end_the_search,
        instead(3, PICK, PeerChosen(F, 2, candidates=(2, 1), num_misses=0)),
    ),
    (
        # Another peer was there to be tried after one miss.
        promises.a_peer_is_left_after_a_miss_and_two_misses_in_a_row_end_the_search,
        instead(3, RoundBegan(F, 2, (1,), (2,)), RoundBegan(F, 2, (1,), (2, 4))),
    ),
    (
        promises.a_peer_is_left_after_a_miss_and_two_misses_in_a_row_end_the_search,
        instead(3, SeedChosen(F, 1, asked=(1,), counts=(0,)), PICK),
    ),
    (
        promises.the_least_connected_of_three_seeds_is_asked_for_the_rest,
        instead(2, CHOICE, SeedChosen(F, 3, asked=(3, 1), counts=(1, 0))),
    ),
    (
        promises.the_least_connected_of_three_seeds_is_asked_for_the_rest,
        instead(2, CHOICE, SeedChosen(F, 3, asked=(3,), counts=(0,))),
    ),
    (
        promises.the_least_connected_of_three_seeds_is_asked_for_the_rest,
        instead(2, CHOICE, SeedChosen(F, 3, asked=(3, 1), counts=(0, 2))),
    ),
    (promises.the_least_connected_of_three_seeds_is_asked_for_the_rest, instead(2, CHOICE, PICK)),
    (
        promises.the_least_connected_of_three_seeds_is_asked_for_the_rest,
        instead(2, LAST_TAKEN, SegmentsTaken(F, 1, True, LAST_TWO, False)),
    ),
    (
        promises.the_least_connected_of_three_seeds_is_asked_for_the_rest,
        instead(2, LAST_TAKEN, SegmentsTaken(F, 3, True, (10,), True)),
    ),
    (promises.a_choice_is_stamped_with_its_step, at_step(3, PICK, "D3")),
    (promises.a_choice_is_stamped_with_its_step, at_step(2, CHOICE, "D6")),
]


@pytest.mark.parametrize(
    ("promise", "edit"), WRONG, ids=[f"{n}-{promise.__name__}" for n, (promise, _) in enumerate(WRONG)]
)
def test_a_wrong_history_breaks_the_promise(history: History, promise: Promise, edit: Edit) -> None:
    wrong = edit(history)
    with pytest.raises((AssertionError, ValueError)):
        promise(wrong)


def test_every_promise_is_broken_by_some_wrong_history() -> None:
    checker = promises.the_checker_has_nothing_against_it  # has wrong histories of its own, in tests/checker
    assert {promise for promise, _ in WRONG} | {checker} == set(PROMISES + PEERS_FIRST_PROMISES)
