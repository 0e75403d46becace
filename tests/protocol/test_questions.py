"""Questions and their answers: nobody waits for what will not come, and nothing late is taken for something else."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.protocol.files import FileMetadata
from emulator.protocol.messages import (
    ANSWERS,
    TRACKER,
    Answer,
    AnyMessage,
    Barrier,
    Close,
    ConnectionCount,
    ConnectionCountRequest,
    Finished,
    Hit,
    Holdings,
    HoldingsRequest,
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
from emulator.protocol.node import ProtocolError
from emulator.protocol.questions import LIFE, InFlight, Questions
from tests.protocol.scripted import SILENCE, Incoming, Script, ScriptedNode, ScriptEnded

PATIENCE_S = 0.25
NO_FILE = MetadataAnswer | ConnectionCount
"""Answers that are not about one file."""


def make_questions(
    arrives: Script = (), patience_s: float | None = None, life: int = 0, number: int = 9
) -> tuple[ScriptedNode, Questions]:
    """Questions of a client that has asked `number` of them in this life, and what will arrive."""
    node = ScriptedNode(arrives, rank=1)
    node.step = "D4"
    questions = Questions(node, patience_s, life)
    questions.number += number
    return node, questions


def asked(number: int = 9) -> SegmentRequest:
    return SegmentRequest("file1", 0, number)


def ask(questions: Questions, uploader: int, number: int = 9) -> Hit | Miss | None:
    """Ask for the first segment with the question of this number."""
    questions.number = number - 1
    return questions.ask(SegmentRequest, uploader, "file1", 0)


def ask_swarm(questions: Questions, number: int = 9) -> SwarmAnswer:
    questions.number = number - 1
    return questions.ask_tracker(SwarmRequest, "file1")


def in_flight(uploaders: dict[int, int]) -> InFlight:
    """Requests for the first segment, by number."""
    return {number: (uploader, asked(number)) for number, uploader in uploaders.items()}


MISS = Miss("file1", 0, 9)
HIT = Hit("file1", 0, "x", 9)

# Answers


def test_the_answer_is_what_its_uploader_sends_with_the_number_of_the_question() -> None:
    node, questions = make_questions([(2, HIT)])
    assert ask(questions, 2) == HIT
    assert node.sent == [("upload", asked(0), 2)]
    assert node.numbers == [9]
    assert node.patience_s == [None]


LATE: list[AnyMessage] = [
    Hit("file1", 3, "x", 4),
    Miss("file1", 3, 9),
    ConnectionCount(1, 8),
    Holdings("file1", b"", 1),
    SwarmAnswer("file1", (), (), 2),
    StuckAnswer("file1", 0, (), 3),
    MetadataAnswer((), 1),
]


@pytest.mark.parametrize("late", LATE)
def test_late_and_doubled_answers_are_passed_over(late: AnyMessage) -> None:
    node, questions = make_questions([(3, late), (3, late), (2, HIT)])
    assert ask(questions, 2) == HIT
    assert len(node.sent) == 1


@pytest.mark.parametrize("late", LATE)
def test_they_are_passed_over_at_a_barrier_too(late: AnyMessage) -> None:
    node, questions = make_questions([(3, late), (TRACKER, Barrier(2))])
    questions.await_barrier(2)
    assert node.is_exhausted()


UNEXPECTED: list[Incoming] = [
    (3, Hit("file1", 3, "x", 10)),
    (3, Miss("file1", 3, 0)),
    (2, ConnectionCount(1, 10)),
    (2, Holdings("file1", b"", 11)),
    (TRACKER, SwarmAnswer("file1", (), (), 10)),
    (TRACKER, StuckAnswer("file1", 0, (), 10)),
    (TRACKER, MetadataAnswer((), 10)),
    (TRACKER, Barrier(2)),
    (2, Close()),
    (2, Finished()),
    (TRACKER, Stop()),
    (2, Metadata((FileMetadata("file1", ""),))),
    (2, asked(9)),
]


@pytest.mark.parametrize(("source", "message"), UNEXPECTED)
def test_an_answer_to_a_question_that_was_never_asked_is_an_error(source: int, message: AnyMessage) -> None:
    # A question that comes from where an answer is due is seen by whoever asked (`Round`), not here.
    awaited = 4 if source == 2 else 2
    _, questions = make_questions([(source, message)])
    with pytest.raises(ProtocolError) as caught:
        ask(questions, awaited)
    assert str(caught.value) == f"rank 1 at D4: rank {source} sent an unexpected {message!r}"


QUESTIONS: list[tuple[Callable[[Questions], object], int, Answer]] = [
    (lambda it: it.ask_tracker(SwarmRequest, "file1"), TRACKER, SwarmAnswer("file1", (2,), (), 10)),
    (lambda it: it.ask_tracker(MetadataRequest, ("file1",)), TRACKER, MetadataAnswer((), 10)),
    (lambda it: it.ask_tracker(Stuck, "file1", b"\1", ()), TRACKER, StuckAnswer("file1", 0, (), 10)),
    (lambda it: it.ask(SegmentRequest, 2, "file1", 3), 2, Hit("file1", 3, "x", 10)),
    (lambda it: it.ask(SegmentRequest, 2, "file1", 3), 2, Miss("file1", 3, 10)),
    (lambda it: it.ask(ConnectionCountRequest, 2), 2, ConnectionCount(4, 10)),
    (lambda it: it.ask(HoldingsRequest, 2, "file1"), 2, Holdings("file1", b"", 10)),
]


@pytest.mark.parametrize(("ask_it", "source", "answer"), QUESTIONS)
def test_each_question_takes_its_own_answers(
    ask_it: Callable[[Questions], object], source: int, answer: AnyMessage
) -> None:
    _, questions = make_questions([(source, answer)])
    assert ask_it(questions) == answer


@pytest.mark.parametrize(("ask_it", "source", "right"), QUESTIONS)
@pytest.mark.parametrize("other", [question[2] for question in QUESTIONS])
def test_no_question_takes_the_answers_of_another(
    ask_it: Callable[[Questions], object], source: int, right: Answer, other: AnyMessage
) -> None:
    if type(other) in next(expected.types for expected in ANSWERS.values() if type(right) in expected.types):
        return
    _, questions = make_questions([(source, other)])
    with pytest.raises(ProtocolError) as caught:
        ask_it(questions)
    assert str(caught.value) == f"rank 1 at D4: rank {source} sent an unexpected {other!r}"


@pytest.mark.parametrize(
    ("ask_it", "source", "answer"),
    [(ask_it, source, answer) for ask_it, source, answer in QUESTIONS if not isinstance(answer, NO_FILE)],
)
def test_an_answer_about_another_file_is_an_error(
    ask_it: Callable[[Questions], object], source: int, answer: Answer
) -> None:
    other: Any = msgspec.structs.replace(answer, file="file2")
    _, questions = make_questions([(source, other)])
    with pytest.raises(ProtocolError):
        ask_it(questions)


# Lost and returned ranks


def test_a_lost_rank_is_not_asked_and_answers_with_nothing_at_once() -> None:
    node, questions = make_questions([(2, Lost()), (TRACKER, Barrier(1))])
    questions.await_barrier(1)
    assert ask(questions, 2) is None
    assert node.sent == []


def test_a_rank_that_is_lost_while_it_is_waited_for_answers_with_nothing() -> None:
    node, questions = make_questions([(2, Lost())])
    assert ask(questions, 2) is None
    assert questions.lost == {2}
    assert node.is_exhausted()


def test_what_a_rank_has_sent_before_it_was_lost_counts() -> None:
    _, questions = make_questions([(2, HIT), (2, Lost())])
    assert ask(questions, 2) == HIT


def test_the_loss_of_another_rank_ends_no_wait() -> None:
    node, questions = make_questions([(3, Lost()), (2, MISS)])
    assert ask(questions, 2) == MISS
    assert questions.lost == {3}
    assert node.is_exhausted()


def test_a_returned_rank_is_asked_again_as_soon_as_the_tracker_can_have_named_it_anew() -> None:
    """What it was on an older list, it need not be any more: a seed may have lost what it had."""
    swarm = SwarmAnswer("file1", (2,), (), 10)
    node, questions = make_questions([(2, Lost()), (2, Returned()), (3, MISS)])
    assert ask(questions, 3) == MISS
    assert ask(questions, 2) is None

    node.inboxes["download"].append((TRACKER, swarm))
    assert ask_swarm(questions, 10) == swarm
    node.inboxes["download"].append((2, HIT))
    assert ask(questions, 2) == HIT


def test_a_rank_that_returns_after_the_list_was_asked_for_waits_for_the_next_one() -> None:
    swarm = SwarmAnswer("file1", (2,), (), 9)
    _, questions = make_questions([(2, Lost()), (2, Returned()), (TRACKER, swarm)])
    assert ask_swarm(questions) == swarm
    assert ask(questions, 2) is None


def test_a_rank_that_is_lost_again_after_its_return_stays_lost() -> None:
    swarm = SwarmAnswer("file1", (), (), 9)
    _, questions = make_questions([(2, Lost()), (2, Returned()), (2, Lost()), (3, MISS), (TRACKER, swarm)])
    assert ask(questions, 3) == MISS
    ask_swarm(questions)
    assert questions.lost == {2}


@pytest.mark.parametrize("number", [1, 2])
def test_deaths_and_returns_are_heard_of_at_barriers(number: int) -> None:
    _, questions = make_questions([(2, Lost()), (3, Lost()), (3, Returned()), (TRACKER, Barrier(number))])
    questions.await_barrier(number)
    assert questions.lost == {2, 3}


@pytest.mark.parametrize(("source", "message"), [(TRACKER, Barrier(1)), (2, Barrier(2)), (TRACKER, Stop())])
def test_another_signal_is_an_error_in_a_first_life(source: int, message: AnyMessage) -> None:
    _, questions = make_questions([(source, message)])
    with pytest.raises(ProtocolError):
        questions.await_barrier(2)


def test_signals_for_an_earlier_life_are_passed_over() -> None:
    node, questions = make_questions([(TRACKER, Barrier(1)), (TRACKER, Barrier(2))], life=1, number=0)
    questions.await_barrier(2)
    assert node.is_exhausted()


def test_answers_to_an_earlier_life_are_passed_over() -> None:
    number = LIFE + 1
    _, questions = make_questions([(2, HIT), (2, Miss("file1", 0, number))], life=1, number=1)
    assert ask(questions, 2, number) == Miss("file1", 0, number)


def test_each_life_numbers_its_questions_above_those_of_the_earlier_ones() -> None:
    assert [make_questions(life=life, number=1)[1].number for life in range(3)] == [1, LIFE + 1, 2 * LIFE + 1]


def test_another_thread_of_the_client_knows_what_was_heard_and_asks_on_its_own_node() -> None:
    node, questions = make_questions([(3, Lost()), (TRACKER, Barrier(1))])
    questions.await_barrier(1)
    other = ScriptedNode([(2, MISS)])
    moved = questions.moved_to(other)
    assert ask(moved, 3) is None
    assert ask(moved, 2) == MISS
    assert (len(other.sent), node.sent) == (1, [])


# Patience


def test_an_uploader_that_does_not_answer_in_time_is_given_up() -> None:
    node, questions = make_questions([SILENCE], PATIENCE_S)
    assert ask(questions, 2) is None
    assert questions.lost == set()
    assert node.patience_s == [PATIENCE_S]
    assert len(node.sent) == 1


def test_the_tracker_is_asked_again_with_the_same_number_until_it_answers() -> None:
    swarm = SwarmAnswer("file1", (), (), 9)
    node, questions = make_questions([SILENCE, SILENCE, (TRACKER, swarm)], PATIENCE_S)
    assert ask_swarm(questions) == swarm
    assert node.sent == 3 * [("download", SwarmRequest("file1"), TRACKER)]
    assert node.numbers == [9, 9, 9]


def test_the_request_for_metadata_is_sent_once_however_long_the_answer_takes() -> None:
    node, questions = make_questions((), PATIENCE_S)
    with pytest.raises(ScriptEnded):
        questions.ask_tracker(MetadataRequest, ())
    assert node.patience_s == [None]


def test_other_questions_to_the_tracker_have_the_time_limit() -> None:
    node, questions = make_questions((), PATIENCE_S)
    with pytest.raises(ScriptEnded):
        questions.ask_tracker(SwarmRequest, "file1")
    assert node.patience_s == [PATIENCE_S]


def test_at_a_barrier_there_is_no_patience_to_lose() -> None:
    node, questions = make_questions([(TRACKER, Barrier(1))], PATIENCE_S)
    questions.await_barrier(1)
    assert node.patience_s == [None]


# Several questions at once


def test_of_several_questions_the_first_answer_to_any_is_next() -> None:
    _, questions = make_questions([(3, Miss("file1", 0, 8)), (2, HIT)])
    waiting = in_flight({9: 2, 8: 3, 7: 4})
    assert questions.next_of(waiting) == (3, Miss("file1", 0, 8))
    assert questions.next_of(waiting) == (2, HIT)
    assert waiting == in_flight({7: 4})


def test_an_answer_with_the_right_number_from_another_rank_is_not_the_answer() -> None:
    _, questions = make_questions([(3, HIT), (2, HIT)])
    assert questions.next_of(in_flight({9: 2})) == (2, HIT)


def test_of_several_questions_those_to_lost_ranks_are_not_waited_for() -> None:
    _, questions = make_questions([(3, Lost()), (4, Lost()), (2, HIT)])
    waiting = in_flight({9: 2, 8: 3, 7: 4})
    assert questions.next_of(waiting) == (2, HIT)
    assert waiting == {}
    assert questions.next_of(waiting) is None


def test_when_the_last_one_that_was_asked_is_lost_there_is_no_next_answer() -> None:
    _, questions = make_questions([(3, Lost()), (2, Lost())])
    assert questions.next_of(in_flight({9: 2, 8: 3})) is None


def test_of_several_questions_none_may_be_answered_in_time() -> None:
    node, questions = make_questions([SILENCE], PATIENCE_S)
    waiting = in_flight({9: 2, 8: 3})
    assert questions.next_of(waiting) is None
    assert waiting == in_flight({9: 2, 8: 3})
    assert node.patience_s == [PATIENCE_S]


# Answers that are no longer waited for


def test_questions_that_are_left_are_closed_at_once_and_their_answers_passed_over() -> None:
    node, questions = make_questions([(3, Hit("file1", 0, "x", 8)), (4, Miss("file1", 0, 7)), (2, MISS)])
    waiting = in_flight({8: 3, 7: 4})
    questions.leave(waiting)
    assert (node.sent, waiting) == ([("upload", Close(), 3), ("upload", Close(), 4)], {})
    assert ask(questions, 2) == MISS
    assert node.is_exhausted()


def test_a_lost_uploader_gets_no_close() -> None:
    node, questions = make_questions([])
    questions.lost.add(3)
    questions.leave(in_flight({8: 3}))
    assert node.sent == []


# All of it


@given(
    noise=st.lists(
        st.one_of(
            st.tuples(st.integers(2, 5), st.sampled_from(LATE)),
            st.tuples(st.integers(3, 5), st.sampled_from([Lost(), Returned()])),
            st.just(SILENCE),
        ),
        max_size=8,
    ),
    end=st.sampled_from([(TRACKER, SwarmAnswer("file1", (), (), 9))]),
)
def test_the_tracker_is_heard_through_any_noise(noise: list[Incoming | None], end: Incoming) -> None:
    # The late answer with the number of the question is one of an uploader, not of the tracker.
    node, questions = make_questions([*noise, end], PATIENCE_S)
    assert ask_swarm(questions) == end[1]
    assert node.is_exhausted()
    assert len(node.sent) == 1 + noise.count(SILENCE)
