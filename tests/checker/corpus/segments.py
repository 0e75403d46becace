"""Wrong histories of U2 and D7: what is asked for, held and given."""

from emulator.checker import rules
from emulator.checker.findings import Violation
from emulator.protocol.events import DownloadStarted, FaultBegan
from emulator.protocol.messages import (
    TRACKER,
    Hit,
    Holdings,
    HoldingsRequest,
    Leave,
    MetadataRequest,
    Miss,
    SegmentRequest,
    SwarmRequest,
)
from tests.checker.corpus.beginnings import (
    FILE,
    OTHER,
    Blame,
    F,
    G,
    another_crowd,
    crowd,
    crowd_of_beginners,
    crowd_with_a_beginner,
    end_of_the_beginner,
    end_of_the_beginners,
    rest,
    rest_from_seed,
    two,
    wrong,
)
from tests.checker.histories import HandWritten, blame
from tests.protocol.scripted import WRONG


@wrong(rules.HOLDS_WHAT_IT_GIVES, crowd_with_a_beginner)
def a_segment_is_given_that_is_not_held(h: HandWritten) -> Blame:
    h.swarm(3, F)
    h.hit(3, 2, F, 0)
    asked = h.message(3, 2, SegmentRequest(F, 1))
    given = h.message(2, 3, h.right(F, 1))
    h.miss(3, 2, F, 2)
    h.close(3, 2)
    rest_from_seed(h, 3, 2)
    end_of_the_beginner(h)
    h.end()
    return blame(
        rules.HOLDS_WHAT_IT_GIVES,
        "client 2 gives segment 1 of 'file1' to client 3 and does not hold it",
        "it answers with a miss (U2)",
        asked + 1,
        given,
    )


@wrong(rules.HOLDS_WHAT_IT_GIVES)
def a_segment_is_refused_that_is_held(h: HandWritten) -> Blame:
    h.swarm(2, F)
    h.count(2, 1, 0)
    line = h.line + 1
    h.miss(2, 1, F, 0)
    h.download(2, 1, F)
    h.end()
    return blame(
        rules.HOLDS_WHAT_IT_GIVES,
        "client 1 has no segment 0 of 'file1' for client 2, but holds it",
        "it answers with the segment (U2)",
        line + 1,
        line + 2,
    )


@wrong(rules.HOLDS_WHAT_IT_GIVES, crowd_with_a_beginner)
def a_segment_is_refused_that_is_stored_for_certain(h: HandWritten) -> Blame:
    h.hit(2, 1, F, 1)
    h.swarm(3, F)
    line = h.line + 1
    h.miss(3, 2, F, 0)
    rest_from_seed(h, 3, 0, 1, 2)
    h.hit(2, 1, F, 2)
    h.close(2, 1)
    h.complete(2, F)
    h.end()
    return blame(
        rules.HOLDS_WHAT_IT_GIVES,
        "client 2 has no segment 0 of 'file1' for client 3, but holds it",
        "it answers with the segment (U2)",
        line + 1,
        line + 2,
    )


def bad_hash(uploader: int, client: int, asked: int) -> Violation:
    return blame(
        rules.RIGHT_HASH,
        f"client {uploader} gives {WRONG!r} to client {client} for segment 0 of 'file1'",
        f"it gives {FILE.segment(0)!r}",
        asked + 1,
        asked + 2,
    )


@wrong(rules.RIGHT_HASH)
def a_wrong_segment_of_a_seed_counts_as_a_miss(h: HandWritten) -> Blame:
    h.swarm(2, F)
    h.count(2, 1, 0)
    asked = h.message(2, 1, SegmentRequest(F, 0))
    h.message(1, 2, Hit(F, 0, WRONG))
    h.close(2, 1)
    h.download(2, 1, F)
    h.end()
    return bad_hash(1, 2, asked)


@wrong(rules.RIGHT_HASH, crowd_of_beginners)
def a_wrong_segment_of_a_peer_counts_as_a_miss(h: HandWritten) -> Blame:
    asked = h.message(5, 2, SegmentRequest(F, 0))
    h.message(2, 5, Hit(F, 0, WRONG))
    h.close(5, 2)
    h.miss(5, 3, F, 0)
    rest_from_seed(h, 5, 0, 1, 2)
    end_of_the_beginners(h)
    return bad_hash(2, 5, asked)


@wrong(rules.ONCE_EACH)
def a_segment_is_asked_for_that_is_there(h: HandWritten) -> Blame:
    h.swarm(2, F)
    h.count(2, 1, 0)
    h.hit(2, 1, F, 0)
    line = h.line + 1
    h.hit(2, 1, F, 0, 1, 2)
    h.close(2, 1)
    h.complete(2, F)
    h.end()
    return blame(
        rules.ONCE_EACH,
        "client 2 asks for segment 0 of 'file1', which it has",
        "only missing segments are asked for",
        line,
    )


@wrong(rules.ONCE_EACH)
def a_segment_is_asked_for_that_the_file_does_not_have(h: HandWritten) -> Blame:
    h.swarm(2, F)
    h.count(2, 1, 0)
    h.hit(2, 1, F, 0)
    line = h.line + 1
    h.miss(2, 1, F, 3)
    h.hit(2, 1, F, 1, 2)
    h.close(2, 1)
    h.complete(2, F)
    h.end()
    return blame(
        rules.ONCE_EACH,
        "client 2 asks for segment 3 of 'file1', which has 3",
        "only segments of the file are asked for, counted from 0",
        line,
    )


@wrong(rules.FILE_ORDER)
def a_later_segment_comes_first(h: HandWritten) -> Blame:
    h.swarm(2, F)
    h.count(2, 1, 0)
    line = h.line + 1
    h.hit(2, 1, F, 1, 0, 2)
    h.close(2, 1)
    h.complete(2, F)
    h.end()
    return blame(
        rules.FILE_ORDER,
        "client 2 asks for segment 1 of 'file1' while 0 is missing",
        "it asks for segment 0, the first that is missing",
        line,
    )


@wrong(rules.FILE_ORDER, two)
def a_later_file_comes_first(h: HandWritten) -> Blame:
    h.begin({1: [FILE, OTHER]}, {2: [F, G]})
    h.download(2, 1, G)
    h.download(2, 1, F)
    h.end()
    return blame(
        rules.FILE_ORDER,
        "client 2 turns to 'file2' while 'file1', which it wants earlier, is not complete",
        "it downloads 'file1' first (D3)",
        h.at_sent(2, MetadataRequest((F, G))),
        h.at_sent(2, SwarmRequest(G)),
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
