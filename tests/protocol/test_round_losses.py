"""A round whose uploaders are lost or silent, and what it refuses to ask."""

from collections.abc import Callable

import pytest

from emulator.protocol.events import SegmentsTaken
from emulator.protocol.library import HeldFile
from emulator.protocol.messages import (
    Close,
    Lost,
    SegmentRequest,
)
from emulator.protocol.questions import Questions
from emulator.protocol.round import Round, VisitResult
from tests.protocol.rounds import PEERS, SEEDS, make_round
from tests.protocol.scripted import (
    ScriptedNode,
    ScriptedUploaders,
    file_of,
)

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
    assert round.visits == [VisitResult(5, is_seed=True, num_taken=0, has_missed=False, num_wrong=0)]


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
        VisitResult(2, is_seed=False, num_taken=2, has_missed=True, num_wrong=0),
        VisitResult(4, is_seed=True, num_taken=0, has_missed=False, num_wrong=1),
        VisitResult(5, is_seed=True, num_taken=0, has_missed=True, num_wrong=0),
    ]


@pytest.mark.parametrize("left", [None, {}])
def test_what_was_got_is_stored_where_segments_are_kept(left: dict[str, list[tuple[int, str]]] | None) -> None:
    metadata = file_of(3)
    node = ScriptedNode(left=left, answer=ScriptedUploaders([metadata], [(SEEDS, PEERS)], ["hw", "hm"]))
    round = Round(node, Questions(node, None), HeldFile(metadata), (SEEDS, PEERS), quota=10)
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


# What a round leaves


def test_an_uploader_that_was_silent_is_not_asked_again_in_the_round() -> None:
    node, _, round = make_round(["-"], patience_s=0.5)
    with round.connect(5) as connection:
        assert connection.take() is False
    num_sent = len(node.sent)
    assert (round.answering(SEEDS), round.answering(PEERS)) == ([4], [*PEERS])
    assert round.silences == {5: 0.5}
    with round.connect(5) as connection:
        assert connection.take() is False
    assert round.count_connections(5) is None
    assert round.ask_holdings(5) == frozenset()
    assert round.race(0, (5,)) is None
    assert len(node.sent) == num_sent


def test_an_uploader_that_was_wrong_twice_is_not_asked_again_in_the_round() -> None:
    node, _, round = make_round(["w", "w"])
    for _ in range(3):
        with round.connect(2) as connection:
            assert connection.take() is False
    assert node.sent_to(2).count(SegmentRequest("file1", 0)) == 2
    assert (round.answering(SEEDS), round.answering(PEERS)) == ([*SEEDS], [3])
    assert round.silences == {}


def test_a_strategy_that_asks_in_vain_for_ever_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emulator.protocol.round.MAX_VAIN", 100)
    _, _, round = make_round([], lost=(2,))
    for _ in range(100):
        assert round.count_connections(2) is None
    with pytest.raises(RuntimeError, match=r"asked 100 times in vain in one round of 'file1'"):
        round.count_connections(2)
