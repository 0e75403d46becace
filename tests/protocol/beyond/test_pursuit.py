"""Rounds that get nothing: the client rests, asks the tracker for help, or gives the file up."""

import pytest

from emulator.protocol.events import (
    DownloadsFinished,
    FileUnavailable,
    RoundBegan,
    RoundEnded,
    SeedChosen,
    SegmentsTaken,
)
from emulator.protocol.messages import (
    TRACKER,
    AnyMessage,
    Barrier,
    FileCompleted,
    Finished,
    MetadataAnswer,
    Stuck,
    StuckAnswer,
    SwarmAnswer,
    SwarmRequest,
)
from emulator.protocol.terms import Terms
from emulator.strategies.peers_first import PeersFirst
from tests.protocol.downloads import NOBODY, ONE_SEED, PEER, SEED, TRY_AGAIN, fail, run_download
from tests.protocol.scripted import (
    Incoming,
    file_of,
)


def test_a_round_that_gets_nothing_is_followed_by_another_after_a_wait_that_doubles_up_to_a_limit() -> None:
    num_empty = 10
    node = run_download([file_of(1)], rounds=[((), ())] * num_empty + ONE_SEED, advice=TRY_AGAIN)
    assert node.sleeps == pytest.approx([0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.1, 0.1, 0.1])
    assert [event.num_segments for event in node.events(RoundEnded)] == [0] * num_empty + [1]
    assert node.sent_to(TRACKER).count(SwarmRequest("file1")) == num_empty + 1


def test_the_wait_is_short_again_after_a_round_that_got_something() -> None:
    node = run_download([file_of(2)], rounds=[((), ()), ((), ()), ((SEED,), ()), ((), ()), ((SEED,), ())], quota=1)
    assert node.sleeps == pytest.approx([0.001, 0.002, 0.001])


def test_the_wait_is_short_again_for_the_next_file() -> None:
    files = [file_of(1, "file1"), file_of(1, "file2")]
    node = run_download(files, rounds=[((), ()), ((), ()), ((SEED,), ()), ((), ()), ((SEED,), ())])
    assert node.sleeps == pytest.approx([0.001, 0.002, 0.001])


def test_there_is_no_wait_after_a_round_that_got_something() -> None:
    assert run_download([file_of(25)]).sleeps == []


def test_peers_that_have_nothing_new_make_an_empty_round() -> None:
    node = run_download([file_of(1)], rounds=[((), (2, 3)), ((), (2, 3))], visits=["m", "m", "h"])
    assert [event.num_segments for event in node.events(RoundEnded)] == [0, 1]
    assert node.sleeps == pytest.approx([0.001])


def test_d3_after_three_empty_rounds_without_a_seed_the_tracker_is_told_what_is_missing() -> None:
    rounds = [((SEED,), ()), *3 * NOBODY, *ONE_SEED]
    node = run_download([file_of(9)], rounds=rounds, visits=["h"], quota=1, advice=TRY_AGAIN)
    assert [type(message) for message in node.sent_to(TRACKER)[1:6]] == [SwarmRequest] * 4 + [Stuck]
    assert node.sent_to(TRACKER)[5] == Stuck("file1", b"\xfe\x01", distrusted=())
    assert node.steps_of(Stuck) == {"D3"}
    assert node.outputs == [file_of(9)]


def test_d3_a_seed_that_is_silent_or_wrong_now_and_then_is_a_reason_to_go_on_alone() -> None:
    node = run_download([file_of(1)], visits=[*"wwwww----", "h"], terms=Terms(patience_s=1.0))
    assert Stuck not in [type(message) for message in node.sent_to(TRACKER)]
    assert node.outputs == [file_of(1)]


@pytest.mark.parametrize("visits", [["m"], ["w"] * 10])
def test_d3_a_seed_that_lets_the_client_down_is_not_asked_again_and_the_tracker_is_told(visits: list[str]) -> None:
    node = run_download([file_of(1)], visits=visits, advice=[(1, ())])
    num_rounds = max(3, len(visits) + 1)
    assert node.sent_to(TRACKER)[-2] == Stuck("file1", b"\1", distrusted=(SEED,))
    assert len(node.events(SeedChosen)) == len(visits)
    assert node.events(RoundBegan)[-1] == RoundBegan("file1", num_rounds, seeds=(SEED,), peers=())


def test_a_seed_that_let_the_client_down_is_asked_again_when_something_has_been_got() -> None:
    node = run_download([file_of(2)], rounds=[*ONE_SEED, ((), (PEER,)), *ONE_SEED], visits=["m", "hm", "h"])
    assert [event.uploader for event in node.events(SegmentsTaken)] == [SEED, PEER, SEED]
    assert node.outputs == [file_of(2)]


def test_a_seed_that_let_the_client_down_in_one_file_is_asked_for_another() -> None:
    files = [file_of(1, "file1"), file_of(1, "file2")]
    node = run_download(files, visits=["m", "h"], advice=[(1, ())])
    assert node.outputs == [files[1]]


def test_d7_a_file_that_is_lost_is_given_up_and_the_next_one_downloaded() -> None:
    files = [file_of(3, "file1"), file_of(1, "file2")]
    rounds = [*ONE_SEED, *3 * NOBODY, *ONE_SEED]
    node = run_download(files, rounds=rounds, quota=1, advice=[(2, ())])
    assert node.events(FileUnavailable) == [FileUnavailable("file1", num_present=1, num_lost=2)]
    assert node.outputs == [files[1]]
    assert node.sent_to(TRACKER)[-2:] == [FileCompleted("file2"), Finished()]
    assert FileCompleted("file1") not in node.sent_to(TRACKER)
    assert len(node.events(DownloadsFinished)) == 1


def test_a_client_that_is_told_to_try_again_makes_three_rounds_before_it_tells_again() -> None:
    node = run_download([file_of(1)], rounds=6 * NOBODY, advice=[(0, ()), (1, ())])
    kinds = [type(message) for message in node.sent_to(TRACKER)[1:-1]]
    assert kinds == [SwarmRequest, SwarmRequest, SwarmRequest, Stuck] * 2
    assert [event.round for event in node.events(RoundBegan)] == [1, 2, 3, 4, 5, 6]


def test_d4_holders_that_the_tracker_names_are_asked_in_a_round_of_their_own() -> None:
    node = run_download([file_of(3)], rounds=3 * NOBODY, visits=["hm", "hh"], advice=[(0, (PEER, 3))])
    assert node.events(RoundBegan)[3:] == [RoundBegan("file1", 4, seeds=(), peers=(PEER, 3))]
    assert node.events(RoundEnded)[3:] == [RoundEnded("file1", 4, 3)]
    taken = [(event.uploader, event.segments, event.is_seed) for event in node.events(SegmentsTaken)]
    assert taken == [(PEER, (0,), False), (3, (1, 2), False)]
    assert node.steps_of(SegmentsTaken) == {"D4"}
    assert node.outputs == [file_of(3)]
    assert node.sleeps == pytest.approx([0.001, 0.002])


def test_holders_are_asked_only_until_nothing_is_missing() -> None:
    node = run_download([file_of(1)], rounds=3 * NOBODY, advice=[(0, (PEER, 3))])
    assert node.sent_to(3) == []


def test_a_round_of_holders_that_got_something_starts_the_waits_and_the_count_of_empty_rounds_anew() -> None:
    rounds = [*3 * NOBODY, *3 * NOBODY, *ONE_SEED]
    node = run_download([file_of(2)], rounds=rounds, visits=["hm", "h"], advice=[(0, (PEER,)), (0, ())])
    assert node.sleeps == pytest.approx([0.001, 0.002, 0.001, 0.002, 0.004])


def test_a_named_holder_that_does_not_give_is_complained_of() -> None:
    node = run_download(
        [file_of(1)], rounds=NOBODY, visits=["m", "-"], advice=[(0, (PEER, 3)), (1, ())], terms=Terms(patience_s=1.0)
    )
    first, second = [message for message in node.sent_to(TRACKER) if isinstance(message, Stuck)]
    assert first.distrusted == ()
    assert second.distrusted == (PEER,)


@pytest.mark.parametrize("answer", [StuckAnswer("file2", 0, (), 5), SwarmAnswer("file1", (), (), 5)])
def test_an_answer_that_does_not_fit_ends_a_stuck_client_with_an_error(answer: AnyMessage) -> None:
    incoming: list[Incoming] = [
        (TRACKER, MetadataAnswer((file_of(1),), 1)),
        (TRACKER, Barrier(2)),
        *((TRACKER, SwarmAnswer("file1", (), (), number)) for number in (2, 3, 4)),
        (TRACKER, answer),
    ]
    assert fail(incoming) == f"rank 1 at D3: rank 0 sent an unexpected {answer!r}"


def test_a_strategy_that_never_asks_anybody_is_an_error_and_no_endless_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PeersFirst, "run_round", lambda _self, _round: None)
    metadata = file_of(3)
    match = r"^the strategy has asked for no segment of 'file1' in 3,000 rounds in a row, with seeds in its list$"
    with pytest.raises(RuntimeError, match=match):
        run_download([metadata])
