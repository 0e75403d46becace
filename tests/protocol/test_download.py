"""The download thread, D1 … D8. What is left to a strategy in D4 to D6 has its own tests (`tests/strategies/`)."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.protocol.download import Downloader
from emulator.protocol.events import (
    Arrived,
    BarrierPassed,
    DownloadsFinished,
    DownloadStarted,
    FileUnavailable,
    FileWritten,
    RoundBegan,
    RoundEnded,
    SeedChosen,
    SegmentRejected,
    SegmentsTaken,
)
from emulator.protocol.files import ClientInput, FileMetadata
from emulator.protocol.library import Library
from emulator.protocol.messages import (
    TRACKER,
    AnyMessage,
    Barrier,
    Close,
    ConnectionCountRequest,
    FileCompleted,
    Finished,
    Hit,
    Leave,
    MetadataAnswer,
    MetadataRequest,
    Miss,
    SegmentRequest,
    Stuck,
    StuckAnswer,
    SwarmAnswer,
    SwarmRequest,
)
from emulator.protocol.node import ProtocolError
from emulator.protocol.questions import Questions
from emulator.protocol.round import Round
from emulator.protocol.terms import Terms
from emulator.strategies.peers_first import PeersFirst
from tests.protocol.scripted import (
    WRONG,
    Incoming,
    Outgoing,
    Recorded,
    ScriptedNode,
    ScriptedUploaders,
    ScriptEnded,
    Slept,
    Wrote,
    file_of,
)

SEED, PEER = 5, 2
TRY_AGAIN = repeat((0, ()))
"""What the tracker answers however often a client is stuck."""
ONE_SEED: list[tuple[tuple[int, ...], tuple[int, ...]]] = [((SEED,), ())]


def make_downloader(node: ScriptedNode, mine: ClientInput, terms: Terms) -> Downloader:
    questions = Questions(node, terms.patience_s, terms.life)
    return Downloader(node, questions, Library(mine.owned), mine, PeersFirst(), terms)


def run_download(
    files: Sequence[FileMetadata],
    *,
    rounds: Sequence[tuple[tuple[int, ...], tuple[int, ...]]] = ONE_SEED,
    visits: Iterable[str] = (),
    owned: Iterable[FileMetadata] = (),
    advice: Iterable[tuple[int, tuple[int, ...]]] = (),
    left: Mapping[str, list[tuple[int, str]]] | None = None,
    quota: int = 10,
    terms: Terms | None = None,
) -> ScriptedNode:
    """The whole life of a download thread that wants these files, among uploaders that follow a script."""
    node = ScriptedNode(
        [(TRACKER, MetadataAnswer(tuple(files), 1)), (TRACKER, Barrier(2))],
        left=left,
        answer=ScriptedUploaders(files, rounds, visits, advice=advice),
    )
    mine = ClientInput(tuple(owned), tuple(metadata.name for metadata in files))
    make_downloader(node, mine, terms or Terms(quota)).run()
    assert node.is_exhausted()
    return node


def run_until_waiting(incoming: Iterable[Incoming], wanted: Sequence[str] = ("file1",)) -> ScriptedNode:
    """A download thread that has got exactly these messages, and waits for another one."""
    node = ScriptedNode(incoming, rank=1)
    with pytest.raises(ScriptEnded):
        make_downloader(node, ClientInput((), tuple(wanted)), Terms()).run()
    return node


def fail(incoming: Iterable[Incoming], wanted: Sequence[str] = ("file1",)) -> str:
    """The text of the error that these messages lead to."""
    node = ScriptedNode(incoming, rank=1)
    with pytest.raises(ProtocolError) as caught:
        make_downloader(node, ClientInput((), tuple(wanted)), Terms()).run()
    return str(caught.value)


def test_d1_the_metadata_of_every_wanted_file_is_asked_for_at_once() -> None:
    node = run_until_waiting([], wanted=("file2", "file1"))
    assert node.sent == [("download", MetadataRequest(("file2", "file1")), TRACKER)]
    assert node.steps_of(MetadataRequest) == {"D1"}


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (TRACKER, MetadataAnswer((file_of(1, "file2"),), 1)),
        (TRACKER, MetadataAnswer((file_of(1, "file1"), file_of(1, "file2")), 1)),
        (TRACKER, MetadataAnswer((file_of(1, "file1"),), 2)),
        (TRACKER, SwarmAnswer("file1", (SEED,), (), 1)),
        (TRACKER, Barrier(2)),
        (2, MetadataAnswer((file_of(1, "file1"),))),
    ],
)
def test_d1_anything_else_than_the_files_asked_for_is_an_error(source: int, message: AnyMessage) -> None:
    text = f"rank 1 at D1: rank {source} sent an unexpected {message!r:.200}"
    assert fail([(source, message)]) == text


def test_d2_nothing_is_downloaded_before_the_second_signal() -> None:
    node = run_until_waiting([(TRACKER, MetadataAnswer((file_of(1),), 1))])
    assert [type(message) for _, message, _ in node.sent] == [MetadataRequest]
    assert node.events(DownloadStarted) == []
    assert node.step == "D2"


def test_d2_the_second_signal_lets_the_thread_go_on() -> None:
    node = run_until_waiting([(TRACKER, MetadataAnswer((file_of(1),), 1)), (TRACKER, Barrier(2))])
    assert node.events(BarrierPassed) == [BarrierPassed(2)]
    assert node.steps_of(BarrierPassed) == {"D2"}
    assert node.sent[1:] == [("download", SwarmRequest("file1"), TRACKER)]


@pytest.mark.parametrize(("source", "message"), [(TRACKER, Barrier(1)), (3, Barrier(2)), (3, Miss("file1", 0))])
def test_d2_anything_else_than_the_second_signal_is_an_error(source: int, message: AnyMessage) -> None:
    incoming: list[Incoming] = [(TRACKER, MetadataAnswer((file_of(1),), 1)), (source, message)]
    assert fail(incoming) == f"rank 1 at D2: rank {source} sent an unexpected {message!r}"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (TRACKER, SwarmAnswer("file2", (SEED,), (), 2)),
        (TRACKER, SwarmAnswer("file1", (SEED,), (), 3)),
        (TRACKER, StuckAnswer("file1", 0, (), 2)),
        (SEED, SwarmAnswer("file1", (SEED,), ())),
        (TRACKER, Barrier(2)),
    ],
)
def test_d3_anything_else_than_the_swarm_asked_for_is_an_error(source: int, message: AnyMessage) -> None:
    incoming: list[Incoming] = [
        (TRACKER, MetadataAnswer((file_of(1),), 1)),
        (TRACKER, Barrier(2)),
        (source, message),
    ]
    assert fail(incoming) == f"rank 1 at D3: rank {source} sent an unexpected {message!r}"


def test_d3_files_are_downloaded_one_after_the_other_in_the_order_of_the_wants() -> None:
    files = [file_of(12, "file7"), file_of(1, "file3"), file_of(2, "file5")]
    node = run_download(files)
    asked = [message.file for _, message, _ in node.sent if isinstance(message, SwarmRequest | FileCompleted)]
    assert asked == ["file7", "file7", "file7", "file3", "file3", "file5", "file5"]
    assert node.outputs == files


@pytest.mark.parametrize(
    ("num_segments", "quota", "in_rounds"),
    [
        (1, 10, [1]),
        (9, 10, [9]),
        (10, 10, [10]),
        (11, 10, [10, 1]),
        (20, 10, [10, 10]),
        (21, 10, [10, 10, 1]),
        (3, 1, [1, 1, 1]),
        (25, 100, [25]),
    ],
)
def test_d3_the_swarm_is_asked_for_again_after_every_quota(num_segments: int, quota: int, in_rounds: list[int]) -> None:
    node = run_download([file_of(num_segments)], quota=quota)
    num_rounds = len(in_rounds)
    assert node.sent_to(TRACKER).count(SwarmRequest("file1")) == num_rounds
    assert node.events(RoundBegan) == [RoundBegan("file1", n + 1, seeds=(SEED,), peers=()) for n in range(num_rounds)]
    assert node.events(RoundEnded) == [RoundEnded("file1", n + 1, num) for n, num in enumerate(in_rounds)]
    assert node.steps_of(SwarmRequest) == {"D3"}


def test_d3_each_round_uses_its_own_swarm_list() -> None:
    node = run_download([file_of(3)], rounds=[((4,), ()), ((5,), ()), ((3,), ())], quota=1)
    assert [event.uploader for event in node.events(SegmentsTaken)] == [4, 5, 3]


def test_d3_rounds_count_from_one_for_each_file() -> None:
    node = run_download([file_of(2, "file1"), file_of(1, "file2")], quota=1)
    assert [(event.file, event.round) for event in node.events(RoundBegan)] == [
        ("file1", 1),
        ("file1", 2),
        ("file2", 1),
    ]


def test_d4_d5_d6_a_round_goes_through_peers_to_a_seed() -> None:
    """A peer has two segments; the rest of the quota comes from the seed; each is closed."""
    node = run_download([file_of(5)], rounds=[((SEED,), (PEER,))], visits=["hhm", "hhh"])
    taken = node.events(SegmentsTaken)
    assert taken == [
        SegmentsTaken("file1", PEER, is_seed=False, segments=(0, 1), is_missed=True),
        SegmentsTaken("file1", SEED, is_seed=True, segments=(2, 3, 4), is_missed=False),
    ]
    assert node.sent_to(PEER)[-1] == node.sent_to(SEED)[-1] == Close()


def test_d7_the_file_is_written_before_the_tracker_is_told() -> None:
    node = run_download([file_of(2, "file1"), file_of(1, "file2")])
    assert node.outputs == [file_of(2, "file1"), file_of(1, "file2")]
    assert node.events(FileWritten) == [FileWritten("file1", 2), FileWritten("file2", 1)]
    assert node.steps_of(FileWritten) == node.steps_of(FileCompleted) == {"D7"}
    order: list[str] = []
    for entry in node.log:
        match entry:
            case Wrote(metadata):
                order.append(metadata.name)
            case Outgoing(message=FileCompleted(file)):
                order.append(f"told {file}")
    assert order == ["file1", "told file1", "file2", "told file2"]


def test_d8_the_tracker_is_told_once_after_the_last_file() -> None:
    node = run_download([file_of(1, "file1"), file_of(1, "file2")])
    assert node.sent[-2:] == [("download", FileCompleted("file2"), TRACKER), ("download", Finished(), TRACKER)]
    assert node.sent_to(TRACKER).count(Finished()) == 1
    assert node.steps_of(Finished) == node.steps_of(DownloadsFinished) == {"D8"}


def test_who_wants_nothing_is_finished_after_the_second_signal() -> None:
    node = run_download([])
    assert node.sent_to(TRACKER) == [MetadataRequest(()), Finished()]


def test_a_wanted_file_without_segments_is_complete_at_once_and_reported() -> None:
    node = run_download([file_of(0)])
    assert node.sent_to(TRACKER) == [MetadataRequest(("file1",)), FileCompleted("file1"), Finished()]
    assert node.outputs == [file_of(0)]
    assert node.events(DownloadStarted) == [DownloadStarted("file1", num_segments=0, num_present=0)]
    assert node.events(RoundBegan) == []


def test_a_wanted_file_that_the_client_owns_is_written_and_neither_downloaded_nor_reported_again() -> None:
    node = run_download([file_of(3, "file1"), file_of(1, "file2")], owned=[file_of(3, "file1")])
    assert node.outputs == [file_of(3, "file1"), file_of(1, "file2")]
    assert node.sent_to(TRACKER) == [
        MetadataRequest(("file1", "file2")),
        SwarmRequest("file2"),
        FileCompleted("file2"),
        Finished(),
    ]
    assert node.events(DownloadStarted)[0] == DownloadStarted("file1", num_segments=3, num_present=3)


def test_a_wrong_segment_is_asked_for_again_and_its_connection_is_closed() -> None:
    node = run_download([file_of(2)], visits=["hw", "h"])
    asked = [message for message in node.sent_to(SEED) if message != ConnectionCountRequest()]
    assert asked == [
        SegmentRequest("file1", 0),
        SegmentRequest("file1", 1),
        Close(),
        SegmentRequest("file1", 1),
        Close(),
    ]
    assert node.events(SegmentRejected) == [SegmentRejected("file1", segment=1, uploader=SEED)]
    assert node.outputs == [file_of(2)]


def test_a_wrong_segment_from_a_peer_is_a_miss_of_that_peer() -> None:
    """One wrong segment and one miss, from two peers, end the search among peers."""
    node = run_download([file_of(1)], rounds=[((SEED,), (2, 3, 4))], visits=["w", "m", "h"])
    wrong, missing, seed = (event.uploader for event in node.events(SegmentsTaken))
    assert wrong != missing
    assert seed == SEED
    assert node.sent_to(wrong) == [SegmentRequest("file1", 0), Close()]
    assert node.sent_to(missing) == [SegmentRequest("file1", 0)]


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


def test_an_answer_that_does_not_fit_the_question_ends_the_thread_with_an_error() -> None:
    incoming: list[Incoming] = [
        (TRACKER, MetadataAnswer((file_of(2),), 1)),
        (TRACKER, Barrier(2)),
        (TRACKER, SwarmAnswer("file1", (), (PEER,), 2)),
        (PEER, Hit("file1", 1, file_of(2).segment(1), 3)),
    ]
    text = f"rank 1 at D4: rank {PEER} sent an unexpected {incoming[-1][1]!r}"
    assert fail(incoming) == text


@given(
    lengths=st.lists(st.integers(0, 23), max_size=3),
    visits=st.lists(st.text("hmw", max_size=12), max_size=12),
    swarm=st.permutations([2, 3, 4, 5]).map(lambda ranks: (tuple(ranks[:2]), tuple(ranks[2:]))),
    quota=st.integers(1, 12),
)
def test_every_wanted_file_is_got_whole_whatever_the_uploaders_answer(
    lengths: list[int], visits: list[str], swarm: tuple[tuple[int, ...], tuple[int, ...]], quota: int
) -> None:
    files = [file_of(length, f"file{number}") for number, length in enumerate(lengths)]
    node = run_download(files, rounds=[swarm], visits=visits, quota=quota, advice=TRY_AGAIN)
    assert node.outputs == files
    for metadata in files:
        visited = [event for event in node.events(SegmentsTaken) if event.file == metadata.name]
        taken = [segment for event in visited for segment in event.segments]
        assert taken == list(range(metadata.num_segments))
    assert all(event.num_segments <= quota for event in node.events(RoundEnded))
    assert len(node.sleeps) == sum(event.num_segments == 0 for event in node.events(RoundEnded))


# Clients that get nothing


NOBODY: list[tuple[tuple[int, ...], tuple[int, ...]]] = [((), ())]


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


def test_files_whose_owners_died_before_they_told_of_them_are_given_up_in_their_turn() -> None:
    there = file_of(1, "file2")
    node = ScriptedNode(
        [(TRACKER, MetadataAnswer((there,), 1)), (TRACKER, Barrier(2))],
        answer=ScriptedUploaders([there], ONE_SEED),
    )
    make_downloader(node, ClientInput((), ("file1", "file2", "file3")), Terms()).run()
    assert node.events(FileUnavailable) == [FileUnavailable("file1", 0, 0), FileUnavailable("file3", 0, 0)]
    assert node.outputs == [there]
    assert node.sent_to(TRACKER)[-1] == Finished()


# What an earlier run has left


def test_stored_segments_are_not_downloaded_again() -> None:
    metadata = file_of(3)
    node = run_download([metadata], left={"file1": [(2, metadata.segment(2)), (0, metadata.segment(0))]})
    assert node.events(DownloadStarted) == [DownloadStarted("file1", num_segments=3, num_present=2)]
    assert node.sent_to(SEED)[1:-1] == [SegmentRequest("file1", 1)]
    assert node.outputs == [metadata]
    assert node.disk.stored == [("file1", 1, metadata.segment(1))]


def test_stored_segments_are_checked_and_may_come_twice() -> None:
    metadata = file_of(2)
    stored = [(0, WRONG), (1, metadata.segment(1)), (1, WRONG), (1, metadata.segment(1))]
    node = run_download([metadata], left={"file1": stored})
    assert node.events(DownloadStarted) == [DownloadStarted("file1", num_segments=2, num_present=1)]
    assert node.outputs == [metadata]
    assert node.events(SegmentRejected) == []


def test_a_file_that_is_stored_whole_is_written_and_reported_and_nobody_is_asked() -> None:
    metadata = file_of(2)
    node = run_download([metadata], left={"file1": [(n, metadata.segment(n)) for n in range(2)]})
    assert node.events(RoundBegan) == []
    assert node.sent_to(TRACKER) == [MetadataRequest(("file1",)), FileCompleted("file1"), Finished()]
    assert node.outputs == [metadata]


def test_what_is_owned_is_not_looked_for_among_stored_segments() -> None:
    node = run_download([file_of(2)], owned=[file_of(2)], left={"file1": [(0, WRONG)]})
    assert node.outputs == [file_of(2)]


# Arrivals and departures


def test_d3_a_client_that_arrives_later_waits_after_the_second_signal() -> None:
    node = run_download([file_of(1)], terms=Terms(arrives_s=2.5))
    (arrived,) = [place for place, entry in enumerate(node.log) if entry == Recorded("D3", Arrived())]
    assert node.log[arrived - 2 : arrived] == [Recorded("D2", BarrierPassed(2)), Slept(2.5)]
    assert SwarmRequest("file1") in node.sent_to(TRACKER)


def test_d3_a_client_that_is_there_from_the_start_does_not_arrive() -> None:
    assert run_download([file_of(1)]).events(Arrived) == []


@pytest.mark.parametrize("stays_s", [0.0, 3.0])
def test_d8_a_client_that_departs_leaves_after_its_stay_and_holds_nothing_any_more(stays_s: float) -> None:
    node = ScriptedNode(
        [(TRACKER, MetadataAnswer((file_of(1),), 1)), (TRACKER, Barrier(2))],
        answer=ScriptedUploaders([file_of(1)], ONE_SEED),
    )
    library, terms = Library(), Terms(stays_s=stays_s)
    Downloader(node, Questions(node, None), library, ClientInput((), ("file1",)), PeersFirst(), terms).run()
    assert node.log[-3:] == [
        Outgoing("D8", "download", Finished(), TRACKER),
        Slept(stays_s),
        Outgoing("D8", "download", Leave(), TRACKER),
    ]
    assert library.get("file1", 0) is None


def test_d8_owners_of_files_never_depart() -> None:
    node = run_download([file_of(1)], owned=[file_of(2, "file2")], terms=Terms(stays_s=0.0))
    assert node.sent_to(TRACKER)[-1] == Finished()
    assert node.sleeps == []


def test_d8_the_end_is_told_when_late_answers_of_races_have_been_heard() -> None:
    class Races:
        def run_round(self, round: Round) -> None:
            round.race(round.first_missing, round.seeds)

    metadata = file_of(1)
    asked: list[tuple[int, int]] = []

    def answer(dest: int, message: AnyMessage) -> list[Incoming]:
        match message:
            case SwarmRequest(file, request):
                return [(TRACKER, SwarmAnswer(file, (4, 5), (), request))]
            case SegmentRequest(request=request):
                asked.append((dest, request))
        hits: list[Incoming] = [(rank, Hit("file1", 0, metadata.segment(0), number)) for rank, number in asked]
        return hits if len(hits) == 2 and isinstance(message, SegmentRequest) else []

    node = ScriptedNode([(TRACKER, MetadataAnswer((metadata,), 1)), (TRACKER, Barrier(2))], answer=answer)
    mine = ClientInput((), ("file1",))
    Downloader(node, Questions(node, None), Library(), mine, Races(), Terms()).run()
    assert node.sent[-2:] == [("upload", Close(), 5), ("download", Finished(), TRACKER)]
    assert node.is_exhausted()


def test_a_strategy_that_never_asks_anybody_is_an_error_and_no_endless_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PeersFirst, "run_round", lambda _self, _round: None)
    metadata = file_of(3)
    match = r"^the strategy has asked nobody for a segment of 'file1' in 3,000 rounds in a row, with seeds in its list$"
    with pytest.raises(RuntimeError, match=match):
        run_download([metadata])
