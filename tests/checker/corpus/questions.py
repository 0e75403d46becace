"""Wrong histories of questions and their answers: to whom, how many, and how often."""

from emulator.checker import rules
from emulator.protocol.messages import (
    TRACKER,
    ConnectionCount,
    ConnectionCountRequest,
    Miss,
    SegmentRequest,
    SwarmAnswer,
)
from tests.checker.corpus.beginnings import Blame, F, another_crowd, crowd, right_of, wrong
from tests.checker.histories import HandWritten, blame


@wrong(rules.TRACKER_HOLDS_NOTHING)
def a_client_asks_the_tracker_for_a_segment(h: HandWritten) -> Blame:
    h.swarm(2, F)
    line = h.message(2, TRACKER, SegmentRequest(F, 0))
    h.outcome = "cut"  # whatever the tracker answers is wrong
    return blame(
        rules.TRACKER_HOLDS_NOTHING,
        "client 2 asks the tracker: a request for segment 0 of 'file1'",
        "only other clients are asked",
        line,
    )


@wrong(rules.TRACKER_HOLDS_NOTHING)
def a_client_asks_itself_for_its_connections(h: HandWritten) -> Blame:
    h.swarm(2, F)
    line = h.message(2, 2, ConnectionCountRequest())
    h.message(2, 2, ConnectionCount(0))
    h.from_seed(2, 1, F, range(3))
    h.complete(2, F)
    h.end()
    return blame(
        rules.TRACKER_HOLDS_NOTHING,
        "client 2 asks itself: a request for the number of connections",
        "only other clients are asked",
        line,
    )


@wrong(rules.ONE_OUTSTANDING, lambda: crowd(3, seeds=2))
def two_seeds_are_asked_at_once(h: HandWritten) -> Blame:
    h.swarm(3, F)
    first, second = (h.message(3, seed, ConnectionCountRequest()) for seed in (1, 2))
    h.message(1, 3, ConnectionCount(0))
    h.message(2, 3, ConnectionCount(0))
    h.hit(3, 2, F, 0, 1, 2)
    h.close(3, 2)
    h.complete(3, F)
    h.end()
    return blame(
        rules.ONE_OUTSTANDING,
        "client 3 asks rank 2 while rank 1 has not answered",
        "it waits for the answer before it asks again",
        first,
        second,
    )


@wrong(rules.ONE_OUTSTANDING)
def two_segments_are_asked_for_at_once(h: HandWritten) -> Blame:
    h.swarm(2, F)
    h.count(2, 1, 0)
    first, second = (h.message(2, 1, SegmentRequest(F, segment)) for segment in (0, 1))
    h.message(1, 2, h.right(F, 0))
    h.message(1, 2, h.right(F, 1))
    h.hit(2, 1, F, 2)
    h.close(2, 1)
    h.complete(2, F)
    h.end()
    return blame(
        rules.ONE_OUTSTANDING,
        "client 2 asks rank 1 while rank 1 has not answered",
        "it waits for the answer before it asks again",
        first,
        second,
    )


@wrong(rules.ONE_ANSWER)
def a_request_is_answered_twice(h: HandWritten) -> Blame:
    h.swarm(2, F)
    h.count(2, 1, 0)
    h.hit(2, 1, F, 0)
    line = h.message(1, 2, h.right(F, 0))
    h.hit(2, 1, F, 1, 2)
    h.close(2, 1)
    h.complete(2, F)
    h.end()
    return blame(
        rules.ONE_ANSWER,
        "client 1 sends segment 0 of 'file1' to client 2, which has asked nothing",
        "one answer to each request, and of its kind",
        line,
    )


@wrong(rules.ONE_ANSWER, lambda: crowd(3))
def an_answer_goes_to_the_wrong_client(h: HandWritten) -> Blame:
    h.swarm(2, F)
    h.message(2, 1, ConnectionCountRequest())
    line = h.message(1, 3, ConnectionCount(0))
    h.message(1, 2, ConnectionCount(0))
    h.hit(2, 1, F, 0, 1, 2)
    h.close(2, 1)
    h.complete(2, F)
    h.swarm(3, F)
    for seed in (1, 2):
        h.count(3, seed, 0)
    h.hit(3, 1, F, 0, 1, 2)
    h.close(3, 1)
    h.complete(3, F)
    h.end()
    return blame(
        rules.ONE_ANSWER,
        "client 1 sends a count of 0 connections to client 3, which has asked nothing",
        "one answer to each request, and of its kind",
        line,
    )


@wrong(rules.ONE_ANSWER)
def an_answer_is_about_another_segment(h: HandWritten) -> Blame:
    h.swarm(2, F)
    h.count(2, 1, 0)
    asked = h.message(2, 1, SegmentRequest(F, 0))
    line = h.message(1, 2, Miss(F, 1))
    h.outcome = "cut"
    return blame(
        rules.ONE_ANSWER,
        "client 1 sends a miss for segment 1 of 'file1' to client 2, "
        "which waits for the answer to a request for segment 0 of 'file1'",
        "one answer to each request, and of its kind",
        asked + 1,
        line,
    )


@wrong(rules.ONE_ANSWER)
def a_list_comes_unasked(h: HandWritten) -> Blame:
    h.swarm(2, F)
    line = h.message(TRACKER, 2, SwarmAnswer(F, (1,), ()))
    h.from_seed(2, 1, F, range(3))
    h.complete(2, F)
    h.end()
    return blame(
        rules.ONE_ANSWER,
        "the tracker sends client 2 the swarm list of 'file1', which that client has not asked it for",
        "it answers each request once, after it has received it (T3, T6)",
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
        "client 3 asks rank 1, of which it knows that it is lost: a request for the number of connections",
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


@wrong(rules.ONE_ANSWER, lambda: another_crowd(2, seeds=1))
def an_answer_has_the_number_of_another_question(h: HandWritten) -> Blame:
    h.swarm(2, F)
    first = h.message(2, 1, SegmentRequest(F, 0, 4))
    line = h.message(1, 2, right_of(0, 5))
    h.outcome = "cut"
    return blame(
        rules.ONE_ANSWER,
        "client 1 sends segment 0 of 'file1' (number 5) to client 2, "
        "which waits for the answer to a request for segment 0 of 'file1' (number 4)",
        "one answer to each request, and of its kind",
        first + 1,
        line,
    )
