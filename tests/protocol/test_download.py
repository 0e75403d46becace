"""The download thread, D1 … D8. What is left to a strategy in D4 to D6 has its own tests (`tests/strategies/`)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.protocol.download import Downloader
from emulator.protocol.events import (
    BarrierPassed,
    DownloadsFinished,
    DownloadStarted,
    FileUnavailable,
    FileWritten,
    RoundBegan,
    RoundEnded,
    SegmentRejected,
    SegmentsTaken,
)
from emulator.protocol.files import ClientInput
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
    MetadataAnswer,
    MetadataRequest,
    Miss,
    SegmentRequest,
    StuckAnswer,
    SwarmAnswer,
    SwarmRequest,
)
from emulator.protocol.questions import Questions
from emulator.protocol.round import Round
from emulator.protocol.terms import Terms
from tests.protocol.downloads import (
    ONE_SEED,
    PEER,
    SEED,
    TRY_AGAIN,
    fail,
    make_downloader,
    run_download,
    run_until_waiting,
)
from tests.protocol.scripted import (
    Incoming,
    Outgoing,
    ScriptedNode,
    ScriptedUploaders,
    Wrote,
    file_of,
)


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


def test_d8_the_end_does_not_wait_for_the_losers_of_races() -> None:
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
        if len(asked) < 2 or not isinstance(message, SegmentRequest):
            return []
        return [(rank, Hit("file1", 0, metadata.segment(0), number)) for rank, number in asked[:1]]

    node = ScriptedNode([(TRACKER, MetadataAnswer((metadata,), 1)), (TRACKER, Barrier(2))], answer=answer)
    mine = ClientInput((), ("file1",))
    Downloader(node, Questions(node, None), Library(), mine, Races(), Terms()).run()
    assert [dest for _, message, dest in node.sent if message == Close()] == [4, 5]
    assert node.sent[-1] == ("download", Finished(), TRACKER)
    assert node.events(FileWritten) == [FileWritten("file1", 1)]
