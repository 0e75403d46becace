"""A round of D3 as a strategy sees it: what it gives, what it refuses, and what it closes."""

import random
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.protocol.events import SegmentRejected, SegmentsTaken
from emulator.protocol.library import Holding
from emulator.protocol.messages import (
    AnyMessage,
    Close,
    ConnectionCount,
    ConnectionCountRequest,
    Hit,
    Holdings,
    HoldingsRequest,
    Lost,
    Miss,
    SegmentRequest,
    SwarmAnswer,
)
from emulator.protocol.node import ProtocolError
from emulator.protocol.questions import Questions
from emulator.protocol.round import Connection, Round
from emulator.protocol.trust import Visit
from tests.protocol.scripted import (
    SILENCE,
    WRONG,
    Incoming,
    ScriptedNode,
    ScriptedUploaders,
    bits_of,
    file_of,
    number_of,
)

SEEDS, PEERS = (4, 5), (2, 3)


def make_round(
    visits: list[str],
    num_segments: int = 5,
    quota: int = 10,
    counts: dict[int, int] | None = None,
    lost: Sequence[int] = (),
    patience_s: float | None = None,
) -> tuple[ScriptedNode, Holding, Round]:
    """A round whose uploaders answer visit by visit, as `ScriptedUploaders` says; these are lost, and that is known."""
    metadata = file_of(num_segments)
    node = ScriptedNode(answer=ScriptedUploaders([metadata], [(SEEDS, PEERS)], visits, counts))
    holding, questions = Holding(metadata), Questions(node, patience_s)
    questions.lost.update(lost)
    return node, holding, Round(node, questions, holding, (SEEDS, PEERS), quota)


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


DATA = file_of(5).segment(0)


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
    round = Round(node, Questions(node, None), Holding(file_of(5)), (SEEDS, PEERS), quota=10)
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


# Uploaders that are lost, or silent


def test_a_lost_uploader_counts_as_a_miss_and_is_sent_nothing() -> None:
    node, holding, round = make_round([], lost=(2,))
    with round.connect(2) as connection:
        assert connection.take() is False
    assert node.sent == []
    assert node.events(SegmentsTaken) == [SegmentsTaken("file1", 2, is_seed=False, segments=(), is_missed=True)]
    assert holding.num_missing == 5


def test_an_uploader_that_dies_during_a_visit_gets_no_close() -> None:
    node, _, round = make_round(["h"])
    with round.connect(2) as connection:
        connection.take()
        node.inboxes["download"].append((2, Lost()))
        node.answer = lambda _dest, _message: ()
        assert connection.take() is False
    assert node.sent_to(2) == [SegmentRequest("file1", 0), SegmentRequest("file1", 1)]
    assert node.events(SegmentsTaken) == [SegmentsTaken("file1", 2, is_seed=False, segments=(0,), is_missed=True)]


def test_an_uploader_that_is_silent_is_left_with_a_close_for_it_may_believe_in_a_connection() -> None:
    node, _, round = make_round(["-"], patience_s=0.5)
    with round.connect(5) as connection:
        connection.take_until_miss()
    assert node.sent == [("upload", SegmentRequest("file1", 0), 5), ("upload", Close(), 5)]
    assert round.visits == [Visit(5, is_seed=True, num_taken=0, has_missed=False, num_wrong=0)]


def test_the_connections_of_a_lost_uploader_are_not_known() -> None:
    node, _, round = make_round([], lost=(5,))
    assert round.count_connections(5) is None
    assert node.sent == []


def test_the_visits_say_what_came_of_them() -> None:
    _, _, round = make_round(["hhm", "w", "m"])
    for uploader in (2, 4, 5):
        with round.connect(uploader) as connection:
            connection.take_until_miss()
    assert round.visits == [
        Visit(2, is_seed=False, num_taken=2, has_missed=True, num_wrong=0),
        Visit(4, is_seed=True, num_taken=0, has_missed=False, num_wrong=1),
        Visit(5, is_seed=True, num_taken=0, has_missed=True, num_wrong=0),
    ]


@pytest.mark.parametrize("left", [None, {}])
def test_what_was_got_is_stored_where_segments_are_kept(left: dict[str, list[tuple[int, str]]] | None) -> None:
    metadata = file_of(3)
    node = ScriptedNode(left=left, answer=ScriptedUploaders([metadata], [(SEEDS, PEERS)], ["hw", "hm"]))
    round = Round(node, Questions(node, None), Holding(metadata), (SEEDS, PEERS), quota=10)
    for uploader in (2, 3):
        with round.connect(uploader) as connection:
            connection.take_until_miss()
    stored = [("file1", 0, metadata.segment(0)), ("file1", 1, metadata.segment(1))]
    assert node.disk.stored == ([] if left is None else stored)


def test_every_question_of_a_round_has_a_number_of_its_own() -> None:
    node, _, round = make_round([], counts={5: 1})
    with round.connect(2) as connection:
        connection.take()
        connection.take()
    round.count_connections(5)
    assert node.numbers == [1, 2, 3]


def test_a_round_says_how_much_is_left() -> None:
    _, _, round = make_round(["hh"], num_segments=5, quota=3)
    with round.connect(2) as connection:
        connection.take()
        connection.take()
    assert (round.num_segments, round.num_missing, round.quota_left) == (5, 3, 1)


# ask_holdings


def test_asked_for_its_holdings_an_uploader_names_segments_and_those_that_are_missing_here_count() -> None:
    node, holding, round = make_round([], num_segments=10)
    holding.add(1, file_of(10).segment(1))
    node.answer = lambda dest, message: [(dest, Holdings("file1", bits_of((0, 1, 9), 10), number_of(message)))]
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
    node.answer = lambda dest, message: [(dest, Holdings("file1", b"", number_of(message)))]
    assert round.ask_holdings(uploader) == frozenset()
    assert round.visits == [Visit(uploader, is_seed=uploader == 5, num_taken=0, has_missed=True, num_wrong=0)]
    assert node.events(SegmentsTaken) == []


@given(present=st.sets(st.integers(0, 19)), held=st.sets(st.integers(0, 25)))
def test_holdings_against_sets(present: set[int], held: set[int]) -> None:
    """Bits beyond the end of the file name no segment."""
    node, holding, round = make_round([], num_segments=20)
    for segment in present:
        holding.add(segment, file_of(20).segment(segment))
    node.answer = lambda dest, message: [(dest, Holdings("file1", bits_of(held, 26), number_of(message)))]
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


def make_race(letters: str) -> tuple[ScriptedNode, Holding, Round, Questions]:
    """Uploaders 2, 3, … answer in the order of their ranks, when all have been asked."""
    answers = dict(enumerate(letters, 2))
    node = ScriptedNode(rank=1, answer=answering(answers, list(answers)))
    questions, holding = Questions(node, None), Holding(file_of(5))
    return node, holding, Round(node, questions, holding, (SEEDS, PEERS), quota=10), questions


def test_the_first_that_gives_the_segment_wins_and_is_closed() -> None:
    node, holding, round, _ = make_race("hhh")
    assert round.race(3, (2, 3, 4)) == 2
    assert list(holding.missing()) == [0, 1, 2, 4]
    assert round.num_taken == 1
    assert node.sent == [*(("upload", SegmentRequest("file1", 3), rank) for rank in (2, 3, 4)), ("upload", Close(), 2)]
    assert node.events(SegmentsTaken) == [SegmentsTaken("file1", 2, is_seed=False, segments=(3,), is_missed=False)]
    assert len(list(node.inboxes["download"])) == 2  # nobody waits for the others


def test_late_hits_of_a_race_are_closed_when_they_come_and_late_misses_are_not() -> None:
    node, _, round, questions = make_race("hhmh")
    round.race(0, (2, 3, 4, 5))
    questions.hear_out()
    assert [dest for _, message, dest in node.sent if message == Close()] == [2, 3, 5]
    assert round.num_taken == 1
    assert node.is_exhausted()


def test_misses_and_wrong_segments_do_not_win_a_race() -> None:
    node, _, round, _ = make_race("mwh")
    assert round.race(0, (2, 3, 4)) == 4
    assert node.events(SegmentRejected) == [SegmentRejected("file1", 0, uploader=3)]
    assert [(event.uploader, event.segments) for event in node.events(SegmentsTaken)] == [(2, ()), (3, ()), (4, (0,))]
    assert [dest for _, message, dest in node.sent if message == Close()] == [3, 4]


@pytest.mark.parametrize("letters", ["mm", "wm", "ml", "ll"])
def test_a_race_that_nobody_wins(letters: str) -> None:
    node, holding, round, _ = make_race(letters)
    assert round.race(0, (2, 3)) is None
    assert holding.num_missing == 5
    assert node.is_exhausted()


def test_lost_uploaders_are_not_asked_and_nobody_is_asked_twice() -> None:
    node, _, round = make_round([], lost=(2,))
    node.answer = lambda dest, message: [(dest, reply(message, "h"))] if isinstance(message, SegmentRequest) else []
    assert round.race(0, (2, 3, 3)) == 3
    assert node.sent == [("upload", SegmentRequest("file1", 0), 3), ("upload", Close(), 3)]


def test_a_race_of_nobody_is_won_by_nobody() -> None:
    node, _, round, _ = make_race("")
    assert round.race(0, ()) is None
    assert node.sent == []


def test_racers_that_are_silent_are_left_and_closed_when_they_answer() -> None:
    node = ScriptedNode([SILENCE, (3, Hit("file1", 0, DATA, 2)), SILENCE])
    questions = Questions(node, patience_s=0.5)
    round = Round(node, questions, Holding(file_of(5)), (SEEDS, PEERS), quota=10)
    assert round.race(0, (2, 3)) is None
    questions.hear_out()
    assert node.sent[2:] == [("upload", Close(), 3), ("upload", Close(), 2)]


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
    node.answer = lambda dest, message: [(dest, ConnectionCount(0, number_of(message)))]
    with pytest.raises(ProtocolError, match="rank 1 at D4: rank 2 sent an unexpected ConnectionCount"):
        round.race(0, (2,))


@given(st.text("hmwl", max_size=4), st.randoms(use_true_random=False))
def test_whatever_a_race_brings_every_hit_is_closed_once(letters: str, rng: random.Random) -> None:
    answers = dict(enumerate(letters, 2))
    order = list(answers)
    rng.shuffle(order)
    node = ScriptedNode(rank=1, answer=answering(answers, order))
    questions = Questions(node, None)
    round = Round(node, questions, Holding(file_of(5)), (SEEDS, PEERS), quota=10)
    winner = next((rank for rank in order if answers[rank] == "h"), None)
    assert round.race(1, answers) == winner
    questions.hear_out()
    assert node.is_exhausted() or winner is not None
    closed = sorted(dest for _, message, dest in node.sent if message == Close())
    assert closed == [rank for rank in answers if answers[rank] in "hw"]
    assert round.num_taken == (winner is not None)


@pytest.mark.parametrize(
    "ask",
    [
        Round.connect,
        Round.count_connections,
        Round.ask_holdings,
        lambda this, rank: this.race(0, [rank]),
    ],
    ids=["connect", "count_connections", "ask_holdings", "race"],
)
@pytest.mark.parametrize("rank", [0, 1, 6, -1])
def test_who_is_not_in_the_list_cannot_be_asked(ask: Callable[[Round, int], object], rank: int) -> None:
    node, _, round = make_round([])
    said = f"rank {rank} is not in this round's list: ask those in round.seeds and round.peers"
    with pytest.raises(ValueError, match=f"^{said}$"):
        ask(round, rank)
    assert node.sent == []


@pytest.mark.parametrize("segment", [-1, 1, 5])
def test_what_is_not_missing_cannot_be_asked_for(segment: int) -> None:
    node, holding, round = make_round([])
    holding.add(1, holding.metadata.segment(1))
    said = rf"segment {segment} of 'file1' is not missing: take one of round.missing\(\)"
    with pytest.raises(ValueError, match=f"^{said}$"):
        round.connect(2).take(segment)
    with pytest.raises(ValueError, match=f"^{said}$"):
        round.race(segment, [2, 3])
    assert node.sent == []
