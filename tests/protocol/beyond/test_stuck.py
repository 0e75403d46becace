"""When a segment is lost: against a model that knows which client holds what."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.protocol.beyond.stuck import MAX_HOLDERS, StuckPeers
from emulator.protocol.messages import Stuck, StuckAnswer
from tests.protocol.scripted import bits_of

NUM_SEGMENTS = 6
ALL = frozenset(range(NUM_SEGMENTS))


def stuck(held: set[int] | frozenset[int], distrusted: set[int] | None = None, request: int = 1) -> Stuck:
    """What a client reports that holds these segments of `ALL`."""
    return Stuck("file1", bits_of(ALL - held, NUM_SEGMENTS), tuple(sorted(distrusted or ())), request)


def answer(num_lost: int, holders: tuple[int, ...] = (), request: int = 1) -> StuckAnswer:
    return StuckAnswer("file1", num_lost, holders, request)


def test_nothing_is_said_about_a_file_that_nobody_is_stuck_in() -> None:
    peers = StuckPeers()
    assert not peers
    assert peers.judge([5], [1, 2]) == {}


def test_a_client_that_is_alone_has_lost_what_it_misses() -> None:
    peers = StuckPeers()
    peers.report(1, stuck({0, 1, 5}, request=7))
    assert peers
    assert peers.judge([], [1]) == {1: answer(3, request=7)}
    assert not peers


def test_a_peer_that_has_told_nothing_yet_may_help() -> None:
    peers = StuckPeers()
    peers.report(1, stuck({0}))
    assert peers.judge([], [1, 2]) == {}
    assert peers


def test_a_seed_that_nobody_complains_of_is_a_reason_to_try_again() -> None:
    peers = StuckPeers()
    peers.report(1, stuck({0}, {5}, request=3))
    peers.report(2, stuck({0}, {5, 6}, request=4))
    assert peers.judge([5, 6, 7], [1, 2]) == {1: answer(0, request=3), 2: answer(0, request=4)}
    assert not peers


def test_seeds_that_stuck_clients_complain_of_together_are_no_reason_to_wait() -> None:
    peers = StuckPeers()
    peers.report(1, stuck(set(), {5}))
    peers.report(2, stuck(set(), {6}))
    assert peers.judge([5, 6], [1, 2]) == dict.fromkeys((1, 2), answer(NUM_SEGMENTS))


def test_clients_that_can_help_each_other_are_named_to_each_other() -> None:
    peers = StuckPeers()
    peers.report(1, stuck({0, 1, 2}, request=3))
    peers.report(2, stuck({3, 4, 5}, request=8))
    assert peers.judge([], [1, 2]) == {1: answer(0, (2,), 3), 2: answer(0, (1,), 8)}


def test_the_holders_named_are_those_of_the_first_missing_segment_and_few() -> None:
    peers = StuckPeers()
    peers.report(1, stuck({0}))
    for rank in (5, 4, 3, 2):
        peers.report(rank, stuck({1, rank}))
    peers.report(6, stuck({5}))
    assert peers.judge([], range(1, 7))[1] == answer(0, holders=(2, 3))


def test_one_segment_that_nobody_holds_loses_the_file_for_all_that_miss_it() -> None:
    peers = StuckPeers()
    peers.report(1, stuck(ALL - {0, 5}))
    peers.report(2, stuck(ALL - {5}))
    assert peers.judge([], [1, 2]) == {1: answer(1), 2: answer(1)}


def test_who_has_given_up_is_not_waited_for_and_still_holds_what_it_has() -> None:
    peers = StuckPeers()
    peers.report(1, stuck({0, 1, 2, 3, 4}))
    assert peers.judge([], [1]) == {1: answer(1)}
    peers.report(2, stuck({5}))
    assert peers.judge([], [1, 2]) == {2: answer(0, holders=(1,))}


def test_what_a_forgotten_client_held_is_gone_with_it() -> None:
    peers = StuckPeers()
    peers.report(1, stuck({0, 1, 2, 3, 4}))
    peers.judge([], [1])
    peers.forget(1)
    peers.report(2, stuck({5}))
    assert peers.judge([], [2]) == {2: answer(5)}


def test_a_forgotten_client_is_not_told_anything() -> None:
    peers = StuckPeers()
    peers.report(1, stuck(set()))
    peers.forget(1)
    assert not peers
    assert peers.judge([], []) == {}


def test_what_a_distrusted_client_says_that_it_holds_does_not_count() -> None:
    peers = StuckPeers()
    peers.report(1, stuck({0}, {2}))
    peers.report(2, stuck(ALL - {0}))
    assert peers.judge([], [1, 2]) == {1: answer(5), 2: answer(0, holders=(1,))}


# Where messages can be lost, a question is asked again, and may come when it has had its answer


def test_a_question_that_comes_again_before_its_answer_is_one_question() -> None:
    peers = StuckPeers()
    for _ in range(3):
        assert peers.report(1, stuck(set(), request=4)) is None
    assert len(peers.judge([], [1])) == 1


@pytest.mark.parametrize("seeds", [(), (5,)])
def test_a_question_that_has_had_its_answer_is_answered_the_same_again(seeds: tuple[int, ...]) -> None:
    peers = StuckPeers()
    peers.report(1, stuck(set(), request=4))
    answers = peers.judge(seeds, [1])
    assert peers.report(1, stuck(set(), request=4)) == answers[1]
    assert not peers  # by now, the client may have got something, or have gone on to another question


def test_an_older_question_is_passed_over() -> None:
    peers = StuckPeers()
    peers.report(1, stuck(set(), request=4))
    peers.judge([], [1])
    assert peers.report(1, stuck(set(), request=3)) is None
    assert not peers


def test_a_later_question_is_a_new_one() -> None:
    peers = StuckPeers()
    peers.report(1, stuck(set(), request=4))
    peers.judge([5], [1])
    assert peers.report(1, stuck(set(), request=6)) is None
    assert peers.judge([5], [1]) == {1: answer(0, request=6)}


def test_a_later_life_begins_anew() -> None:
    peers = StuckPeers()
    peers.report(1, stuck(set(), request=4))
    peers.judge([5], [1])
    peers.forget(1)
    assert peers.report(1, stuck(set(), request=4)) is None
    assert peers


# Against a model

RANKS = range(1, 6)
HELD = st.sets(st.sampled_from(sorted(ALL)), max_size=NUM_SEGMENTS - 1).map(frozenset)


@given(
    held=st.dictionaries(st.sampled_from(RANKS), HELD, min_size=1),
    distrusted=st.sets(st.integers(1, 8)),
    seeds=st.sets(st.integers(6, 8)),
    others=st.sets(st.sampled_from(RANKS)),
    given_up=st.dictionaries(st.integers(9, 11), HELD),
)
def test_a_segment_is_lost_if_and_only_if_no_trusted_member_holds_it(
    held: dict[int, frozenset[int]],
    distrusted: set[int],
    seeds: set[int],
    others: set[int],
    given_up: dict[int, frozenset[int]],
) -> None:
    peers = StuckPeers()
    for rank, segments in given_up.items():
        peers.report(rank, stuck(segments))
    gave_up = {rank: given_up[rank] for rank, told in peers.judge([], given_up).items() if told.num_lost}

    complainer = min(held)
    for rank, segments in held.items():
        peers.report(rank, stuck(segments, distrusted if rank == complainer else set(), request=rank))
    answers = peers.judge(seeds, {*held, *others, *gave_up})

    if not seeds <= distrusted:
        assert answers == {rank: answer(0, request=rank) for rank in held}
    elif others - held.keys():
        assert answers == {}
    else:
        members = {rank: has for rank, has in (held | gave_up).items() if rank not in distrusted}
        somewhere = frozenset().union(*members.values())
        for rank, told in answers.items():
            missing = ALL - held[rank]
            assert told.num_lost == len(missing - somewhere)
            holders = [member for member in sorted(members) if min(missing) in members[member]]
            assert told.holders == (() if told.num_lost else tuple(holders[:MAX_HOLDERS]))
        assert list(answers) == list(held)


@given(st.lists(HELD, min_size=1, max_size=5), st.sets(st.integers(0, 4)))
def test_stuck_clients_get_all_that_is_left_and_then_give_up_the_rest(
    start: list[frozenset[int]], liars: set[int]
) -> None:
    """They play it to the end: who is named is asked, and gives what it holds, or is a liar and is distrusted."""
    held = {rank: set(segments) for rank, segments in enumerate(start)}
    honest = {rank for rank in held if rank not in liars}
    left = frozenset().union(*(held[rank] for rank in honest))
    peers, distrusted, done, request = StuckPeers(), {rank: set[int]() for rank in held}, set[int](), 0
    for _ in range(200):
        if done == held.keys():
            break
        for rank in held.keys() - done:
            request += 1
            peers.report(rank, stuck(held[rank], distrusted[rank], request))
        answers = peers.judge([rank for rank in held if held[rank] == ALL], [r for r in held if held[r] != ALL])
        assert answers
        for rank, told in answers.items():
            mine, first = held[rank], min(ALL - held[rank])
            if told.num_lost:
                done.add(rank)
            for holder in told.holders:
                if holder in honest:
                    assert first in held[holder]
                    mine.add(first)
                    distrusted[rank].clear()
                elif first not in mine:
                    distrusted[rank].add(holder)
            if not told.num_lost and not told.holders:
                # There is a seed that somebody counts on.
                for seed in [other for other in held if held[other] == ALL and other != rank]:
                    if seed in honest:
                        mine |= ALL
                    else:
                        distrusted[rank].add(seed)
            if mine == ALL:
                done.add(rank)
    assert done == held.keys()
    for rank in honest:
        assert held[rank] == ALL or not left >= ALL - held[rank]
