"""Message faults as rules: what each does to which messages, against models as simple as a sentence."""

import random
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.faults import parse_faults
from emulator.faults.in_effect import InEffect
from emulator.faults.rules import LOSABLE, PASSED, Fate, falsified
from emulator.protocol.events import MessageFaulted
from emulator.protocol.messages import (
    AnyMessage,
    Barrier,
    Close,
    ConnectionCount,
    ConnectionCountRequest,
    FileCompleted,
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

HIT = Hit("file1", 3, "3fcfb9d1242fdce64aee2bfe35266912", 7)
QUESTION = SegmentRequest("file1", 3, 7)
CAN_BE_LOST: tuple[AnyMessage, ...] = (
    QUESTION,
    HIT,
    Miss("file1", 3),
    ConnectionCountRequest(),
    ConnectionCount(2),
    HoldingsRequest("file1"),
    Holdings("file1", b"\x01"),
    SwarmRequest("file1"),
    SwarmAnswer("file1", (1,), (2,)),
    Close(),
    Stuck("file1", b"\x01", (1,)),
    StuckAnswer("file1", 0, ()),
)
TOLD_ONCE: tuple[AnyMessage, ...] = (
    Metadata(()),
    MetadataRequest(("file1",)),
    MetadataAnswer(()),
    Barrier(1),
    FileCompleted("file1"),
    Finished(),
    Leave(),
    Stop(),
)
OF_THE_ENGINE: tuple[AnyMessage, ...] = (Lost(), Returned())


def rules_of(*texts: str, num_clients: int = 9) -> InEffect:
    """Rules of which all have begun."""
    rules = InEffect(parse_faults(texts, num_clients))
    for index in range(len(texts)):
        rules.switch(index, True)
    return rules


def ask(rules: InEffect, source: int, dest: int, message: AnyMessage, seed: int = 0) -> Fate:
    return rules.fate(source, dest, message, random.Random(seed))


def test_every_message_can_be_lost_or_is_told_once_or_comes_from_the_engine() -> None:
    kinds = [type(message) for message in (*CAN_BE_LOST, *TOLD_ONCE, *OF_THE_ENGINE)]
    assert sorted(kind.__name__ for kind in kinds) == sorted(kind.__name__ for kind in get_args(AnyMessage))
    assert {type(message) for message in CAN_BE_LOST} == LOSABLE


def test_what_is_done_to_a_message_has_the_word_that_the_event_has_for_it() -> None:
    """A message that a cut holds back is a delayed one for those who read the trace."""
    actions = set(get_args(Fate.__annotations__["action"]))
    words = set(get_args(MessageFaulted.__annotations__["verdict"]))
    assert actions - {"passed", "held"} == words


# Beginning and ending


def test_nothing_happens_before_a_fault_begins_nor_after_it_has_ended() -> None:
    rules = InEffect(parse_faults(["liar client 1", "cut off client 2 for 1s"], 9))
    activity = [rules.touches_messages]
    assert ask(rules, 2, 3, QUESTION) is PASSED
    rules.switch(1, True)
    activity.append(rules.touches_messages)
    assert ask(rules, 2, 3, QUESTION) == Fate("dropped", 1)
    assert ask(rules, 1, 3, HIT) is PASSED
    rules.switch(0, True)
    rules.switch(1, False)
    assert ask(rules, 2, 3, QUESTION) is PASSED
    assert ask(rules, 1, 3, HIT).action == "corrupted"
    rules.switch(0, False)
    activity.append(rules.touches_messages)
    assert activity == [False, True, False]
    assert ask(rules, 1, 3, HIT) is PASSED


def test_a_slowed_line_leaves_messages_alone() -> None:
    rules = rules_of("slow client 1 by 4")
    assert not rules.touches_messages
    assert ask(rules, 1, 2, QUESTION) is PASSED


# What conditions come to together


def test_the_slowness_of_a_rank_is_the_product_of_what_slows_it_now() -> None:
    in_effect = rules_of("slow clients 1-2 by 4", "slow client 2 by 2.5", "drop 10% of messages")
    assert [in_effect.slowness(rank) for rank in (1, 2, 3)] == [4.0, 10.0, 1.0]
    assert [in_effect.slowed(index) for index in range(3)] == [{1: 4.0, 2: 10.0}, {2: 10.0}, {}]
    in_effect.switch(0, False)
    assert in_effect.slowed(0) == {1: 1.0, 2: 2.5}


def test_a_message_is_as_late_as_the_one_fault_makes_it_that_is_on_for_its_sender_and_delays_most() -> None:
    texts = ["delay 10% of messages of client 1 by 2s", "reorder 10% of messages within 3s", "duplicate 5% of messages"]
    in_effect = rules_of(*texts)
    assert [in_effect.lateness_s(rank) for rank in (0, 1)] == [3.0, 3.0]
    in_effect.switch(1, False)
    assert [in_effect.lateness_s(rank) for rank in (0, 1)] == [0.0, 2.0]
    in_effect.switch(0, False)
    assert in_effect.lateness_s(1) == 0.0


def test_where_nothing_touches_messages_nothing_is_drawn() -> None:
    """So that a fault that never concerns anything does not change a run."""
    rng = random.Random(1)
    before = rng.getstate()
    rules = InEffect(parse_faults(["drop 50% of messages of client 1", "corrupt 50% of segments"], 9))
    rules.fate(1, 2, QUESTION, rng)
    rules.switch(0, True)
    rules.switch(1, True)
    rules.fate(2, 1, QUESTION, rng)
    rules.fate(1, 2, Finished(), rng)
    assert rng.getstate() == before


# Cuts


def is_between(ranks: set[int], others: set[int], source: int, dest: int) -> bool:
    return (source in ranks and dest in others) or (dest in ranks and source in others)


@pytest.mark.parametrize(
    ("text", "ranks", "others"),
    [
        ("cut off clients 1-3 for 1s", {1, 2, 3}, {4, 5, 6}),
        ("cut off client 2 from clients 5-6 for 1s", {2}, {5, 6}),
        ("cut off clients 2,4 from tracker for 1s", {2, 4}, {0}),
        ("cut off tracker for 1s", {0}, {1, 2, 3, 4, 5, 6}),
        ("cut off tracker from client 3 for 1s", {0}, {3}),
    ],
)
def test_a_cut_drops_what_can_be_lost_between_the_groups_and_holds_the_rest_back(
    text: str, ranks: set[int], others: set[int]
) -> None:
    rules = rules_of(text, num_clients=6)
    for source in range(7):
        for dest in set(range(7)) - {source}:
            is_cut = is_between(ranks, others, source, dest)
            for message in CAN_BE_LOST:
                assert ask(rules, source, dest, message) == (Fate("dropped", 0) if is_cut else PASSED)
            for message in TOLD_ONCE:
                assert ask(rules, source, dest, message) == (Fate("held", 0) if is_cut else PASSED)
            for message in OF_THE_ENGINE:
                assert ask(rules, source, dest, message) is PASSED


# Faults of messages


@pytest.mark.parametrize("verb", ["drop", "duplicate", "reorder"])
def test_all_that_can_be_lost_is_concerned_by_the_whole_share_and_what_is_told_once_by_none(verb: str) -> None:
    rules = rules_of(f"{verb} 100% of messages for 1s")
    assert PASSED not in {ask(rules, 1, 2, message) for message in CAN_BE_LOST}
    assert {ask(rules, 1, 2, message) for message in (*TOLD_ONCE, *OF_THE_ENGINE)} == {PASSED}


@pytest.mark.parametrize(
    ("text", "action", "least_s", "most_s"),
    [
        ("drop 30% of messages", "dropped", 0.0, 0.0),
        ("duplicate 30% of messages", "duplicated", 0.0, 0.01),
        ("delay 30% of messages by 20ms", "delayed", 0.02, 0.02),
        ("reorder 30% of messages", "delayed", 0.0, 0.01),
        ("reorder 30% of messages within 50ms", "delayed", 0.0, 0.05),
    ],
)
def test_a_share_of_the_messages_that_can_be_lost_is_concerned_and_no_other(
    text: str, action: str, least_s: float, most_s: float
) -> None:
    rules, rng = rules_of(text), random.Random(5)
    delays_s: list[float] = []
    for _ in range(200):
        for message in (*CAN_BE_LOST, *TOLD_ONCE, *OF_THE_ENGINE):
            fate = rules.fate(1, 2, message, rng)
            if fate is not PASSED:
                assert message in CAN_BE_LOST
                assert (fate.action, fate.fault, fate.message) == (action, 0, None)
                delays_s.append(fate.delay_s)
    assert 0.25 < len(delays_s) / (200 * len(CAN_BE_LOST)) < 0.35
    assert least_s <= min(delays_s) <= max(delays_s) <= most_s
    if least_s < most_s:
        assert len(set(delays_s)) > 100, "each has a delay of its own, or nothing would overtake it"


def test_messages_of_somebody_are_those_that_it_sends() -> None:
    rules = rules_of("drop 100% of messages of tracker for 1s", "drop 100% of messages of clients 2-3 for 1s")
    assert [ask(rules, source, 1, QUESTION).fault for source in (0, 2, 3, 4)] == [0, 1, 1, -1]
    assert ask(rules, 1, 2, QUESTION) is PASSED


# Wrong segments


def test_a_liar_gives_nothing_but_wrong_segments_and_answers_all_else() -> None:
    rules = rules_of("liar client 4")
    for seed in range(50):
        fate = ask(rules, 4, 2, HIT, seed)
        assert (fate.action, fate.fault) == ("corrupted", 0)
        assert isinstance(fate.message, Hit)
        assert fate.message.data != HIT.data
        assert msgspec.structs.replace(fate.message, data=HIT.data) == HIT
        others = set(CAN_BE_LOST) - {HIT}
        assert {ask(rules, 4, 2, message, seed) for message in (*others, *TOLD_ONCE)} == {PASSED}
    assert ask(rules, 3, 2, HIT) is PASSED


def test_a_share_of_the_segments_is_corrupted_and_nothing_else() -> None:
    rules, rng = rules_of("corrupt 20% of segments of client 1"), random.Random(3)
    fates = [rules.fate(1, 2, HIT, rng) for _ in range(1_000)]
    assert 150 < sum(fate.action == "corrupted" for fate in fates) < 250
    assert {ask(rules, 1, 2, message, seed) for seed in range(50) for message in CAN_BE_LOST if message != HIT} == {
        PASSED
    }
    assert {ask(rules, 2, 1, HIT, seed) for seed in range(50)} == {PASSED}


@given(st.text("0123456789abcdefABCDEF", min_size=1, max_size=40), st.integers(0, 1_000))
def test_wrong_content_has_as_many_digits_and_is_never_the_same_in_any_spelling(data: str, seed: int) -> None:
    wrong = falsified(data, random.Random(seed))
    assert len(wrong) == len(data)
    assert int(wrong, 16) != int(data, 16)
    assert set(wrong) <= set("0123456789abcdef")


def test_wrong_content_differs_even_where_the_same_was_drawn() -> None:
    """With a single digit, one in sixteen is the same."""
    assert {falsified("a", random.Random(seed)) for seed in range(500)} == set("0123456789bcdef")


# Several rules


def test_the_first_rule_of_the_plan_that_does_something_wins() -> None:
    rules = rules_of("delay 50% of messages by 1s", "drop 100% of messages for 1s")
    assert {ask(rules, 1, 2, QUESTION, seed).action for seed in range(50)} == {"delayed", "dropped"}
    rules = rules_of("drop 100% of messages for 1s", "delay 50% of messages by 1s")
    assert {ask(rules, 1, 2, QUESTION, seed).action for seed in range(50)} == {"dropped"}


def test_cuts_come_first_wherever_they_are_in_the_plan() -> None:
    """Or what is delayed would get across."""
    rules = rules_of("delay 100% of messages by 1s", "cut off client 1 from client 2 for 1s")
    assert ask(rules, 1, 2, QUESTION) == Fate("dropped", 1)
    assert ask(rules, 1, 3, QUESTION) == Fate("delayed", 0, 1.0)


@given(st.integers(0, 2**32), st.lists(st.integers(0, 3), max_size=8))
def test_the_same_generator_gives_the_same_fates_whatever_began_and_ended_before(seed: int, order: list[int]) -> None:
    texts = ["drop 30% of messages", "liar client 1", "reorder 40% of messages", "cut off client 3 for 1s"]
    rules = InEffect(parse_faults(texts, 9))
    for index in order:
        rules.switch(index, True)
    for index in order[::2]:
        rules.switch(index, False)
    left = sorted(set(order) - set(order[::2]))
    fresh = InEffect(parse_faults(texts, 9))
    for index in left:
        fresh.switch(index, True)
    messages = [
        (source, dest, message) for source in (1, 2, 3) for dest in (0, 4) for message in (HIT, QUESTION, Stop())
    ]
    one, other = random.Random(seed), random.Random(seed)
    assert [rules.fate(source, dest, message, one) for source, dest, message in messages] == [
        fresh.fate(source, dest, message, other) for source, dest, message in messages
    ]
