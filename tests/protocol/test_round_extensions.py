"""What a strategy may ask beyond D4 to D6: an uploader's holdings, and a race for a segment."""

import random
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.protocol.events import SegmentRejected, SegmentsTaken
from emulator.protocol.library import HeldFile
from emulator.protocol.messages import (
    AnyMessage,
    Close,
    ConnectionCount,
    Hit,
    Holdings,
    HoldingsRequest,
    Lost,
    Miss,
    SegmentRequest,
)
from emulator.protocol.node import ProtocolError
from emulator.protocol.questions import Questions
from emulator.protocol.round import Round, VisitResult
from tests.protocol.rounds import PEERS, SEEDS, make_round
from tests.protocol.scripted import (
    SILENCE,
    WRONG,
    Incoming,
    ScriptedNode,
    bits_of,
    file_of,
)

# ask_holdings


def test_asked_for_its_holdings_an_uploader_names_segments_and_those_that_are_missing_here_count() -> None:
    node, holding, round = make_round([], num_segments=10)
    holding.add(1, file_of(10).segment(1))
    node.answer = lambda dest, message: [(dest, Holdings("file1", bits_of((0, 1, 9), 10), message.request))]
    assert round.ask_holdings(3) == {0, 9}
    assert node.sent == [("upload", HoldingsRequest("file1"), 3)]
    assert node.steps_of(HoldingsRequest) == {"D4"}
    assert round.visits == []


def test_a_lost_uploader_holds_nothing() -> None:
    node, _, round = make_round([], lost=(3,))
    assert round.ask_holdings(3) == frozenset()
    assert node.sent == []
    assert round.visits == []


@pytest.mark.parametrize("uploader", [2, 5])
def test_an_uploader_that_holds_nothing_that_is_missing_counts_as_one_that_missed(uploader: int) -> None:
    """A strategy that asks first would never visit it: a seed without anything has to be found out all the same."""
    node, _, round = make_round([])
    node.answer = lambda dest, message: [(dest, Holdings("file1", b"", message.request))]
    assert round.ask_holdings(uploader) == frozenset()
    assert round.visits == [VisitResult(uploader, is_seed=uploader == 5, num_taken=0, has_missed=True, num_wrong=0)]
    assert node.events(SegmentsTaken) == []


@given(present=st.sets(st.integers(0, 19)), held=st.sets(st.integers(0, 25)))
def test_holdings_against_sets(present: set[int], held: set[int]) -> None:
    """Bits beyond the end of the file name no segment."""
    node, holding, round = make_round([], num_segments=20)
    for segment in present:
        holding.add(segment, file_of(20).segment(segment))
    node.answer = lambda dest, message: [(dest, Holdings("file1", bits_of(held, 26), message.request))]
    assert round.ask_holdings(2) == {segment for segment in held - present if segment < 20}


# race


def answering(answers: dict[int, str], order: Sequence[int] = ()) -> Callable[[int, AnyMessage], list[Incoming]]:
    """All answer when the last one in `order` has been asked, in this order; letters as in `ScriptedUploaders`."""
    asked: dict[int, SegmentRequest] = {}

    def answer(dest: int, message: AnyMessage) -> list[Incoming]:
        if isinstance(message, SegmentRequest):
            asked[dest] = message
            if len(asked) == len(order):
                return [(rank, reply(asked[rank], answers[rank])) for rank in order]
        return []

    return answer


def reply(asked: SegmentRequest, letter: str) -> AnyMessage:
    file, segment, request = asked.file, asked.segment, asked.request
    match letter:
        case "h":
            return Hit(file, segment, file_of(5).segment(segment), request)
        case "w":
            return Hit(file, segment, WRONG, request)
        case "m":
            return Miss(file, segment, request)
        case _:
            return Lost()


def make_race(letters: str) -> tuple[ScriptedNode, HeldFile, Round]:
    """Uploaders 2, 3, … answer in the order of their ranks, when all have been asked."""
    answers = dict(enumerate(letters, 2))
    node = ScriptedNode(rank=1, answer=answering(answers, list(answers)))
    questions, holding = Questions(node, None), HeldFile(file_of(5))
    return node, holding, Round(node, questions, holding, (SEEDS, PEERS), quota=10)


def test_the_first_that_gives_the_segment_wins_and_is_closed() -> None:
    node, holding, round = make_race("hhh")
    assert round.race(3, (2, 3, 4)) == 2
    assert list(holding.missing()) == [0, 1, 2, 4]
    assert round.num_taken == 1
    assert node.sent[:3] == [("upload", SegmentRequest("file1", 3), rank) for rank in (2, 3, 4)]
    assert node.sent[3:] == [("upload", Close(), rank) for rank in (2, 3, 4)]  # the losers' answers are not waited for
    assert node.events(SegmentsTaken) == [SegmentsTaken("file1", 2, is_seed=False, segments=(3,), is_missed=False)]
    assert len(list(node.inboxes["download"])) == 2  # nobody waits for the others


def test_misses_and_wrong_segments_do_not_win_a_race() -> None:
    node, _, round = make_race("mwh")
    assert round.race(0, (2, 3, 4)) == 4
    assert node.events(SegmentRejected) == [SegmentRejected("file1", 0, uploader=3)]
    assert [(event.uploader, event.segments) for event in node.events(SegmentsTaken)] == [(2, ()), (3, ()), (4, (0,))]
    assert [dest for _, message, dest in node.sent if message == Close()] == [3, 4]


@pytest.mark.parametrize("letters", ["mm", "wm", "ml", "ll"])
def test_a_race_that_nobody_wins(letters: str) -> None:
    node, holding, round = make_race(letters)
    assert round.race(0, (2, 3)) is None
    assert holding.num_missing == 5
    assert node.is_exhausted()


def test_lost_uploaders_are_not_asked_and_nobody_is_asked_twice() -> None:
    node, _, round = make_round([], lost=(2,))
    node.answer = lambda dest, message: [(dest, reply(message, "h"))] if isinstance(message, SegmentRequest) else []
    assert round.race(0, (2, 3, 3)) == 3
    assert node.sent == [("upload", SegmentRequest("file1", 0), 3), ("upload", Close(), 3)]


def test_a_race_of_nobody_is_won_by_nobody() -> None:
    node, _, round = make_race("")
    assert round.race(0, ()) is None
    assert node.sent == []


def test_racers_that_are_silent_are_left_and_closed() -> None:
    node = ScriptedNode([SILENCE])
    questions = Questions(node, patience_s=0.5)
    round = Round(node, questions, HeldFile(file_of(5)), (SEEDS, PEERS), quota=10)
    assert round.race(0, (2, 3)) is None
    assert node.sent[2:] == [("upload", Close(), 2), ("upload", Close(), 3)]


def test_a_race_in_a_round_that_is_over_is_the_strategys_error() -> None:
    node, _, round = make_round([], quota=1)
    with round.connect(2) as connection:
        connection.take()
    num_sent = len(node.sent)
    with pytest.raises(
        RuntimeError, match=r"^the round of 'file1' is over: test round.is_open before taking anything$"
    ):
        round.race(1, (2, 3))
    assert len(node.sent) == num_sent


def test_an_answer_of_another_kind_is_an_error_in_a_race_too() -> None:
    node, _, round = make_round([])
    node.answer = lambda dest, message: [(dest, ConnectionCount(0, message.request))]
    with pytest.raises(ProtocolError, match="rank 1 at D4: rank 2 sent an unexpected ConnectionCount"):
        round.race(0, (2,))


@given(st.text("hmwl", max_size=4), st.randoms(use_true_random=False))
def test_whatever_a_race_brings_all_that_may_have_opened_is_closed_once(letters: str, rng: random.Random) -> None:
    answers = dict(enumerate(letters, 2))
    order = list(answers)
    rng.shuffle(order)
    node = ScriptedNode(rank=1, answer=answering(answers, order))
    questions = Questions(node, None)
    round = Round(node, questions, HeldFile(file_of(5)), (SEEDS, PEERS), quota=10)
    winner = next((rank for rank in order if answers[rank] == "h"), None)
    assert round.race(1, answers) == winner
    assert node.is_exhausted() or winner is not None
    heard = order if winner is None else order[: order.index(winner) + 1]
    due = [rank for rank in answers if answers[rank] in "hw" or rank not in heard]
    assert sorted(dest for _, message, dest in node.sent if message == Close()) == due
    assert round.num_taken == (winner is not None)
