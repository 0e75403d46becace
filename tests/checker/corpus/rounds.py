"""Wrong histories of D3 and D4: lists, quotas, and the search among peers."""

from emulator.checker import rules
from emulator.protocol.messages import (
    TRACKER,
    ConnectionCount,
    ConnectionCountRequest,
    Miss,
    SegmentRequest,
    SwarmAnswer,
)
from tests.checker.corpus.beginnings import (
    ELEVEN,
    Blame,
    F,
    crowd,
    crowd_of_beginners,
    crowd_with_a_beginner,
    end_of_the_beginner,
    end_of_the_beginners,
    rest_from_seed,
    wrong,
)
from tests.checker.histories import HandWritten, blame


@wrong(rules.FRESH_LIST, crowd_with_a_beginner)
def one_is_asked_who_is_not_in_the_list(h: HandWritten) -> Blame:
    h.close(2, 1)
    line = h.message(2, 3, SegmentRequest(F, 1))
    h.message(3, 2, Miss(F, 1))
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
    return blame(
        rules.FRESH_LIST,
        "client 2 asks rank 3, which is not in its list of 'file1'",
        "it asks those that are in the list of this round (D3)",
        h.at_received(2, TRACKER, SwarmAnswer(F, (1,), ())),
        line,
    )


@wrong(rules.FRESH_LIST)
def a_segment_is_asked_for_without_a_list(h: HandWritten) -> Blame:
    line = h.message(2, 1, SegmentRequest(F, 0))
    h.message(1, 2, h.right(F, 0))
    h.close(2, 1)
    h.swarm(2, F)
    h.from_seed(2, 1, F, (1, 2))
    h.complete(2, F)
    h.end()
    return blame(
        rules.FRESH_LIST,
        "client 2 asks rank 1 for a segment of 'file1' without a list of its swarm",
        "it asks the tracker for the swarm first (D3)",
        line,
    )


@wrong(rules.FRESH_LIST)
def a_seed_is_counted_without_a_list(h: HandWritten) -> Blame:
    line = h.message(2, 1, ConnectionCountRequest())
    h.message(1, 2, ConnectionCount(0))
    h.download(2, 1, F)
    h.end()
    return blame(
        rules.FRESH_LIST,
        "client 2 asks rank 1 for its connections without a list of its swarm",
        "it asks the tracker for the swarm first (D3)",
        line,
    )


@wrong(rules.QUOTA, lambda: crowd(file=ELEVEN))
def one_segment_too_many(h: HandWritten) -> Blame:
    h.swarm(2, F)
    h.from_seed(2, 1, F, range(11))
    h.complete(2, F)
    h.end()
    return blame(
        rules.QUOTA,
        "client 2 asks for a segment when it has got 10 since its last swarm list",
        "after 10 segments it asks the tracker again (D3)",
        h.at_received(2, TRACKER, SwarmAnswer(F, (1,), ())),
        h.at_sent(2, SegmentRequest(F, 10)),
    )


@wrong(rules.FULL_ROUND)
def a_round_ends_early(h: HandWritten) -> Blame:
    h.swarm(2, F)
    began = h.line
    h.from_seed(2, 1, F, (0,))
    ended = h.line + 1
    h.swarm(2, F)
    h.from_seed(2, 1, F, (1, 2))
    h.complete(2, F)
    h.end()
    return blame(
        rules.FULL_ROUND,
        "client 2 ends a round of 'file1' with 1 segments",
        "it takes the rest of 10 segments from a seed of its list (D5, D6)",
        began,
        ended,
    )


@wrong(rules.FULL_ROUND, crowd_with_a_beginner)
def a_round_ends_without_a_seed(h: HandWritten) -> Blame:
    h.swarm(3, F)
    began = h.line
    h.miss(3, 2, F, 0)
    h.swarm(3, F)
    h.hit(3, 2, F, 0)
    h.miss(3, 2, F, 1)
    h.close(3, 2)
    rest_from_seed(h, 3, 1, 2)
    end_of_the_beginner(h)
    h.end()
    return blame(
        rules.FULL_ROUND,
        "client 3 ends a round of 'file1' with 0 segments",
        "it takes the rest of 10 segments from a seed of its list (D5, D6)",
        began,
        began + 5,
    )


@wrong(rules.PEERS_FIRST_RULE, crowd_with_a_beginner)
def a_peer_is_asked_after_a_seed(h: HandWritten) -> Blame:
    h.swarm(3, F)
    h.miss(3, 2, F, 0)
    turned = h.line + 1
    h.count(3, 1, 1)
    h.hit(3, 1, F, 0)
    h.close(3, 1)
    end_of_the_beginner(h)
    line = h.message(3, 2, SegmentRequest(F, 1))
    h.message(2, 3, h.right(F, 1))
    h.close(3, 2)
    h.hit(3, 1, F, 2)
    h.close(3, 1)
    h.complete(3, F)
    h.end()
    return blame(
        rules.PEERS_FIRST_RULE,
        "client 3 asks peer 2 when it has turned to the seeds",
        "peers come first (D4)",
        turned,
        line,
    )


LIST_OF_5 = SwarmAnswer(F, (1,), (2, 3, 4))


@wrong(rules.TWO_MISSES, crowd_of_beginners)
def a_third_peer_is_asked_after_two_misses(h: HandWritten) -> Blame:
    h.miss(5, 3, F, 0)
    h.miss(5, 4, F, 0)
    line = h.message(5, 2, SegmentRequest(F, 0))
    h.message(2, 5, Miss(F, 0))
    rest_from_seed(h, 5, 0, 1, 2)
    end_of_the_beginners(h)
    return blame(
        rules.TWO_MISSES,
        "client 5 asks peer 2 after two misses in a row",
        "it turns to the seeds (D5)",
        h.at_received(5, TRACKER, LIST_OF_5),
        line,
    )


@wrong(rules.TWO_MISSES, crowd_of_beginners)
def the_search_is_given_up_after_one_miss(h: HandWritten) -> Blame:
    h.miss(5, 3, F, 0)
    line = h.line + 1
    rest_from_seed(h, 5, 0, 1, 2)
    end_of_the_beginners(h)
    return blame(
        rules.TWO_MISSES,
        "client 5 gives up the peers of 'file1' after 1 misses in a row",
        "it goes on with another peer of its list (D4)",
        h.at_received(5, TRACKER, LIST_OF_5),
        line,
    )


@wrong(rules.TWO_MISSES, crowd_of_beginners)
def the_peers_are_not_asked_at_all(h: HandWritten) -> Blame:
    line = h.line + 1
    rest_from_seed(h, 5, 0, 1, 2)
    end_of_the_beginners(h)
    return blame(
        rules.TWO_MISSES,
        "client 5 gives up the peers of 'file1' after 0 misses in a row",
        "it goes on with a peer of its list (D4)",
        h.at_received(5, TRACKER, LIST_OF_5),
        line,
    )


@wrong(rules.TWO_MISSES, crowd_of_beginners)
def the_same_peer_misses_twice(h: HandWritten) -> Blame:
    h.miss(5, 3, F, 0)
    line = h.line + 1
    h.miss(5, 3, F, 0)
    rest_from_seed(h, 5, 0, 1, 2)
    end_of_the_beginners(h)
    return blame(
        rules.TWO_MISSES,
        "client 5 asks peer 3 again right after its miss",
        "it takes another peer (D4)",
        h.at_received(5, TRACKER, LIST_OF_5),
        line,
    )


@wrong(rules.TWO_MISSES, crowd_of_beginners)
def a_peer_is_left_without_a_miss(h: HandWritten) -> Blame:
    h.hit(5, 2, F, 0)
    h.close(5, 2)
    line = h.line + 1
    h.miss(5, 3, F, 1)
    h.miss(5, 4, F, 1)
    rest_from_seed(h, 5, 1, 2)
    end_of_the_beginners(h)
    return blame(
        rules.TWO_MISSES,
        "client 5 asks peer 3 and leaves peer 2 without a miss",
        "it stays with a peer until a miss (D4)",
        h.at_received(5, TRACKER, LIST_OF_5),
        line,
    )
