"""Wrong histories of D5, D6 and U3: which seed is taken, and what it tells."""

from emulator.checker import rules
from emulator.protocol.messages import TRACKER, SwarmAnswer
from tests.checker.corpus.beginnings import (
    Blame,
    F,
    crowd,
    crowd_with_a_beginner,
    end_of_the_beginner,
    rest_from_seed,
    wrong,
)
from tests.checker.histories import HandWritten, blame


def two_seeds() -> HandWritten:
    h = crowd(4, seeds=2)
    h.swarm(3, F)
    return h


def end_of_two_seeds(h: HandWritten) -> None:
    """Client 4 comes when client 3 seeds too."""
    h.complete(3, F)
    h.swarm(4, F)
    for seed in (1, 2, 3):
        h.count(4, seed, 0)
    h.hit(4, 3, F, 0, 1, 2)
    h.close(4, 3)
    h.complete(4, F)
    h.end()


LIST_OF_3 = SwarmAnswer(F, (1, 2), ())


@wrong(rules.THREE_COUNTS, two_seeds)
def one_of_two_seeds_is_asked(h: HandWritten) -> Blame:
    h.count(3, 2, 0)
    line = h.line + 1
    h.hit(3, 2, F, 0, 1, 2)
    h.close(3, 2)
    end_of_two_seeds(h)
    return blame(
        rules.THREE_COUNTS,
        "client 3 takes seed 2 and has asked 1 of 2 seeds",
        "it asks 2 seeds first (D5)",
        h.at_received(3, TRACKER, LIST_OF_3),
        line,
    )


@wrong(rules.THREE_COUNTS, two_seeds)
def a_seed_is_asked_twice(h: HandWritten) -> Blame:
    first = h.line + 1
    h.count(3, 2, 0)
    second = h.line + 1
    h.count(3, 2, 0)
    h.count(3, 1, 0)
    h.hit(3, 2, F, 0, 1, 2)
    h.close(3, 2)
    end_of_two_seeds(h)
    return blame(
        rules.THREE_COUNTS,
        "client 3 asks seed 2 twice in one round for its connections",
        "each seed is asked once (D5)",
        first,
        second,
    )


@wrong(rules.THREE_COUNTS, crowd_with_a_beginner)
def a_peer_is_asked_for_its_connections(h: HandWritten) -> Blame:
    h.swarm(3, F)
    h.miss(3, 2, F, 0)
    line = h.line + 1
    h.count(3, 2, 0)
    rest_from_seed(h, 3, 0, 1, 2)
    end_of_the_beginner(h)
    h.end()
    return blame(
        rules.THREE_COUNTS,
        "client 3 asks peer 2 for its connections",
        "it asks seeds (D5)",
        h.at_received(3, TRACKER, SwarmAnswer(F, (1,), (2,))),
        line,
    )


@wrong(rules.THREE_COUNTS, lambda: crowd(5, seeds=4))
def a_fourth_seed_is_asked_when_one_is_taken(h: HandWritten) -> Blame:
    h.swarm(5, F)
    for seed in (1, 2, 3):
        h.count(5, seed, 0)
    h.hit(5, 1, F, 0)
    h.close(5, 1)
    line = h.line + 1
    h.count(5, 4, 0)
    h.hit(5, 1, F, 1, 2)
    h.close(5, 1)
    h.complete(5, F)
    h.end()
    return blame(
        rules.THREE_COUNTS,
        "client 5 asks seed 4 for its connections when it has taken seed 1",
        "it asks before it takes one (D5)",
        h.at_received(5, TRACKER, SwarmAnswer(F, (1, 2, 3, 4), ())),
        line,
    )


@wrong(rules.LEAST_CONNECTED, two_seeds)
def the_busiest_seed_is_taken(h: HandWritten) -> Blame:
    h.swarm(4, F)
    h.count(3, 1, 0)
    h.count(3, 2, 0)
    h.hit(3, 1, F, 0)
    h.hit(4, 3, F, 0)
    h.miss(4, 3, F, 1)
    h.close(4, 3)
    first, second = h.line + 1, h.line + 5
    h.count(4, 1, 1)
    h.count(4, 2, 0)
    line = h.line + 1
    h.hit(4, 1, F, 1, 2)
    h.close(4, 1)
    h.complete(4, F)
    h.hit(3, 1, F, 1, 2)
    h.close(3, 1)
    h.complete(3, F)
    h.end()
    return blame(
        rules.LEAST_CONNECTED,
        "client 4 takes seed 1, when the seeds have told of these connections: 1 (seed 1), 0 (seed 2)",
        "it takes the seed with the fewest (D5)",
        first,
        second,
        line,
    )


@wrong(rules.LEAST_CONNECTED, two_seeds)
def two_seeds_are_taken_in_one_round(h: HandWritten) -> Blame:
    h.count(3, 1, 0)
    h.count(3, 2, 0)
    h.hit(3, 1, F, 0)
    h.close(3, 1)
    line = h.line + 1
    h.hit(3, 2, F, 1, 2)
    h.close(3, 2)
    end_of_two_seeds(h)
    return blame(
        rules.LEAST_CONNECTED,
        "client 3 turns from seed 1 to seed 2 in one round",
        "it takes one seed a round (D5, D6)",
        h.at_received(3, TRACKER, LIST_OF_3),
        line,
    )


@wrong(rules.TRUE_COUNT, crowd_with_a_beginner)
def an_uploader_hides_a_connection(h: HandWritten) -> Blame:
    opened = h.at_sent(1, h.right(F, 0))
    h.swarm(3, F)
    h.miss(3, 2, F, 0)
    line = h.line + 1
    rest_from_seed(h, 3, 0, 1, 2, connected=0)
    end_of_the_beginner(h)
    h.end()
    return blame(
        rules.TRUE_COUNT,
        "client 1 tells client 3 of 0 connections, when 1 are open",
        "it tells of 1 (U3)",
        opened,
        line + 1,
        line + 2,
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
