"""Wrong histories of U4: connections and their closes."""

from emulator.checker import rules
from emulator.protocol.messages import Close, FileCompleted, SegmentRequest
from tests.checker.corpus.beginnings import (
    Blame,
    F,
    another_crowd,
    asked,
    crowd,
    crowd_of_beginners,
    crowd_with_a_beginner,
    end_of_the_beginner,
    end_of_the_beginners,
    lossy,
    rest,
    rest_from_seed,
    right_of,
    wrong,
)
from tests.checker.histories import HandWritten, blame


@wrong(rules.CLOSED_ONCE)
def a_connection_is_not_closed_at_the_end_of_a_round(h: HandWritten) -> Blame:
    h.swarm(2, F)
    h.count(2, 1, 0)
    h.hit(2, 1, F, 0, 1, 2)
    h.complete(2, F)
    h.end()
    return blame(
        rules.CLOSED_ONCE,
        "this program never sends a close",
        "a downloader closes its connections (D4, D6)",
        h.at_received(2, 1, h.right(F, 0)),
        h.at_sent(2, FileCompleted(F)),
    )


@wrong(rules.CLOSED_ONCE, crowd_with_a_beginner)
def a_connection_is_not_closed_when_seeds_are_asked(h: HandWritten) -> Blame:
    h.swarm(3, F)
    h.hit(3, 2, F, 0)
    h.miss(3, 2, F, 1)
    line = h.line + 1
    h.count(3, 1, 1)
    h.hit(3, 1, F, 1, 2)
    h.close(3, 1)
    h.complete(3, F)
    end_of_the_beginner(h)
    h.end()
    return blame(
        rules.CLOSED_ONCE,
        "client 3 has not closed its connection with rank 2 when it asks rank 1 for its connections",
        "it sends a close when it leaves an uploader (D4, D6)",
        h.at_received(3, 2, h.right(F, 0)),
        line,
    )


@wrong(rules.CLOSED_ONCE, crowd_of_beginners)
def a_connection_is_not_closed_when_another_peer_is_asked(h: HandWritten) -> Blame:
    h.hit(5, 2, F, 0)
    h.miss(5, 2, F, 1)
    line = h.line + 1
    h.miss(5, 3, F, 1)
    rest_from_seed(h, 5, 1, 2)
    end_of_the_beginners(h)
    return blame(
        rules.CLOSED_ONCE,
        "client 5 has not closed its connection with rank 2 when it turns to rank 3",
        "it sends a close when it leaves an uploader (D4, D6)",
        h.at_received(5, 2, h.right(F, 0)),
        line,
    )


@wrong(rules.CLOSED_ONCE)
def a_connection_is_closed_twice(h: HandWritten) -> Blame:
    h.download(2, 1, F)
    line = h.line + 1
    h.close(2, 1)
    h.end()
    return blame(
        rules.CLOSED_ONCE,
        "client 2 closes a connection with rank 1 that it does not have",
        "a close follows a connection that a hit has opened, once (U4)",
        line,
    )


@wrong(rules.CLOSED_ONCE, crowd_with_a_beginner)
def a_peer_that_only_missed_gets_a_close(h: HandWritten) -> Blame:
    h.swarm(3, F)
    h.miss(3, 2, F, 0)
    line = h.line + 1
    h.close(3, 2)
    rest_from_seed(h, 3, 0, 1, 2)
    end_of_the_beginner(h)
    h.end()
    return blame(
        rules.CLOSED_ONCE,
        "client 3 closes a connection with rank 2 that it does not have",
        "a close follows a connection that a hit has opened, once (U4)",
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
