"""Right histories with deaths, returns, departures and files that are lost with their holders."""

from emulator.protocol.events import ClientLeft, Died, DownloadStarted, FaultBegan, FileUnavailable, Restarted
from emulator.protocol.messages import (
    TRACKER,
    Barrier,
    ConnectionCount,
    ConnectionCountRequest,
    Holdings,
    HoldingsRequest,
    Leave,
    Lost,
    Metadata,
    MetadataAnswer,
    MetadataRequest,
    Returned,
    SegmentRequest,
    Stuck,
    StuckAnswer,
    SwarmAnswer,
    SwarmRequest,
)
from tests.checker.corpus.beginnings import ALL, FILE, F, another_crowd, crowd, rest, right
from tests.checker.histories import HandWritten


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
