"""The tracker, T1 … T9 alone: its handler driven directly, a message at a time."""

from functools import partial

import pytest

from emulator.protocol.events import BarrierOpened, ClientFinished, RoleChanged
from emulator.protocol.messages import (
    AnyMessage,
    Barrier,
    Close,
    FileCompleted,
    Finished,
    Hit,
    Leave,
    Lost,
    Metadata,
    MetadataAnswer,
    MetadataRequest,
    Returned,
    Stop,
    Stuck,
    SwarmAnswer,
    SwarmRequest,
)
from emulator.protocol.node import ProtocolError, serve
from emulator.protocol.tracker import Tracker
from tests.protocol import trackers
from tests.protocol.scripted import ScriptedNode, file_of
from tests.protocol.trackers import FILE1, FILE2, handle_all

make_tracker = partial(trackers.make_tracker, kind=Tracker)
serving = partial(trackers.serving, kind=Tracker)


def test_t1_every_owner_becomes_a_seed_of_each_of_its_files() -> None:
    node, tracker = make_tracker()
    assert node.step == "T1"
    tracker.handle(2, Metadata((FILE1, FILE2)))
    tracker.handle(1, Metadata((FILE2,)))
    assert node.events(RoleChanged) == [
        RoleChanged(2, "file1", "seed"),
        RoleChanged(2, "file2", "seed"),
        RoleChanged(1, "file2", "seed"),
    ]
    assert node.steps_of(RoleChanged) == {"T1"}


def test_t2_no_client_gets_the_signal_before_all_have_reported() -> None:
    node, tracker = make_tracker()
    tracker.handle(3, Metadata(()))
    tracker.handle(1, Metadata((FILE1,)))
    assert node.sent == []
    assert node.events(BarrierOpened) == []


def test_t2_every_client_gets_the_signal_when_all_have_reported() -> None:
    node, tracker = make_tracker()
    for client in (3, 1, 2):
        tracker.handle(client, Metadata(()))
    assert node.sent == [("download", Barrier(1), client) for client in (1, 2, 3)]
    assert node.events(BarrierOpened) == [BarrierOpened(1)]
    assert node.steps_of(Barrier) == node.steps_of(BarrierOpened) == {"T2"}


def test_t2_one_client_that_reports_twice_does_not_stand_for_two() -> None:
    node, tracker = make_tracker(num_clients=2)
    tracker.handle(1, Metadata(()))
    tracker.handle(1, Metadata(()))
    assert node.sent == []


def test_t3_metadata_is_answered_in_the_order_asked_for() -> None:
    node, tracker = make_tracker(num_clients=2)
    tracker.handle(1, Metadata((FILE1, FILE2)))
    tracker.handle(2, Metadata(()))
    node.log.clear()
    tracker.handle(2, MetadataRequest(("file2", "file1")))
    assert node.sent == [("download", MetadataAnswer((FILE2, FILE1)), 2)]
    assert node.steps_of(MetadataAnswer) == {"T3"}


def test_t3_who_wants_nothing_gets_an_empty_answer() -> None:
    node, tracker = make_tracker()
    tracker.handle(2, MetadataRequest(()))
    assert node.sent == [("download", MetadataAnswer(()), 2)]


def test_t4_the_second_signal_follows_the_last_answer() -> None:
    node, tracker = make_tracker(num_clients=2)
    for client in (1, 2):
        tracker.handle(client, Metadata(()))
    node.log.clear()
    tracker.handle(2, MetadataRequest(()))
    assert node.sent == [("download", MetadataAnswer(()), 2)]
    tracker.handle(1, MetadataRequest(()))
    assert node.sent[1:] == [
        ("download", MetadataAnswer(()), 1),
        ("download", Barrier(2), 1),
        ("download", Barrier(2), 2),
    ]
    assert node.events(BarrierOpened) == [BarrierOpened(2)]
    assert node.steps_of(Barrier) == {"T4"}


def test_t5_messages_are_served_as_they_come_until_the_last_client_has_finished() -> None:
    incoming: list[tuple[int, AnyMessage]] = [
        (1, Metadata((FILE1,))),
        (2, Metadata(())),
        (1, MetadataRequest(())),
        (1, Finished()),
        (2, MetadataRequest(("file1",))),
        (2, SwarmRequest("file1")),
        (2, FileCompleted("file1")),
        (2, Finished()),
    ]
    node = ScriptedNode(download=incoming, rank=0, size=3)
    serve(node.download, Tracker(node, numwant=50))
    assert node.is_exhausted()
    assert node.sent_to(2) == [
        Barrier(1),
        MetadataAnswer((FILE1,)),
        Barrier(2),
        SwarmAnswer("file1", seeds=(1,), peers=()),
        Stop(),
    ]


def test_t6_the_asker_becomes_a_peer_at_its_first_request() -> None:
    node, tracker = serving({1: (FILE1,)})
    tracker.handle(2, SwarmRequest("file1"))
    tracker.handle(2, SwarmRequest("file1"))
    assert node.events(RoleChanged) == [RoleChanged(2, "file1", "peer")]
    assert node.steps_of(RoleChanged) == {"T6"}


def test_t6_the_answer_has_the_seeds_and_the_peers_of_that_file_but_never_the_asker() -> None:
    node, tracker = serving({1: (FILE1,), 4: (FILE1, FILE2)}, num_clients=5)
    for client in (2, 3, 2, 4):
        tracker.handle(client, SwarmRequest("file1"))
    tracker.handle(5, SwarmRequest("file2"))
    assert node.sent == [
        ("download", SwarmAnswer("file1", seeds=(1, 4), peers=()), 2),
        ("download", SwarmAnswer("file1", seeds=(1, 4), peers=(2,)), 3),
        ("download", SwarmAnswer("file1", seeds=(1, 4), peers=(3,)), 2),
        ("download", SwarmAnswer("file1", seeds=(1,), peers=(2, 3)), 4),
        ("download", SwarmAnswer("file2", seeds=(4,), peers=()), 5),
    ]


def test_t6_a_seed_that_asks_stays_a_seed() -> None:
    node, tracker = serving({1: (FILE1,), 2: (FILE1,)})
    tracker.handle(1, SwarmRequest("file1"))
    assert node.events(RoleChanged) == []


@pytest.mark.parametrize("numwant", [1, 2, 3, 4, 5])
def test_t6_numwant_limits_seeds_and_peers_each_on_their_own(numwant: int) -> None:
    num_clients = 9
    drawn: set[int] = set()
    for rng_seed in range(30):
        node, tracker = serving(dict.fromkeys((1, 2, 3, 4), (FILE1,)), num_clients, numwant, rng_seed)
        for client in (5, 6, 7, 8):
            tracker.handle(client, SwarmRequest("file1"))
        tracker.handle(9, SwarmRequest("file1"))
        answer = node.sent_to(9)[0]
        assert isinstance(answer, SwarmAnswer)
        assert set(answer.seeds) <= {1, 2, 3, 4}
        assert set(answer.peers) <= {5, 6, 7, 8}
        assert len(answer.seeds) == len(answer.peers) == min(numwant, 4)
        drawn |= {*answer.seeds, *answer.peers}
    assert drawn == set(range(1, 9))  # at random: everybody is named to somebody


def test_t6_the_draw_is_repeatable() -> None:
    answers: list[list[AnyMessage]] = []
    for _ in range(2):
        node, tracker = serving(dict.fromkeys(range(1, 20), (FILE1,)), num_clients=20, numwant=3, rng_seed=7)
        for _ in range(5):
            tracker.handle(20, SwarmRequest("file1"))
        answers.append(node.sent_to(20))
    assert answers[0] == answers[1]
    assert len(set(answers[0])) > 1


def test_t7_who_has_the_whole_file_turns_from_peer_into_seed_of_that_file_alone() -> None:
    node, tracker = serving({1: (FILE1, FILE2)})
    tracker.handle(2, SwarmRequest("file1"))
    tracker.handle(2, SwarmRequest("file2"))
    node.log.clear()
    tracker.handle(2, FileCompleted("file1"))
    assert node.sent == []
    assert node.events(RoleChanged) == [RoleChanged(2, "file1", "seed")]
    assert node.steps_of(RoleChanged) == {"T7"}
    tracker.handle(3, SwarmRequest("file1"))
    tracker.handle(3, SwarmRequest("file2"))
    assert node.sent_to(3) == [
        SwarmAnswer("file1", seeds=(1, 2), peers=()),
        SwarmAnswer("file2", seeds=(1,), peers=(2,)),
    ]


def test_t7_a_file_without_segments_makes_a_seed_of_a_leecher() -> None:
    node, tracker = serving({1: (file_of(0),)})
    tracker.handle(2, FileCompleted("file1"))
    assert node.events(RoleChanged) == [RoleChanged(2, "file1", "seed")]


def test_t8_a_finished_client_stays_in_its_swarms_as_a_seed() -> None:
    node, tracker = serving({1: (FILE1,)})
    tracker.handle(2, SwarmRequest("file1"))
    tracker.handle(2, FileCompleted("file1"))
    tracker.handle(2, Finished())
    tracker.handle(1, Finished())
    assert node.events(ClientFinished) == [ClientFinished(2), ClientFinished(1)]
    assert node.steps_of(ClientFinished) == {"T8"}
    tracker.handle(3, SwarmRequest("file1"))
    assert node.sent_to(3) == [SwarmAnswer("file1", seeds=(1, 2), peers=())]


def test_t9_stop_is_sent_to_all_clients_when_the_last_has_finished_and_not_before() -> None:
    node, tracker = serving({1: (FILE1,)})
    tracker.handle(3, Finished())
    tracker.handle(1, Finished())
    assert node.sent == []
    tracker.handle(2, Finished())
    assert node.sent == [("upload", Stop(), client) for client in (1, 2, 3)]
    assert node.steps_of(Stop) == {"T9"}
    assert not tracker.is_running


def test_t9_one_client_that_finishes_twice_does_not_stand_for_two() -> None:
    node, tracker = serving({}, num_clients=2)
    tracker.handle(1, Finished())
    tracker.handle(1, Finished())
    assert node.sent == []
    assert tracker.is_running


@pytest.mark.parametrize(
    "message",
    [
        *(Hit("file1", 0, "x"), Close(), Stop(), Barrier(1), SwarmAnswer("file1", (), ())),
        *(Stuck("file1", b"\1", (), 1), Leave(), Lost(), Returned()),
    ],
)
def test_a_message_that_the_steps_do_not_know_is_an_error(message: AnyMessage) -> None:
    node, tracker = serving({1: (FILE1,)})
    node.step = "T6"
    with pytest.raises(ProtocolError) as caught:
        tracker.handle(2, message)
    assert str(caught.value) == f"rank 0 at T6: rank 2 sent an unexpected {message!r}"


@pytest.mark.parametrize(
    ("message", "step"),
    [(SwarmRequest("file9"), "T6"), (FileCompleted("file9"), "T7")],
)
def test_a_file_that_nobody_has_reported_is_an_error(message: AnyMessage, step: str) -> None:
    _, tracker = serving({1: (FILE1,)})
    with pytest.raises(ProtocolError) as caught:
        tracker.handle(2, message)
    assert str(caught.value) == f"tracker at {step}: rank 2 sent {message!r}: 'file9'"


def test_owners_who_disagree_are_an_error() -> None:
    _, tracker = make_tracker()
    tracker.handle(1, Metadata((file_of(1),)))
    with pytest.raises(ProtocolError) as caught:
        tracker.handle(2, Metadata((file_of(2),)))
    text = str(caught.value)
    assert text.startswith("tracker at T1: rank 2 sent Metadata(files=(FileMetadata(name='file1', hashes=")
    assert text.endswith(": rank 2 gives other hashes for 'file1' than rank 1")


def test_every_client_is_equally_likely_to_be_named() -> None:
    """A small swarm file with more seeds than numwant: no rank is favoured by its number."""
    node, tracker = serving(dict.fromkeys(range(1, 7), (FILE1,)), num_clients=7, numwant=2, rng_seed=3)
    num_asked = 1_200
    for _ in range(num_asked):
        tracker.handle(7, SwarmRequest("file1"))
    named = [rank for answer in node.sent_to(7) if isinstance(answer, SwarmAnswer) for rank in answer.seeds]
    mean = num_asked * 2 / 6
    assert all(abs(named.count(rank) - mean) < 6 * mean**0.5 for rank in range(1, 7))


def test_every_answer_has_the_number_of_its_question() -> None:
    node, tracker = serving({1: (FILE1,)})
    handle_all(tracker, [(2, SwarmRequest("file1", 17)), (3, MetadataRequest((), 23))])
    assert node.numbers == [17, 23]
