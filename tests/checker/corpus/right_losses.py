"""Right histories with races, lost, late and doubled messages, liars and free riders."""

from emulator.protocol.events import FaultBegan
from emulator.protocol.messages import (
    TRACKER,
    Hit,
    Holdings,
    HoldingsRequest,
    Miss,
    SegmentRequest,
    SwarmAnswer,
    SwarmRequest,
)
from tests.checker.corpus.beginnings import ALL, NONE, F, another_crowd, asked, crowd, lossy, rest, right, right_of
from tests.checker.histories import HandWritten
from tests.protocol.scripted import WRONG


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
