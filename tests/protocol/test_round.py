"""A round of D3 as a strategy sees it: what it gives, what it refuses, and what it closes."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.protocol.events import SegmentRejected, SegmentsTaken
from emulator.protocol.library import HeldFile
from emulator.protocol.messages import (
    Close,
    ConnectionCount,
    ConnectionCountRequest,
    Hit,
    Holdings,
    Miss,
    SegmentRequest,
    SwarmAnswer,
)
from emulator.protocol.node import ProtocolError
from emulator.protocol.questions import Questions
from emulator.protocol.round import Connection, Round
from tests.protocol.rounds import DATA, PEERS, SEEDS, make_round
from tests.protocol.scripted import (
    Incoming,
    ScriptedNode,
    file_of,
)


def test_a_hit_is_kept_and_counted() -> None:
    node, holding, round = make_round(["h"])
    with round.connect(2) as connection:
        assert connection.take() is True
    assert list(holding.missing()) == [1, 2, 3, 4]
    assert round.num_taken == 1
    assert connection.segments == [0]
    assert node.sent == [("upload", SegmentRequest("file1", 0), 2), ("upload", Close(), 2)]


def test_segments_are_taken_in_file_order_unless_one_is_named() -> None:
    node, _, round = make_round(["hhhh"])
    with round.connect(2) as connection:
        connection.take()
        connection.take(3)
        connection.take(1)
        connection.take()
    assert connection.segments == [0, 3, 1, 2]
    assert [message for message in node.sent_to(2) if isinstance(message, SegmentRequest)] == [
        SegmentRequest("file1", segment) for segment in (0, 3, 1, 2)
    ]


def test_a_miss_takes_nothing_and_an_uploader_that_only_missed_gets_no_close() -> None:
    node, holding, round = make_round(["m"])
    with round.connect(2) as connection:
        assert connection.take() is False
    assert connection.is_missed
    assert round.num_taken == 0
    assert holding.num_missing == 5
    assert node.sent == [("upload", SegmentRequest("file1", 0), 2)]
    assert node.events(SegmentsTaken) == [SegmentsTaken("file1", 2, is_seed=False, segments=(), is_missed=True)]


def test_a_visit_that_had_a_hit_is_closed_once_after_its_miss() -> None:
    node, _, round = make_round(["hhm"])
    with round.connect(3) as connection:
        connection.take_until_miss()
    assert node.sent_to(3) == [*(SegmentRequest("file1", segment) for segment in range(3)), Close()]
    assert node.events(SegmentsTaken) == [SegmentsTaken("file1", 3, is_seed=False, segments=(0, 1), is_missed=True)]


def test_a_wrong_segment_counts_as_a_miss_is_recorded_and_not_kept() -> None:
    node, holding, round = make_round(["hw"])
    with round.connect(4) as connection:
        connection.take_until_miss()
    assert connection.segments == [0]
    assert connection.is_missed
    assert not holding.has(1)
    assert holding.get(1) is None
    assert round.num_taken == 1
    assert node.events(SegmentRejected) == [SegmentRejected("file1", segment=1, uploader=4)]
    assert node.events(SegmentsTaken) == [SegmentsTaken("file1", 4, is_seed=True, segments=(0,), is_missed=True)]


def test_an_uploader_whose_only_answer_was_a_wrong_segment_still_gets_its_close() -> None:
    node, _, round = make_round(["w"])
    with round.connect(2) as connection:
        connection.take_until_miss()
    assert node.sent == [("upload", SegmentRequest("file1", 0), 2), ("upload", Close(), 2)]


def test_a_visit_without_a_question_says_nothing_to_the_uploader() -> None:
    node, _, round = make_round([])
    with round.connect(2):
        pass
    assert node.sent == []


@pytest.mark.parametrize(("num_segments", "quota", "num_taken"), [(5, 3, 3), (5, 5, 5), (3, 5, 3), (1, 1, 1)])
def test_a_round_is_open_until_the_quota_is_reached_or_nothing_is_missing(
    num_segments: int, quota: int, num_taken: int
) -> None:
    node, _, round = make_round([], num_segments, quota)
    with round.connect(2) as connection:
        connection.take_until_miss()
    assert round.num_taken == num_taken
    assert not round.is_open
    assert node.sent_to(2)[-1] == Close()


def test_the_quota_counts_over_all_visits_of_the_round() -> None:
    _, _, round = make_round(["hm", "hhhh"], quota=3)
    for uploader in (2, 4):
        with round.connect(uploader) as connection:
            connection.take_until_miss()
    assert round.num_taken == 3


def test_taking_more_than_the_round_has_is_the_strategys_error() -> None:
    node, _, round = make_round([], quota=1)
    with round.connect(2) as connection:
        connection.take()
        num_sent = len(node.sent)
        with pytest.raises(
            RuntimeError, match=r"^the round of 'file1' is over: test round.is_open before taking anything$"
        ):
            connection.take()
    assert node.sent[num_sent:] == [("upload", Close(), 2)]


def test_what_is_missing_can_be_seen() -> None:
    _, _, round = make_round(["hh"])
    with round.connect(2) as connection:
        connection.take(0)
        connection.take(3)
    assert list(round.missing()) == [1, 2, 4]
    assert round.first_missing == 1


def test_connections_are_counted_by_asking() -> None:
    node, _, round = make_round([], counts={5: 7})
    assert round.count_connections(5) == 7
    assert node.sent == [("upload", ConnectionCountRequest(), 5)]
    assert node.steps_of(ConnectionCountRequest) == {"D5"}


@pytest.mark.parametrize(("uploader", "step"), [(2, "D4"), (3, "D4"), (4, "D6"), (5, "D6")])
def test_a_peer_is_asked_in_d4_and_a_seed_in_d6(uploader: int, step: str) -> None:
    node, _, round = make_round(["hm"])
    with round.connect(uploader) as connection:
        connection.take_until_miss()
    assert node.steps_of(SegmentRequest) == node.steps_of(Close) == node.steps_of(SegmentsTaken) == {step}
    assert [event.is_seed for event in node.events(SegmentsTaken)] == [step == "D6"]


def take_one_too_many(visit: Connection) -> None:
    visit.take_until_miss()
    visit.take()


def test_an_error_during_a_visit_is_not_hidden_by_a_close() -> None:
    node, _, round = make_round([], quota=1)
    visit = round.connect(2)
    with pytest.raises(RuntimeError, match="over"), visit:
        take_one_too_many(visit)
    assert Close() not in node.sent_to(2)
    assert node.events(SegmentsTaken) == []


def take(round: Round) -> None:
    with round.connect(2) as connection:
        connection.take()


def count(round: Round) -> None:
    round.count_connections(2)


def ask_holdings(round: Round) -> None:
    round.ask_holdings(2)


@pytest.mark.parametrize(
    ("ask", "step", "answer"),
    [
        (take, "D4", (3, Hit("file1", 0, DATA))),
        (take, "D4", (2, Hit("file1", 1, DATA))),
        (take, "D4", (2, Hit("file2", 0, DATA))),
        (take, "D4", (3, Miss("file1", 0))),
        (take, "D4", (2, Miss("file1", 1))),
        (take, "D4", (2, Miss("file2", 0))),
        (take, "D4", (2, ConnectionCount(0))),
        (take, "D4", (0, SwarmAnswer("file1", (), ()))),
        (count, "D5", (3, ConnectionCount(0))),
        (count, "D5", (2, Miss("file1", 0))),
        # With the number of the question:
        (take, "D4", (2, Hit("file1", 1, DATA, 1))),
        (take, "D4", (2, Hit("file2", 0, DATA, 1))),
        (take, "D4", (2, Miss("file1", 1, 1))),
        (take, "D4", (2, Miss("file2", 0, 1))),
        (take, "D4", (2, ConnectionCount(0, 1))),
        (count, "D5", (2, Miss("file1", 0, 1))),
        (count, "D5", (2, Holdings("file1", b"", 1))),
        (ask_holdings, "D4", (2, Hit("file1", 0, DATA, 1))),
        (ask_holdings, "D4", (2, ConnectionCount(0, 1))),
    ],
)
def test_an_answer_to_another_question_is_an_error(ask: Callable[[Round], None], step: str, answer: Incoming) -> None:
    source, message = answer
    node = ScriptedNode([answer], rank=1)
    round = Round(node, Questions(node, None), HeldFile(file_of(5)), (SEEDS, PEERS), quota=10)
    with pytest.raises(ProtocolError) as caught:
        ask(round)
    assert str(caught.value) == f"rank 1 at {step}: rank {source} sent an unexpected {message!r}"


@given(
    visits=st.lists(st.tuples(st.sampled_from(SEEDS + PEERS), st.text("hmw", max_size=8)), max_size=8),
    num_segments=st.integers(1, 12),
    quota=st.integers(1, 12),
)
def test_whatever_uploaders_answer_the_round_adds_up(
    visits: list[tuple[int, str]], num_segments: int, quota: int
) -> None:
    node, holding, round = make_round([answers for _, answers in visits], num_segments, quota)
    num_before = 0
    for uploader, _ in visits:
        num_rejected = len(node.events(SegmentRejected))
        with round.connect(uploader) as connection:
            connection.take_until_miss()
        messages = node.sent[num_before:]
        num_before = len(node.sent)
        is_opened = bool(connection.segments) or len(node.events(SegmentRejected)) > num_rejected
        assert [message for message in messages if message[1] == Close()] == is_opened * [("upload", Close(), uploader)]
        assert not is_opened or messages[-1][1] == Close()
    taken = [segment for event in node.events(SegmentsTaken) for segment in event.segments]
    assert taken == list(range(round.num_taken))
    assert holding.num_missing == num_segments - round.num_taken
    assert round.num_taken <= quota
    assert round.is_open is (round.num_taken < min(quota, num_segments))
