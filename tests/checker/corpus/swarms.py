"""Wrong histories of T6 and T7: the tracker's lists and roles."""

from emulator.checker import rules
from emulator.protocol.events import ClientLeft, FileWritten, RoleChanged
from emulator.protocol.messages import TRACKER, FileCompleted, Leave, Stuck, StuckAnswer, SwarmAnswer, SwarmRequest
from tests.checker.corpus.beginnings import Blame, F, another_crowd, crowd, rest, told, wrong
from tests.checker.histories import HandWritten, blame


@wrong(rules.SWARM_LIST)
def the_asker_is_named(h: HandWritten) -> Blame:
    line = told(h, 2, (1,), (2,))
    h.from_seed(2, 1, F, range(3))
    h.complete(2, F)
    h.end()
    return blame(
        rules.SWARM_LIST,
        "the tracker names to client 2 as peers of 'file1': 2",
        "client 2 is the one who asked (T6)",
        line,
    )


@wrong(rules.SWARM_LIST)
def a_seed_is_missing(h: HandWritten) -> Blame:
    line = told(h, 2, (), ())
    h.swarm(2, F)
    h.from_seed(2, 1, F, range(3))
    h.complete(2, F)
    h.end()
    return blame(
        rules.SWARM_LIST,
        "the tracker names to client 2 as seeds of 'file1': none",
        "it names 1 of the 1 that it knows (T6)",
        line,
    )


@wrong(rules.SWARM_LIST, lambda: crowd(3))
def a_leecher_is_named(h: HandWritten) -> Blame:
    line = told(h, 2, (1,), (3,))
    h.miss(2, 3, F, 0)
    h.from_seed(2, 1, F, range(3))
    h.complete(2, F)
    h.swarm(3, F)
    for seed in (1, 2):
        h.count(3, seed, 0)
    h.hit(3, 2, F, 0, 1, 2)
    h.close(3, 2)
    h.complete(3, F)
    h.end()
    return blame(
        rules.SWARM_LIST,
        "the tracker names to client 2 as peers of 'file1': 3",
        "client 3 is no peer of it (T6)",
        line,
    )


@wrong(rules.SWARM_LIST)
def one_is_named_twice(h: HandWritten) -> Blame:
    line = told(h, 2, (1, 1), ())
    h.from_seed(2, 1, F, range(3))
    h.complete(2, F)
    h.end()
    return blame(
        rules.SWARM_LIST,
        "the tracker names to client 2 as seeds of 'file1': 1, 1",
        "each is named once (T6)",
        line,
    )


@wrong(rules.SWARM_LIST, lambda: crowd(4, seeds=3, numwant=2))
def more_are_named_than_wanted(h: HandWritten) -> Blame:
    line = told(h, 4, (1, 2, 3), ())
    for seed in (1, 2, 3):
        h.count(4, seed, 0)
    h.hit(4, 1, F, 0, 1, 2)
    h.close(4, 1)
    h.complete(4, F)
    h.end()
    return blame(
        rules.SWARM_LIST,
        "the tracker names to client 4 as seeds of 'file1': 1, 2, 3",
        "it names 2 of the 3 that it knows (T6)",
        line,
    )


@wrong(rules.ROLES)
def a_client_is_never_made_a_seed(h: HandWritten) -> Blame:
    h.swarm(2, F)
    h.from_seed(2, 1, F, range(3))
    h.record(2, FileWritten(F, 3), "download")
    h.message(2, TRACKER, FileCompleted(F))
    h.end()
    return blame(
        rules.ROLES, "the tracker never makes client 2 a seed of 'file1'", "it does when it is told so (T6, T7)"
    )


@wrong(rules.ROLES)
def a_client_is_made_a_seed_too_early(h: HandWritten) -> Blame:
    h.swarm(2, F)
    line = h.record(TRACKER, RoleChanged(2, F, "seed"))
    h.from_seed(2, 1, F, range(3))
    h.record(2, FileWritten(F, 3), "download")
    h.message(2, TRACKER, FileCompleted(F))
    h.end()
    return blame(
        rules.ROLES,
        "the tracker makes client 2 a seed of 'file1'; it was peer",
        "by what it was told, the client is a peer (T6, T7)",
        line,
    )


@wrong(rules.ROLES)
def a_client_is_made_a_peer_twice(h: HandWritten) -> Blame:
    h.swarm(2, F)
    line = h.role(2, F, "peer")
    h.from_seed(2, 1, F, range(3))
    h.complete(2, F)
    h.end()
    return blame(
        rules.ROLES,
        "the tracker makes client 2 a peer of 'file1'; it was peer",
        "each role comes once (T6, T7)",
        line,
    )


@wrong(rules.ROLES)
def a_seed_asks_for_the_swarm_of_its_file(h: HandWritten) -> Blame:
    line = h.message(1, TRACKER, SwarmRequest(F))
    h.message(TRACKER, 1, SwarmAnswer(F, (), ()))
    h.download(2, 1, F)
    h.end()
    return blame(
        rules.ROLES,
        "client 1 asks for the swarm of 'file1', which it seeds",
        "a client turns from peer into seed, not back (T7)",
        line + 1,
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
    return blame(rules.SWARM_LIST, "the tracker names to client 3 as seeds of 'file1': 1, 2", "client 1 is lost", line)


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
        rules.SWARM_LIST, "the tracker names to client 3 as seeds of 'file1': 1, 2", "client 2 has left (D8)", line
    )


@wrong(rules.SWARM_LIST)
def a_stranger_is_to_help_the_stuck(h: HandWritten) -> Blame:
    h.swarm(2, F)
    h.count(2, 1, 0)
    h.hit(2, 1, F, 0, 1)
    h.close(2, 1)
    h.outcome = "cut"
    h.header = HandWritten(2, strategy="own.py:Own").header
    h.message(2, TRACKER, Stuck(F, b"\x04", ()))
    line = h.message(TRACKER, 2, StuckAnswer(F, 0, (2,)))
    return blame(
        rules.SWARM_LIST,
        "the tracker names to client 2 as holders of 'file1': 2",
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
