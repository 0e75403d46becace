"""The checker on histories in which something goes wrong on purpose: what is excused then, and what is not.

As in `test_histories.py`, each wrong history breaks one rule, and no other.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from emulator.checker import rules
from emulator.checker.findings import Violation
from emulator.protocol.events import (
    ClientLeft,
    Died,
    DownloadStarted,
    FaultBegan,
    FileUnavailable,
    Received,
    Restarted,
)
from emulator.protocol.messages import (
    TRACKER,
    Barrier,
    Close,
    ConnectionCount,
    ConnectionCountRequest,
    Finished,
    Hit,
    Holdings,
    HoldingsRequest,
    Leave,
    Lost,
    Metadata,
    MetadataAnswer,
    MetadataRequest,
    Miss,
    Returned,
    SegmentRequest,
    Stop,
    Stuck,
    StuckAnswer,
    SwarmAnswer,
    SwarmRequest,
)
from tests.checker import test_histories
from tests.checker.histories import HandWritten, blame, invalid, unknown, violations
from tests.checker.test_histories import FILE, Blame, F, G, Wrong, crowd
from tests.protocol.scripted import WRONG

DROP = "drop 10% of messages"
ALL, NONE = b"\x07", b"\x00"
"""Holdings of the file of three segments."""


def another_crowd(clients: int = 4, *, seeds: int = 2) -> HandWritten:
    """A crowd with a strategy of its own."""
    return crowd(clients, seeds=seeds, strategy="another")


def lossy(clients: int = 2, *, seeds: int = 1) -> HandWritten:
    """A crowd whose messages can be lost."""
    h = crowd(clients, seeds=seeds, strategy="another")
    h.record(TRACKER, FaultBegan(DROP))
    return h


def rest(h: HandWritten, rank: int, seed: int, *segments: int) -> None:
    """The rest of the file from this seed, without D5."""
    h.hit(rank, seed, F, *segments)
    h.close(rank, seed)
    h.complete(rank, F)


def asked(h: HandWritten, rank: int, seed: int, segment: int, number: int) -> None:
    h.message(rank, seed, SegmentRequest(F, segment, number))


def right_of(segment: int, number: int) -> Hit:
    return Hit(F, segment, FILE.segment(segment), number)


# Right histories

RIGHT: dict[str, Callable[[], HandWritten]] = {}


def right(write: Callable[[], HandWritten]) -> Callable[[], HandWritten]:
    RIGHT[write.__name__.replace("_", " ")] = write
    return write


@right
def a_client_asks_what_others_hold() -> HandWritten:
    h = another_crowd(4, seeds=1)
    h.swarm(2, F)
    h.hit(2, 1, F, 0)
    h.swarm(3, F)
    h.message(3, 2, HoldingsRequest(F, 7))
    h.message(2, 3, Holdings(F, NONE, 7))  # received, and not stored yet: both are right
    h.message(3, 2, HoldingsRequest(F, 8))
    h.message(2, 3, Holdings(F, b"\x01", 8))
    h.message(3, 1, HoldingsRequest(F, 9))
    h.message(1, 3, Holdings(F, ALL, 9))
    rest(h, 3, 1, 0, 1, 2)
    rest(h, 2, 1, 1, 2)
    h.swarm(4, F)
    rest(h, 4, 1, 0, 1, 2)
    h.end()
    return h


@right
def a_race_of_three_seeds_whose_losers_answer_late() -> HandWritten:
    h = another_crowd(4, seeds=3)
    h.swarm(4, F)
    for number, seed in ((1, 1), (2, 2), (3, 3)):
        asked(h, 4, seed, 0, number)
    h.message(2, 4, right_of(0, 2))
    h.close(4, 2)
    h.message(4, 2, SegmentRequest(F, 1, 4))
    h.message(3, 4, right_of(0, 3))
    h.close(4, 3)
    h.message(2, 4, right_of(1, 4))
    h.close(4, 2)
    h.message(4, 1, SegmentRequest(F, 2, 5))
    h.message(1, 4, right_of(0, 1))
    h.message(1, 4, right_of(2, 5))
    h.close(4, 1)
    h.complete(4, F)
    h.end()
    return h


@right
def a_race_that_nobody_wins() -> HandWritten:
    h = another_crowd(4, seeds=1)
    for rank in (2, 3, 4):
        h.swarm(rank, F)
    h.swarm(4, F)
    asked(h, 4, 2, 0, 1)
    asked(h, 4, 3, 0, 2)
    h.message(2, 4, Miss(F, 0, 1))
    h.message(3, 4, Miss(F, 0, 2))
    for rank in (2, 3, 4):
        rest(h, rank, 1, 0, 1, 2)
    h.end()
    return h


@right
def a_waiter_on_the_dead_goes_elsewhere() -> HandWritten:
    h = crowd(3, seeds=2)
    h.swarm(3, F)
    h.count(3, 1, 0)
    h.count(3, 2, 0)
    h.hit(3, 1, F, 0)
    h.sent(3, 1, SegmentRequest(F, 1))  # which the dead never reads
    h.die(1)
    h.swarm(3, F)
    h.from_seed(3, 2, F, (1, 2))
    h.complete(3, F)
    h.end()
    return h


@right
def what_the_dead_have_sent_may_arrive_or_not() -> HandWritten:
    h = another_crowd()
    for rank in (3, 4):
        h.swarm(rank, F)
        h.message(rank, 1, SegmentRequest(F, 0))
        h.sent(1, rank, h.right(F, 0))
    h.record(1, Died("was killed"))
    h.dead.add(1)
    h.received(3, 1, h.right(F, 0))  # from the dead, before it is told that they are
    h.lose(1)
    for rank, segments in ((3, (1, 2)), (4, (0, 1, 2))):
        h.swarm(rank, F)
        rest(h, rank, 2, *segments)
    h.end()
    return h


@right
def the_last_lines_of_the_dead_are_lost_with_them() -> HandWritten:
    h = crowd(3)
    h.swarm(2, F)
    h.received(1, 2, ConnectionCountRequest())  # of which nothing says that it was sent
    h.sent(1, 2, ConnectionCount(0))
    h.die(2)
    h.download(3, 1, F)
    h.end()
    return h


@right
def connections_with_the_dead_are_not_counted() -> HandWritten:
    h = crowd(3)
    h.swarm(2, F)
    h.count(2, 1, 0)
    h.hit(2, 1, F, 0)
    h.die(2)
    h.download(3, 1, F)
    h.end()
    return h


@right
def barriers_and_the_stop_wait_for_the_living() -> HandWritten:
    h = HandWritten(3)
    h.own(1, [FILE])
    h.die(3)
    h.own(2, [])
    for rank in (1, 2):
        h.message(TRACKER, rank, Barrier(1))
    h.want(1, ())
    h.want(2, (F,))
    for rank in (1, 2):
        h.message(TRACKER, rank, Barrier(2))
    h.download(2, 1, F)
    h.end()
    return h


@right
def a_file_whose_owner_died_before_it_told_of_it_is_given_up() -> HandWritten:
    h = HandWritten(2)
    h.die(1)
    h.own(2, [])
    h.message(TRACKER, 2, Barrier(1))
    h.wanted[2] = (F,)
    h.message(2, TRACKER, MetadataRequest((F,)))
    h.message(TRACKER, 2, MetadataAnswer(()))
    h.message(TRACKER, 2, Barrier(2))
    h.record(2, FileUnavailable(F, 0, 0), "download")
    h.end()
    h.owned[1] = (FILE,)
    return h


def given_up(h: HandWritten, rank: int, missing: bytes, num_lost: int) -> None:
    """D7: the client is stuck, and is told that so many segments are lost."""
    h.message(rank, TRACKER, Stuck(F, missing, ()))
    h.message(TRACKER, rank, StuckAnswer(F, num_lost, ()))
    h.record(rank, FileUnavailable(F, 3 - num_lost, num_lost), "download")


@right
def a_file_that_no_living_client_holds_is_given_up() -> HandWritten:
    h = crowd(3)
    h.swarm(2, F)
    h.count(2, 1, 0)
    h.hit(2, 1, F, 0)
    h.die(1)
    h.swarm(3, F)
    h.hit(3, 2, F, 0)
    h.miss(3, 2, F, 1)
    h.close(3, 2)
    h.message(2, TRACKER, Stuck(F, b"\x06", ()))
    h.message(3, TRACKER, Stuck(F, b"\x06", ()))
    for rank in (2, 3):
        h.message(TRACKER, rank, StuckAnswer(F, 2, ()))
        h.record(rank, FileUnavailable(F, 1, 2), "download")
    h.end()
    return h


@right
def the_stuck_are_told_who_can_help() -> HandWritten:
    h = crowd(3)
    for rank in (2, 3):
        h.swarm(rank, F)
    h.miss(3, 2, F, 0)
    h.count(3, 1, 0)
    h.hit(3, 1, F, 0)
    h.die(1)
    h.swarm(2, F)
    h.miss(2, 3, F, 0)
    h.message(2, TRACKER, Stuck(F, ALL, ()))
    h.message(3, TRACKER, Stuck(F, b"\x06", ()))
    h.message(TRACKER, 2, StuckAnswer(F, 0, (3,)))
    h.message(TRACKER, 3, StuckAnswer(F, 2, ()))
    h.hit(2, 3, F, 0)
    h.miss(2, 3, F, 1)
    h.close(2, 3)
    given_up(h, 2, b"\x06", 2)
    h.record(3, FileUnavailable(F, 1, 2), "download")
    h.end()
    return h


@right
def who_departs_is_named_no_more_and_gives_nothing() -> HandWritten:
    h = another_crowd(4, seeds=1)
    for rank in (2, 3):
        h.swarm(rank, F)
    rest(h, 2, 1, 0, 1, 2)
    h.finish(2)
    h.message(2, TRACKER, Leave())
    h.seeds[F].discard(2)
    h.record(TRACKER, ClientLeft(2))
    h.miss(3, 2, F, 0)  # by the list that it got before
    h.message(3, 2, HoldingsRequest(F))
    h.message(2, 3, Holdings(F, b""))
    rest(h, 3, 1, 0, 1, 2)
    h.swarm(4, F)
    rest(h, 4, 1, 0, 1, 2)
    h.end(1, 3, 4)
    return h


@right
def who_is_restarted_goes_on_with_its_disk() -> HandWritten:
    h = crowd(3)
    h.swarm(2, F)
    h.count(2, 1, 0)
    h.hit(2, 1, F, 0, 1)
    h.close(2, 1)
    h.die(2, is_coming_back=True)
    h.restart(2)
    h.report_again(2)
    h.record(2, DownloadStarted(F, 3, 1), "download")  # what it had got last was not stored yet
    h.swarm(2, F)
    h.count(2, 1, 0)
    h.hit(2, 1, F, 1, 2)
    h.close(2, 1)
    h.complete(2, F)
    h.swarm(3, F)
    for seed in (1, 2):
        h.count(3, seed, 0)
    h.hit(3, 2, F, 0, 1, 2)
    h.close(3, 2)
    h.complete(3, F)
    h.end()
    return h


@right
def who_dies_twice_before_it_looks_at_its_disk_still_has_it() -> HandWritten:
    h = another_crowd(2, seeds=1)
    h.swarm(2, F)
    h.hit(2, 1, F, 0, 1)
    h.close(2, 1)
    for _ in range(2):
        h.die(2, is_coming_back=True)
        h.restart(2)
    h.report_again(2)
    h.record(2, DownloadStarted(F, 3, 2), "download")
    h.swarm(2, F)
    rest(h, 2, 1, 2)
    h.end()
    return h


@right
def who_is_restarted_without_its_state_begins_anew() -> HandWritten:
    h = another_crowd(2, seeds=1)
    h.swarm(2, F)
    h.hit(2, 1, F, 0)
    h.close(2, 1)
    h.message(2, TRACKER, SwarmRequest(F))
    h.record(2, Died("was killed"))
    h.sent(TRACKER, 2, SwarmAnswer(F, (1,), ()))  # before it reads that the client is dead
    h.dead.add(2)
    h.lose(2, is_coming_back=True)
    h.restart(2, is_state_kept=False)
    h.report_again(2)
    h.record(2, DownloadStarted(F, 3, 0), "download")
    h.swarm(2, F)
    rest(h, 2, 1, 0, 1, 2)
    h.end()
    return h


@right
def reports_of_earlier_lives_are_read_when_the_latest_one_has_made_the_same() -> HandWritten:
    h = HandWritten(2)
    h.own(1, [FILE])
    h.owned[2] = ()
    h.sent(2, TRACKER, Metadata(()))
    for _ in range(2):
        h.record(2, Died("was killed"))
        h.record(2, Restarted(True))
        h.sent(2, TRACKER, Metadata(()))
    for _ in range(2):
        h.received(TRACKER, 2, Metadata(()))
        h.tell(2, Lost(True))
        h.tell(2, Returned())
    h.received(TRACKER, 2, Metadata(()))
    h.barrier(1)
    h.ask({2: [F]})
    h.record(2, DownloadStarted(F, 3, 0), "download")
    h.download(2, 1, F)
    h.end()
    return h


@right
def a_late_answer_to_an_earlier_life_is_passed_over() -> HandWritten:
    h = crowd()
    h.swarm(2, F)
    h.count(2, 1, 0)
    h.message(2, 1, SegmentRequest(F, 0))
    h.record(2, Died("was killed"))
    h.dead.add(2)
    h.sent(1, 2, h.right(F, 0))
    h.lose(2, is_coming_back=True)
    h.restart(2)
    h.received(2, 1, h.right(F, 0))
    h.report_again(2)
    h.record(2, DownloadStarted(F, 3, 0), "download")
    h.download(2, 1, F)
    h.end()
    return h


@right
def a_run_that_is_resumed_begins_with_what_is_there() -> HandWritten:
    h = HandWritten(3, is_resumed=True)
    h.begin({1: [FILE]}, {2: [F], 3: [F]})
    h.record(2, DownloadStarted(F, 3, 3), "download")
    h.complete(2, F)
    h.record(3, DownloadStarted(F, 3, 2), "download")
    h.swarm(3, F)
    h.count(3, 1, 0)
    h.count(3, 2, 0)
    h.hit(3, 2, F, 1)
    h.close(3, 2)
    h.complete(3, F)
    h.end()
    return h


@right
def a_lost_answer_is_waited_for_no_longer() -> HandWritten:
    h = lossy(3, seeds=2)
    h.message(3, TRACKER, SwarmRequest(F, 1))
    h.role(3, F, "peer")
    h.sent(TRACKER, 3, SwarmAnswer(F, (1, 2), (), 1))
    h.fault(TRACKER, 3, SwarmAnswer(F, (1, 2), (), 1), "dropped")
    h.message(3, TRACKER, SwarmRequest(F, 1))
    h.message(TRACKER, 3, SwarmAnswer(F, (1, 2), (), 1))
    asked(h, 3, 1, 0, 2)
    h.sent(1, 3, right_of(0, 2))
    h.fault(1, 3, right_of(0, 2), "dropped")
    h.close(3, 1)  # in doubt, and rightly
    asked(h, 3, 2, 0, 3)
    h.message(2, 3, right_of(0, 3))
    rest(h, 3, 2, 1, 2)
    h.end()
    return h


@right
def every_lost_answer_to_a_race_is_followed_by_a_close_in_doubt() -> HandWritten:
    h = lossy(4, seeds=3)
    h.swarm(4, F)
    for first, unlucky in ((1, (1, 2, 3)), (4, (1, 2))):  # nobody answers, so that they race once more
        for uploader in (1, 2, 3):
            asked(h, 4, uploader, 0, first + uploader)
        for uploader in unlucky:
            h.sent(uploader, 4, right_of(0, first + uploader))
            h.fault(uploader, 4, right_of(0, first + uploader), "dropped")
        if first == 1:
            h.swarm(4, F)
    h.message(3, 4, right_of(0, 7))
    h.close(4, 3)
    rest(h, 4, 1, 1, 2)
    for uploader in (1, 1, 2, 2, 3):
        h.close(4, uploader)
    h.end()
    return h


@right
def a_lost_request_is_followed_by_a_close_in_doubt() -> HandWritten:
    h = lossy()
    h.swarm(2, F)
    h.sent(2, 1, SegmentRequest(F, 0, 1))
    h.fault(2, 1, SegmentRequest(F, 0, 1), "dropped")
    h.close(2, 1)
    rest(h, 2, 1, 0, 1, 2)
    h.end()
    return h


@right
def answers_come_late_twice_and_overtaken() -> HandWritten:
    h = lossy()
    h.swarm(2, F)
    asked(h, 2, 1, 0, 1)
    h.sent(1, 2, right_of(0, 1))
    h.fault(1, 2, right_of(0, 1), "delayed")
    h.close(2, 1)
    asked(h, 2, 1, 0, 2)
    h.sent(1, 2, right_of(0, 2))
    h.fault(1, 2, right_of(0, 2), "duplicated")
    h.received(2, 1, right_of(0, 2))
    h.received(2, 1, right_of(0, 1))
    h.close(2, 1)
    asked(h, 2, 1, 1, 3)
    h.received(2, 1, right_of(0, 2))
    h.message(1, 2, right_of(1, 3))
    rest(h, 2, 1, 2)
    h.end()
    return h


@right
def a_doubled_question_is_answered_twice() -> HandWritten:
    h = lossy()
    h.swarm(2, F)
    h.sent(2, 1, SegmentRequest(F, 0, 1))
    h.fault(2, 1, SegmentRequest(F, 0, 1), "duplicated")
    h.received(1, 2, SegmentRequest(F, 0, 1))
    h.message(1, 2, right_of(0, 1))
    h.received(1, 2, SegmentRequest(F, 0, 1))
    h.message(1, 2, right_of(0, 1))  # of which the client takes no notice
    rest(h, 2, 1, 1, 2)
    h.end()
    return h


@right
def a_wrong_segment_is_rejected_and_asked_for_again() -> HandWritten:
    h = crowd()
    h.swarm(2, F)
    h.count(2, 1, 0)
    h.message(2, 1, SegmentRequest(F, 0))
    h.sent(1, 2, h.right(F, 0))
    h.fault(1, 2, Hit(F, 0, WRONG), "corrupted")
    h.received(2, 1, Hit(F, 0, WRONG))
    h.close(2, 1)
    h.download(2, 1, F)
    h.end()
    return h


@right
def free_riders_and_liars_do_as_they_do() -> HandWritten:
    h = crowd(4, seeds=3)
    h.record(2, FaultBegan("free rider client 2"))
    h.record(TRACKER, FaultBegan("liars clients 3-3"))
    h.swarm(4, F)
    for seed in (1, 2, 3):
        h.count(4, seed, 0)
    h.miss(4, 2, F, 0)
    h.swarm(4, F)
    for seed in (1, 3):
        h.count(4, seed, 0)
    h.message(4, 3, SegmentRequest(F, 0))
    h.message(3, 4, Hit(F, 0, WRONG))
    h.close(4, 3)
    h.swarm(4, F)
    h.count(4, 1, 0)
    h.hit(4, 1, F, 0, 1, 2)
    h.close(4, 1)
    h.complete(4, F)
    h.end()
    return h


@right
def a_file_that_only_the_false_hold_is_given_up() -> HandWritten:
    h = crowd(3, seeds=2)
    h.record(1, FaultBegan("free rider client 1"))
    h.record(2, FaultBegan("liar client 2"))
    h.swarm(3, F)
    for seed in (1, 2):
        h.count(3, seed, 0)
    h.miss(3, 1, F, 0)
    given_up(h, 3, ALL, 3)
    h.end()
    return h


def test_a_doubled_answer_that_comes_altered_is_blamed_on_the_way(tmp_path: Path) -> None:
    h = lossy()
    h.swarm(2, F)
    asked(h, 2, 1, 0, 1)
    h.sent(1, 2, right_of(0, 1))
    h.fault(1, 2, right_of(0, 1), "duplicated")
    line = h.received(2, 1, right_of(1, 1))
    report = h.check(tmp_path, h.inputs(), None)
    [found, *_] = violations(report)
    assert (report.verdict, found.lines) == ("invalid", (line,))


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_history_with_faults_is_valid(name: str, tmp_path: Path) -> None:
    h = RIGHT[name]()
    report = h.check(tmp_path, h.inputs())
    assert violations(report) == []
    assert {judged.verdict for judged in report.rules} == {"valid"}
    assert report.num_events == len(h.records)


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_history_with_faults_that_is_cut_anywhere_is_never_invalid(name: str) -> None:
    whole = RIGHT[name]()
    # Until a client dies, nothing says why messages of it are received of which nothing says that they were sent.
    is_silent = name == "the last lines of the dead are lost with them"
    died = next((number for number, each in enumerate(whole.records, 1) if isinstance(each.event, Died)), 0)
    shortest = died if is_silent else 0
    for length in range(shortest, len(whole.records)):
        report = whole.judge_first(length, whole.inputs())
        assert violations(report) == []
        assert unknown(report) == {judged.rule for judged in report.rules}


# Wrong histories

WRONG_ONES: list[Wrong] = []
Start = Callable[[], HandWritten]


def wrong(rule: rules.Rule, start: Start = crowd) -> Callable[[Callable[[HandWritten], Blame]], None]:
    def add(write: Callable[[HandWritten], Blame]) -> None:
        WRONG_ONES.append(Wrong(f"{rule.name}: {write.__name__.replace('_', ' ')}", write, start, rule))

    return add


def two() -> HandWritten:
    return HandWritten(2)


@wrong(rules.CHANNELS)
def a_close_travels_on_the_wrong_communicator(h: HandWritten) -> Blame:
    h.swarm(2, F)
    h.count(2, 1, 0)
    h.hit(2, 1, F, 0, 1, 2)
    line = h.sent(2, 1, Close(), on="download")
    h.received(1, 2, Close(), on="download")
    h.complete(2, F)
    h.end()
    return blame(rules.CHANNELS, "client 2 sends Close() to rank 1 on download", "it travels on upload", line)


@wrong(rules.CHANNELS)
def a_client_sends_what_the_tracker_sends(h: HandWritten) -> Blame:
    line = h.message(1, 2, Barrier(2))
    h.download(2, 1, F)
    h.end()
    return blame(
        rules.CHANNELS, "client 1 sends Barrier(number=2) to rank 2 on download", "only the tracker sends it", line
    )


@wrong(rules.CHANNELS)
def the_tracker_sends_what_clients_send(h: HandWritten) -> Blame:
    h.download(2, 1, F)
    h.finish(2)
    line = h.sent(TRACKER, 1, Close())
    h.received(1, TRACKER, Close())
    h.end(1)
    return blame(rules.CHANNELS, "the tracker sends Close() to rank 1 on upload", "only a client sends it", line)


@wrong(rules.CHANNELS)
def a_client_tells_another_one_what_is_for_the_tracker(h: HandWritten) -> Blame:
    h.download(2, 1, F)
    h.finish(1)
    line = h.sent(2, 1, Finished())
    h.received(1, 2, Finished())
    h.outcome = "cut"
    return blame(rules.CHANNELS, "client 2 sends Finished() to rank 1", "it is sent to the tracker", line)


@wrong(rules.CHANNELS)
def the_tracker_stops_itself(h: HandWritten) -> Blame:
    h.download(2, 1, F)
    h.end()
    line = h.sent(TRACKER, TRACKER, Stop())
    h.received(TRACKER, TRACKER, Stop())
    return blame(rules.CHANNELS, "the tracker sends Stop() to itself", "it is sent to a client", line)


@wrong(rules.CHANNELS)
def a_client_says_that_it_is_lost(h: HandWritten) -> Blame:
    line = h.message(1, 2, Lost())
    h.download(2, 1, F)
    h.end()
    return blame(
        rules.CHANNELS,
        "client 1 sends Lost(is_coming_back=False) to rank 2 on download",
        "no rank sends it: the engine tells it",
        line,
    )


@wrong(rules.DEATHS, lambda: crowd(3))
def the_dead_go_on(h: HandWritten) -> Blame:
    died = h.die(3)
    line = h.sent(3, TRACKER, SwarmRequest(F))
    h.outcome = "cut"
    return blame(
        rules.DEATHS, "rank 3 goes on after its death", "a dead rank does nothing until it is restarted", died, line
    )


@wrong(rules.DEATHS, lambda: crowd(3))
def the_dead_listen(h: HandWritten) -> Blame:
    h.message(3, TRACKER, SwarmRequest(F))
    h.role(3, F, "peer")
    h.sent(TRACKER, 3, SwarmAnswer(F, (1,), ()))
    died = h.die(3)
    line = h.received(3, TRACKER, SwarmAnswer(F, (1,), ()))
    h.download(2, 1, F)
    h.end()
    return blame(
        rules.DEATHS, "rank 3 goes on after its death", "a dead rank does nothing until it is restarted", died, line
    )


@wrong(rules.DEATHS)
def a_living_client_is_called_lost(h: HandWritten) -> Blame:
    h.download(2, 1, F)
    h.finish(2)
    line = h.record(2, Received("upload", 1, Lost()), "upload")
    h.end(1)
    return blame(
        rules.DEATHS, "rank 2 is told on upload that rank 1 is lost", "that is told of a rank that has died", line
    )


@wrong(rules.DEATHS, lambda: crowd(3))
def the_dead_are_said_to_have_returned(h: HandWritten) -> Blame:
    h.die(3)
    h.download(2, 1, F)
    line = h.record(2, Received("upload", 3, Returned()), "upload")
    h.end()
    return blame(
        rules.DEATHS,
        "rank 2 is told on upload that rank 3 has returned",
        "that is told of a rank that was started again",
        line,
    )


@wrong(rules.DELIVERY, lambda: crowd(3))
def what_the_dead_have_sent_comes_after_they_are_called_lost(h: HandWritten) -> Blame:
    h.sent(3, TRACKER, SwarmRequest(F))
    h.die(3)
    line = h.received(TRACKER, 3, SwarmRequest(F))
    h.outcome = "cut"
    return blame(
        rules.DELIVERY,
        "rank 0 receives SwarmRequest(file='file1') from rank 3 on download",
        "nothing is received that was not sent before",
        line,
    )


@wrong(rules.DELIVERY, lossy)
def a_message_is_lost_that_no_fault_has_dropped(h: HandWritten) -> Blame:
    h.swarm(2, F)
    h.sent(2, 1, SegmentRequest(F, 0, 1))
    rest(h, 2, 1, 0, 1, 2)
    h.end()
    line = h.at_received(1, 2, SegmentRequest(F, 0))
    dropped = "SegmentRequest(file='file1', segment=0, request=1)"
    later = [SegmentRequest(F, segment) for segment in (1, 2)]
    lines = [line, *(h.at_received(1, 2, each) for each in later), h.at_received(1, 2, Close())]
    texts = [f"SegmentRequest(file='file1', segment={segment})" for segment in range(3)]
    return [
        blame(rules.DELIVERY, f"rank 1 receives {text} from rank 2 on upload", f"{dropped} {expected}", line)
        for text, expected, line in zip(
            [*texts, "Close()"], ["was sent earlier and comes first"] * 4, lines, strict=True
        )
    ]


@wrong(rules.DELIVERY, lossy)
def a_fault_is_told_of_a_message_that_was_not_sent(h: HandWritten) -> Blame:
    line = h.fault(2, 1, Close(), "dropped")
    h.swarm(2, F)
    rest(h, 2, 1, 0, 1, 2)
    h.end()
    return blame(
        rules.DELIVERY,
        "Close() from rank 2 to rank 1 is dropped",
        "that happens to what the rank has sent just before",
        line,
    )


@wrong(rules.DELIVERY, lossy)
def a_doubled_message_comes_three_times(h: HandWritten) -> Blame:
    h.swarm(2, F)
    h.hit(2, 1, F, 0, 1, 2)
    h.sent(2, 1, Close())
    h.fault(2, 1, Close(), "duplicated")
    lines = [h.received(1, 2, Close()) for _ in range(3)]
    h.complete(2, F)
    h.end()
    return blame(
        rules.DELIVERY,
        "rank 1 receives Close() from rank 2 on upload",
        "nothing is received that was not sent before",
        lines[2],
    )


@wrong(rules.FIRST_BARRIER, lambda: HandWritten(3))
def a_barrier_opens_before_a_living_client_has_come(h: HandWritten) -> Blame:
    h.own(1, [])
    h.die(3)
    line = h.message(TRACKER, 1, Barrier(1))
    h.own(2, [])
    h.message(TRACKER, 2, Barrier(1))
    h.want(1, ())
    h.want(2, ())
    for rank in (1, 2):
        h.message(TRACKER, rank, Barrier(2))
    h.end()
    return blame(
        rules.FIRST_BARRIER,
        "the tracker opens barrier 1 when client 2 has not reached it",
        "it waits until every client has (T2, T4)",
        line,
    )


@wrong(rules.FIRST_BARRIER, lambda: HandWritten(2))
def a_barrier_does_not_wait_for_who_is_coming_back(h: HandWritten) -> Blame:
    h.own(1, [])
    h.die(2, is_coming_back=True)
    line = h.message(TRACKER, 1, Barrier(1))
    h.restart(2)
    h.own(2, [])
    h.message(TRACKER, 2, Barrier(1))
    h.ask({})
    h.end()
    return blame(
        rules.FIRST_BARRIER,
        "the tracker opens barrier 1 when client 2 has not reached it",
        "it waits until every client has (T2, T4)",
        line,
    )


@wrong(rules.SWARM_LIST, lambda: crowd(3, seeds=2))
def the_lost_are_named(h: HandWritten) -> Blame:
    h.die(1)
    h.message(3, TRACKER, SwarmRequest(F))
    h.role(3, F, "peer")
    line = h.message(TRACKER, 3, SwarmAnswer(F, (1, 2), ()))
    h.count(3, 2, 0)
    rest(h, 3, 2, 0, 1, 2)
    h.end()
    return blame(
        rules.SWARM_LIST, "the tracker names to client 3 as seeds of 'file1': (1, 2)", "client 1 is lost", line
    )


@wrong(rules.SWARM_LIST, lambda: another_crowd(3, seeds=1))
def the_departed_are_named(h: HandWritten) -> Blame:
    h.swarm(2, F)
    rest(h, 2, 1, 0, 1, 2)
    h.finish(2)
    h.message(2, TRACKER, Leave())
    h.message(3, TRACKER, SwarmRequest(F))
    h.role(3, F, "peer")
    line = h.message(TRACKER, 3, SwarmAnswer(F, (1, 2), ()))
    rest(h, 3, 1, 0, 1, 2)
    h.end(1, 3)
    return blame(
        rules.SWARM_LIST, "the tracker names to client 3 as seeds of 'file1': (1, 2)", "client 2 has left (D8)", line
    )


@wrong(rules.SWARM_LIST)
def a_stranger_is_to_help_the_stuck(h: HandWritten) -> Blame:
    h.swarm(2, F)
    h.count(2, 1, 0)
    h.hit(2, 1, F, 0, 1)
    h.close(2, 1)
    h.outcome = "cut"
    h.header = HandWritten(2, strategy="another").header
    h.message(2, TRACKER, Stuck(F, b"\x04", ()))
    line = h.message(TRACKER, 2, StuckAnswer(F, 0, (2,)))
    return blame(
        rules.SWARM_LIST,
        "the tracker names to client 2 as holders of 'file1': (2,)",
        "client 2 is the one who asked (T6)",
        line,
    )


@wrong(rules.ROLES, lambda: crowd(3))
def a_client_is_said_to_have_left_that_has_not(h: HandWritten) -> Blame:
    line = h.record(TRACKER, ClientLeft(3))
    h.outcome = "cut"
    return blame(
        rules.ROLES,
        "the tracker takes client 3 out of all swarms",
        "it does when the client tells that it leaves (D8)",
        line,
    )


@wrong(rules.LOST_ARE_NOT_ASKED, lambda: crowd(3, seeds=2))
def the_lost_are_asked(h: HandWritten) -> Blame:
    h.swarm(3, F)
    h.die(1)
    line = h.sent(3, 1, ConnectionCountRequest(3))
    h.outcome = "cut"
    return blame(
        rules.LOST_ARE_NOT_ASKED,
        "client 3 asks rank 1, of which it knows that it is lost: ConnectionCountRequest(request=3)",
        "it waits until it is told that the rank has returned",
        line,
    )


@wrong(rules.ONE_OUTSTANDING, lambda: another_crowd(4, seeds=1))
def a_race_is_left_before_it_is_won(h: HandWritten) -> Blame:
    for rank in (2, 3, 4):
        h.swarm(rank, F)
    first = h.message(4, 2, SegmentRequest(F, 0, 1))
    h.message(4, 3, SegmentRequest(F, 0, 2))
    h.message(3, 4, Miss(F, 0, 2))
    line = h.message(4, 1, SegmentRequest(F, 1, 3))
    h.outcome = "cut"
    return blame(
        rules.ONE_OUTSTANDING,
        "client 4 asks rank 1 while rank 2 has not answered",
        "it waits for the segment, or for all answers, before it asks for something else",
        first,
        line,
    )


@wrong(rules.ONE_OUTSTANDING, lambda: another_crowd(3))
def a_race_asks_one_uploader_twice(h: HandWritten) -> Blame:
    h.swarm(3, F)
    first = h.message(3, 1, SegmentRequest(F, 0, 1))
    line = h.message(3, 1, SegmentRequest(F, 0, 2))
    h.outcome = "cut"
    return blame(
        rules.ONE_OUTSTANDING,
        "client 3 asks rank 1 while rank 1 has not answered",
        "it waits for the answer before it asks again",
        first,
        line,
    )


@wrong(rules.CLOSED_ONCE, lambda: another_crowd(3))
def the_loser_of_a_race_is_not_closed(h: HandWritten) -> Blame:
    h.swarm(3, F)
    for number, seed in ((1, 1), (2, 2)):
        asked(h, 3, seed, 0, number)
    h.message(2, 3, right_of(0, 2))
    h.close(3, 2)
    h.message(1, 3, right_of(0, 1))
    opened = h.line
    h.hit(3, 2, F, 1, 2)
    line = h.at_sent(3, SegmentRequest(F, 1))
    h.close(3, 2)
    h.complete(3, F)
    h.end()
    return blame(
        rules.CLOSED_ONCE,
        "client 3 has not closed its connection with rank 1 when it turns to rank 2",
        "it sends a close when it leaves an uploader (D4, D6)",
        opened,
        line,
    )


@wrong(rules.CLOSED_ONCE, lossy)
def one_lost_answer_is_no_reason_for_two_closes(h: HandWritten) -> Blame:
    h.swarm(2, F)
    h.sent(2, 1, SegmentRequest(F, 0, 1))
    h.fault(2, 1, SegmentRequest(F, 0, 1), "dropped")
    h.close(2, 1)
    line = h.line + 1
    h.close(2, 1)
    rest(h, 2, 1, 0, 1, 2)
    h.end()
    return blame(
        rules.CLOSED_ONCE,
        "client 2 closes a connection with rank 1 that it does not have",
        "a close follows a connection that a hit has opened, once (U4)",
        line,
    )


@wrong(rules.CLOSED_ONCE, lambda: crowd(3, seeds=2))
def a_connection_with_the_dead_is_closed(h: HandWritten) -> Blame:
    h.swarm(3, F)
    h.count(3, 1, 0)
    h.count(3, 2, 0)
    h.hit(3, 1, F, 0)
    h.die(1)
    line = h.sent(3, 1, Close())
    h.swarm(3, F)
    h.from_seed(3, 2, F, (1, 2))
    h.complete(3, F)
    h.end()
    return blame(
        rules.CLOSED_ONCE,
        "client 3 closes a connection with rank 1 that it does not have",
        "a close follows a connection that a hit has opened, once (U4)",
        line,
    )


@wrong(rules.TRUE_COUNT, lambda: crowd(3))
def a_connection_with_the_dead_is_counted(h: HandWritten) -> Blame:
    h.swarm(2, F)
    h.count(2, 1, 0)
    h.hit(2, 1, F, 0)
    h.die(2)
    h.swarm(3, F)
    h.count(3, 1, 1)
    asked_at, line = h.line - 2, h.line - 1
    h.hit(3, 1, F, 0, 1, 2)
    h.close(3, 1)
    h.complete(3, F)
    h.end()
    return blame(
        rules.TRUE_COUNT,
        "client 1 tells client 3 of 1 connections, when 0 are open",
        "it tells of 0 (U3)",
        asked_at,
        line,
    )


TOLD_TRULY = "it tells what it holds at that moment (U2)"


@wrong(rules.TRUE_HOLDINGS, lambda: another_crowd(3, seeds=1))
def an_uploader_says_that_it_holds_what_it_does_not(h: HandWritten) -> Blame:
    h.swarm(2, F)
    h.swarm(3, F)
    question = h.line + 1
    h.message(3, 2, HoldingsRequest(F))
    line = h.message(2, 3, Holdings(F, b"\x04"))
    for rank in (2, 3):
        rest(h, rank, 1, 0, 1, 2)
    h.end()
    return blame(
        rules.TRUE_HOLDINGS,
        "client 2 tells client 3 that it holds segment 2 of 'file1', but it does not",
        TOLD_TRULY,
        question + 1,
        line,
    )


@wrong(rules.TRUE_HOLDINGS, lambda: another_crowd(2, seeds=1))
def an_uploader_hides_what_it_holds(h: HandWritten) -> Blame:
    h.swarm(2, F)
    question = h.line + 1
    h.message(2, 1, HoldingsRequest(F))
    line = h.message(1, 2, Holdings(F, b"\x05"))
    rest(h, 2, 1, 0, 1, 2)
    h.end()
    return blame(
        rules.TRUE_HOLDINGS,
        "client 1 tells client 2 that it does not hold segment 1 of 'file1', but it does",
        TOLD_TRULY,
        question + 1,
        line,
    )


@wrong(rules.ONE_ANSWER, lambda: another_crowd(2, seeds=1))
def an_answer_has_the_number_of_another_question(h: HandWritten) -> Blame:
    h.swarm(2, F)
    first = h.message(2, 1, SegmentRequest(F, 0, 4))
    line = h.message(1, 2, right_of(0, 5))
    h.outcome = "cut"
    question = "SegmentRequest(file='file1', segment=0, request=4)"
    answer = repr(right_of(0, 5))[:80]
    return [
        blame(
            rules.ONE_ANSWER,
            f"client 1 answers {answer} to client 2, which has asked {question}",
            "one answer to each request, and of its kind",
            first + 1,
            line,
        ),
        blame(
            rules.ONE_ANSWER,
            f"client 2 gets {answer} from rank 1, but waits for rank 1 to answer {question}",
            "one answer to each request, from the rank that was asked",
            first,
            line + 1,
        ),
    ]


@wrong(rules.HOLDS_WHAT_IT_GIVES, lambda: another_crowd(3, seeds=1))
def the_departed_give(h: HandWritten) -> Blame:
    for rank in (2, 3):
        h.swarm(rank, F)
    rest(h, 2, 1, 0, 1, 2)
    h.finish(2)
    left = h.message(2, TRACKER, Leave())
    h.seeds[F].discard(2)
    question = h.message(3, 2, SegmentRequest(F, 0))
    line = h.message(2, 3, h.right(F, 0))
    h.close(3, 2)
    rest(h, 3, 1, 1, 2)
    h.end(1, 3)
    return blame(
        rules.HOLDS_WHAT_IT_GIVES,
        "client 2 gives segment 0 of 'file1' to client 3 when it has left",
        "it answers with a miss (D8)",
        left,
        question + 1,
        line,
    )


@wrong(rules.HOLDS_WHAT_IT_GIVES, lambda: crowd(3))
def who_is_no_free_rider_refuses(h: HandWritten) -> Blame:
    h.record(3, FaultBegan("free rider client 3"))
    h.swarm(2, F)
    h.count(2, 1, 0)
    question = h.message(2, 1, SegmentRequest(F, 0))
    line = h.message(1, 2, Miss(F, 0))
    h.outcome = "cut"
    return blame(
        rules.HOLDS_WHAT_IT_GIVES,
        "client 1 has no segment 0 of 'file1' for client 2, but holds it",
        "it answers with the segment (U2)",
        question + 1,
        line,
    )


@wrong(rules.HOLDS_WHAT_IT_GIVES, lambda: another_crowd(3, seeds=1))
def a_wrong_segment_is_passed_on(h: HandWritten) -> Blame:
    for rank in (2, 3):
        h.swarm(rank, F)
    h.swarm(3, F)
    h.message(2, 1, SegmentRequest(F, 0))
    h.sent(1, 2, h.right(F, 0))
    h.fault(1, 2, Hit(F, 0, WRONG), "corrupted")
    h.received(2, 1, Hit(F, 0, WRONG))
    question = h.message(3, 2, SegmentRequest(F, 0))
    line = h.message(2, 3, Hit(F, 0, WRONG))
    h.outcome = "cut"
    return blame(
        rules.HOLDS_WHAT_IT_GIVES,
        "client 2 gives segment 0 of 'file1' to client 3 and does not hold it",
        "it answers with a miss (U2)",
        question + 1,
        line,
    )


@wrong(rules.COMPLETION, lambda: another_crowd(2, seeds=1))
def a_wrong_segment_is_kept(h: HandWritten) -> Blame:
    h.swarm(2, F)
    h.hit(2, 1, F, 0, 1)
    h.message(2, 1, SegmentRequest(F, 2))
    h.sent(1, 2, h.right(F, 2))
    h.fault(1, 2, Hit(F, 2, WRONG), "corrupted")
    h.received(2, 1, Hit(F, 2, WRONG))
    h.close(2, 1)
    line = h.line + 2
    h.complete(2, F)
    h.outcome = "cut"
    return blame(
        rules.COMPLETION,
        "client 2 tells that it has 'file1', but 1 segments are missing",
        "it tells it once, when all segments are there (D7)",
        line,
    )


GIVEN_UP = "it is given up only where a segment that is missing is held by no honest client that is alive"


@wrong(rules.TRULY_LOST)
def a_file_is_called_lost_that_a_living_seed_has(h: HandWritten) -> Blame:
    h.swarm(2, F)
    h.header = HandWritten(2, strategy="another").header
    h.message(2, TRACKER, Stuck(F, ALL, (1,)))
    line = h.message(TRACKER, 2, StuckAnswer(F, 3, ()))
    h.record(2, FileUnavailable(F, 0, 3), "download")
    h.end()
    return blame(rules.TRULY_LOST, "the tracker tells client 2 that 3 segments of 'file1' are lost", GIVEN_UP, line)


@wrong(rules.TRULY_LOST, lambda: another_crowd(3, seeds=1))
def a_file_is_called_lost_whose_segments_peers_have_together(h: HandWritten) -> Blame:
    for rank in (2, 3):
        h.swarm(rank, F)
    h.hit(2, 1, F, 0)
    h.message(2, 1, Close())
    h.hit(3, 1, F, 1, 2)
    h.message(3, 1, Close())
    h.die(1)
    h.message(2, TRACKER, Stuck(F, b"\x06", ()))
    line = h.message(TRACKER, 2, StuckAnswer(F, 2, ()))
    h.outcome = "cut"
    return blame(rules.TRULY_LOST, "the tracker tells client 2 that 2 segments of 'file1' are lost", GIVEN_UP, line)


@wrong(rules.TRULY_LOST, lambda: another_crowd(2, seeds=1))
def a_client_gives_up_by_itself(h: HandWritten) -> Blame:
    h.swarm(2, F)
    line = h.record(2, FileUnavailable(F, 0, 3), "download")
    h.end()
    return blame(rules.TRULY_LOST, "client 2 gives up 'file1'", GIVEN_UP, h.at_sent(2, MetadataRequest((F,))), line)


@wrong(rules.TRULY_LOST)
def a_client_gives_up_what_it_does_not_want(h: HandWritten) -> Blame:
    h.download(2, 1, F)
    line = h.record(1, FileUnavailable(G, 0, 0), "download")
    h.end()
    return blame(
        rules.TRULY_LOST,
        "client 1 gives up 'file2', which it does not want",
        GIVEN_UP,
        h.at_sent(1, MetadataRequest(())),
        line,
    )


@wrong(rules.METADATA, lambda: HandWritten(3))
def metadata_is_withheld_though_an_owner_lives(h: HandWritten) -> Blame:
    h.own(1, [FILE])
    h.own(2, [])
    h.die(3)
    for rank in (1, 2):
        h.message(TRACKER, rank, Barrier(1))
    question = h.message(2, TRACKER, MetadataRequest((F,)))
    line = h.message(TRACKER, 2, MetadataAnswer(()))
    h.wanted[2] = (F,)
    h.outcome = "cut"
    return blame(
        rules.METADATA,
        "the tracker answers client 2 with the metadata of nothing",
        "it answers for file1 (T3)",
        question + 1,
        line,
    )


@wrong(rules.FINISHED, lambda: another_crowd(2, seeds=1))
def a_client_leaves_before_it_is_finished(h: HandWritten) -> Blame:
    h.swarm(2, F)
    rest(h, 2, 1, 0, 1, 2)
    line = h.message(2, TRACKER, Leave())
    h.outcome = "cut"
    return blame(
        rules.FINISHED,
        "client 2 leaves before it is finished",
        "it leaves once, when it has what it wanted (D8)",
        line,
    )


@wrong(rules.STOP, lambda: crowd(3))
def the_stop_does_not_wait_for_the_living(h: HandWritten) -> Blame:
    h.die(3)
    h.download(2, 1, F)
    h.finish(2)
    h.stop(2)
    h.finish(1)
    h.stop(1)
    return blame(
        rules.STOP,
        "the tracker stops client 2 when client 1 is not finished",
        "it waits until every client is finished (T9)",
        h.at_sent(TRACKER, Stop()),
    )


@wrong(rules.EVERYTHING_COMPLETE, lambda: crowd(3, seeds=2))
def a_waiter_on_the_dead_waits_for_ever(h: HandWritten) -> Blame:
    h.swarm(3, F)
    line = h.sent(3, 1, ConnectionCountRequest())
    h.record(1, Died("was killed"))
    h.dead.add(1)
    h.finish(2)
    return blame(
        rules.EVERYTHING_COMPLETE,
        "client 3 waits for ever for rank 1 to answer ConnectionCountRequest()",
        "all clients come to their end",
        line,
    )


@wrong(rules.ONCE_EACH, lambda: HandWritten(2, is_resumed=True))
def what_is_on_the_disk_is_asked_for(h: HandWritten) -> Blame:
    h.begin({1: [FILE]}, {2: [F]})
    h.record(2, DownloadStarted(F, 3, 3), "download")
    h.swarm(2, F)
    h.count(2, 1, 0)
    line = h.line + 1
    h.hit(2, 1, F, 0)
    h.close(2, 1)
    h.complete(2, F)
    h.end()
    return blame(
        rules.ONCE_EACH,
        "client 2 asks for segment 0 of 'file1', which it has",
        "only missing segments are asked for",
        line,
    )


@wrong(rules.COMPLETION)
def nothing_is_on_the_disk_of_who_was_neither_restarted_nor_resumed(h: HandWritten) -> Blame:
    h.swarm(2, F)
    h.header = HandWritten(2, strategy="another").header
    h.record(2, DownloadStarted(F, 3, 3), "download")
    line = h.line + 2
    h.complete(2, F)
    h.outcome = "cut"
    return blame(
        rules.COMPLETION,
        "client 2 tells that it has 'file1', but 3 segments are missing",
        "it tells it once, when all segments are there (D7)",
        line,
    )


@pytest.mark.parametrize("case", WRONG_ONES, ids=lambda case: case.name)
def test_a_wrong_history_with_faults_is_condemned_by_one_rule(case: Wrong, tmp_path: Path) -> None:
    h = case.start()
    expected = case.write(h)
    report = h.check(tmp_path, h.inputs(), h.outcome)
    assert violations(report) == ([expected] if isinstance(expected, Violation) else expected)
    assert invalid(report) == {case.rule.name}


def test_the_strategy_of_the_protocol_does_not_race(tmp_path: Path) -> None:
    h = crowd(3, seeds=2)
    h.swarm(3, F)
    h.count(3, 1, 0)
    h.count(3, 2, 0)
    first = h.message(3, 1, SegmentRequest(F, 0, 1))
    line = h.message(3, 2, SegmentRequest(F, 0, 2))
    assert blame(
        rules.ONE_OUTSTANDING,
        "client 3 asks rank 2 while rank 1 has not answered",
        "it waits for the answer before it asks again",
        first,
        line,
    ) in violations(h.check(tmp_path, outcome="cut"))


def test_every_rule_condemns_a_history_that_no_other_rule_does() -> None:
    assert {case.rule for case in (*test_histories.WRONG_ONES, *WRONG_ONES)} == set(rules.RULES)
