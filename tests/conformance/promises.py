"""Promises that messages do not show, each a function that fails for a history that breaks it.

The checker judges the messages of each run by the rules of the protocol. What is left are the outputs, the events that
screens are drawn from, and what an observer is told.

`PROMISES` hold for every strategy, though `WITHOUT_RACES` not where segments are asked of several at once;
`PEERS_FIRST_PROMISES` are D4 to D6 as the default strategy has them.
"""

from collections import Counter, deque
from collections.abc import Callable

from emulator.protocol.events import (
    BarrierOpened,
    BarrierPassed,
    ConnectionClosed,
    ConnectionOpened,
    DownloadStarted,
    FileWritten,
    PeerChosen,
    Reported,
    RoleChanged,
    SeedChosen,
    SegmentRejected,
    SegmentsTaken,
)
from emulator.protocol.messages import TRACKER
from tests.conformance.history import History

Promise = Callable[[History], None]


def the_checker_has_nothing_against_it(history: History) -> None:
    """All steps, from the messages alone"""
    if history.report is not None:
        assert [rule for rule in history.report.rules if rule.verdict not in ("valid", "not exercised")] == []


def every_output_is_right_and_nothing_else_is_written(history: History) -> None:
    """D7"""
    expected = {
        f"client{rank}_{metadata.name}": "".join(f"{metadata.segment(n)}\n" for n in range(metadata.num_segments))
        for (rank, _), metadata in history.scenario.expected_outputs().items()
    }
    assert {path.name: path.read_text() for path in history.output.iterdir()} == expected


def nobody_passes_the_first_barrier_before_all_have_reported(history: History) -> None:
    """P2, P3, T2"""
    opened_s = history.time(BarrierOpened(1), TRACKER)
    for rank in history.ranks:
        reported_s = history.time(Reported(len(history.owned(rank))), rank)
        assert reported_s <= opened_s <= history.time(BarrierPassed(1), rank), rank


def nobody_passes_the_second_barrier_before_all_have_come_to_it(history: History) -> None:
    """D1, D2, T4: a client asks for metadata after the first barrier, and downloads after the second."""
    opened_s = history.time(BarrierOpened(2), TRACKER)
    for rank in history.ranks:
        passed_s = history.time(BarrierPassed(2), rank)
        assert history.time(BarrierPassed(1), rank) <= opened_s <= passed_s, rank
        started = [r.time_s for r in history.records if r.rank == rank and isinstance(r.event, DownloadStarted)]
        assert all(passed_s <= time_s for time_s in started), rank


def the_tracker_knows_every_owner_before_it_opens_the_first_barrier(history: History) -> None:
    """T1, T2"""
    events = [record.event for record in history.records if record.rank == TRACKER]
    before = events[: events.index(BarrierOpened(1))]
    known = {(event.client, event.file) for event in before if isinstance(event, RoleChanged) and event.role == "seed"}
    assert known == {(rank, file) for rank in history.ranks for file in history.owned(rank)}


def files_are_downloaded_and_written_one_after_the_other_in_the_order_of_the_wants(history: History) -> None:
    """D3, D7"""
    for rank in history.ranks:
        wanted = history.wanted(rank)
        events = [
            record.event
            for record in history.records
            if record.rank == rank and isinstance(record.event, DownloadStarted | FileWritten)
        ]
        assert [event.file for event in events] == [file for file in wanted for _ in range(2)]
        assert [type(event) for event in events] == [DownloadStarted, FileWritten] * len(wanted)


def a_round_gets_at_most_the_quota_and_rounds_count_from_one(history: History) -> None:
    """D3"""
    numbers: dict[tuple[int, str], int] = {}
    for round in history.all_rounds():
        key = (round.rank, round.began.file)
        numbers[key] = numbers.get(key, 0) + 1
        assert round.began.round == numbers[key]
        got = sum(len(visit.segments) for visit in round.visits)
        assert round.ended.num_segments == got <= min(history.options.quota, round.num_missing), round


def every_missing_segment_is_got_exactly_once(history: History) -> None:
    """D3"""
    for rank in history.ranks:
        for file, got in _got(history, rank).items():
            assert sorted(got) == list(range(history.scenario.files[file].num_segments))
        assert history.events(SegmentRejected, rank) == []


def _got(history: History, rank: int) -> dict[str, list[int]]:
    """By file, the segments that a client got, in order."""
    got: dict[str, list[int]] = {file: [] for file in history.downloaded(rank)}
    for visit in history.events(SegmentsTaken, rank):
        got[visit.file] += visit.segments
    return got


def roles_change_at_the_right_message(history: History) -> None:
    """T1, T6, T7: an owner is a seed from its report on; others are leecher, peer and seed, in this order."""
    changes: dict[tuple[int, str], list[tuple[str, str]]] = {}
    for record in history.records:
        if isinstance(record.event, RoleChanged):
            assert record.rank == TRACKER
            key = (record.event.client, record.event.file)
            changes.setdefault(key, []).append((record.event.role, record.step))
    expected: dict[tuple[int, str], list[tuple[str, str]]] = {}
    for rank in history.ranks:
        expected |= {(rank, file): [("seed", "T1")] for file in history.owned(rank)}
        for file in history.downloaded(rank):
            # A file without segments is complete before its swarm is ever asked for.
            as_peer = [("peer", "T6")] if history.scenario.files[file].num_segments else []
            expected[rank, file] = [*as_peer, ("seed", "T7")]
    assert changes == expected


def every_connection_is_opened_and_closed_once_and_counted_right(history: History) -> None:
    """U2, U4"""
    for rank in history.ranks:
        open_with: set[int] = set()
        for record in history.records:
            if record.rank != rank:
                continue
            match record.event:
                case ConnectionOpened(client=client, num_open=num_open):
                    assert client not in open_with, record
                    open_with.add(client)
                    assert num_open == len(open_with), record
                case ConnectionClosed(client=client, num_open=num_open):
                    assert client in open_with, record
                    open_with.remove(client)
                    assert num_open == len(open_with), record
        assert open_with == set(), f"rank {rank} has connections left"


def both_ends_of_a_connection_count_the_same_segments(history: History) -> None:
    """D4, D6, U2, U4: in order, for every pair of clients."""
    given: dict[tuple[int, int], list[int]] = {}
    got: dict[tuple[int, int], list[int]] = {}
    for rank in history.ranks:
        for closed in history.events(ConnectionClosed, rank):
            given.setdefault((rank, closed.client), []).append(closed.num_segments)
        for visit in history.events(SegmentsTaken, rank):
            if visit.segments:
                got.setdefault((visit.uploader, rank), []).append(len(visit.segments))
    assert given == got


def uploads_are_downloads_are_what_was_wanted(history: History) -> None:
    """All clients taken together."""
    num_uploaded = num_downloaded = 0
    for rank in history.ranks:
        num_uploaded += sum(closed.num_segments for closed in history.events(ConnectionClosed, rank))
        num_downloaded += sum(len(visit.segments) for visit in history.events(SegmentsTaken, rank))
    assert num_uploaded == num_downloaded == sum(history.scenario.wanted_segments())


def the_observer_is_told_of_a_beginning_and_of_one_end(history: History) -> None:
    """What whoever watches a run relies on."""
    assert history.told[0] == "begin"
    assert history.told[-1] == "end"
    assert Counter(history.told)["begin"] == Counter(history.told)["end"] == 1


def a_peer_is_left_after_a_miss_and_two_misses_in_a_row_end_the_search(history: History) -> None:
    """D4: a round's visits to peers are exactly as many as the rule asks for."""
    for round in history.all_rounds():
        acts = deque(round.acts)
        most = min(history.options.quota, round.num_missing)
        num_taken, misses_in_a_row, last = 0, 0, TRACKER
        while num_taken < most and misses_in_a_row < 2 and set(round.began.peers) - {last}:
            chosen, visit = acts.popleft(), acts.popleft()
            assert isinstance(chosen, PeerChosen), round
            assert isinstance(visit, SegmentsTaken), round
            assert visit.uploader == chosen.peer, round
            assert set(chosen.candidates) == set(round.began.peers) - {last}, round
            assert chosen.peer in chosen.candidates, round
            assert chosen.num_misses == misses_in_a_row, round
            num_taken += len(visit.segments)
            assert visit.is_missed is (num_taken < most), round
            misses_in_a_row = (0 if visit.segments else misses_in_a_row) + visit.is_missed
            last = visit.uploader
        assert not any(isinstance(act, PeerChosen) for act in acts), round


def the_least_connected_of_three_seeds_is_asked_for_the_rest(history: History) -> None:
    """D5, D6: only where peers left something of the quota, and once in a round."""
    for round in history.all_rounds():
        most = min(history.options.quota, round.num_missing)
        from_peers = sum(len(visit.segments) for visit in round.visits if not visit.is_seed)
        chosen = [act for act in round.acts if isinstance(act, SeedChosen)]
        assert len(chosen) == (from_peers < most and bool(round.began.seeds)), round
        for choice in chosen:
            assert set(choice.asked) <= set(round.began.seeds), round
            assert len(set(choice.asked)) == len(choice.asked) == min(3, len(round.began.seeds)), round
            counts = dict(zip(choice.asked, choice.counts, strict=True))
            assert counts[choice.seed] == min(counts.values()), round
            # A seed has no connection with itself, and the asker has closed its own.
            assert max(counts.values()) <= len(history.ranks) - 2, round
            assert round.acts[-2] is choice, round
            assert round.acts[-1] == round.visits[-1], round
            assert round.visits[-1].uploader == choice.seed, round
            assert round.visits[-1].is_seed, round
            assert len(round.visits[-1].segments) == most - from_peers, round


def a_choice_is_stamped_with_its_step(history: History) -> None:
    """D4, D5"""
    for record in history.records:
        match record.event:
            case PeerChosen():
                assert (record.thread, record.step) == ("download", "D4"), record
            case SeedChosen():
                assert (record.thread, record.step) == ("download", "D5"), record


PROMISES: tuple[Promise, ...] = (
    the_checker_has_nothing_against_it,
    every_output_is_right_and_nothing_else_is_written,
    nobody_passes_the_first_barrier_before_all_have_reported,
    nobody_passes_the_second_barrier_before_all_have_come_to_it,
    the_tracker_knows_every_owner_before_it_opens_the_first_barrier,
    files_are_downloaded_and_written_one_after_the_other_in_the_order_of_the_wants,
    a_round_gets_at_most_the_quota_and_rounds_count_from_one,
    every_missing_segment_is_got_exactly_once,
    roles_change_at_the_right_message,
    every_connection_is_opened_and_closed_once_and_counted_right,
    both_ends_of_a_connection_count_the_same_segments,
    uploads_are_downloads_are_what_was_wanted,
    the_observer_is_told_of_a_beginning_and_of_one_end,
)

WITHOUT_RACES: tuple[Promise, ...] = (
    both_ends_of_a_connection_count_the_same_segments,
    uploads_are_downloads_are_what_was_wanted,
)
"""What is given in a race and comes too late is given, and not taken."""

PEERS_FIRST_PROMISES: tuple[Promise, ...] = (
    a_peer_is_left_after_a_miss_and_two_misses_in_a_row_end_the_search,
    the_least_connected_of_three_seeds_is_asked_for_the_rest,
    a_choice_is_stamped_with_its_step,
)
