"""The tracker, T1 … T9: its handler driven directly, a message at a time."""

from collections.abc import Iterable
from itertools import chain, repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.protocol.events import BarrierOpened, ClientFinished, ClientLeft, RoleChanged
from emulator.protocol.files import FileMetadata
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
    StuckAnswer,
    SwarmAnswer,
    SwarmRequest,
)
from emulator.protocol.node import ProtocolError, serve
from emulator.protocol.tracker import Tracker
from tests.protocol.scripted import ScriptedNode, bits_of, file_of

FILE1, FILE2 = file_of(3, "file1"), file_of(2, "file2")


def make_tracker(num_clients: int = 3, numwant: int = 50, rng_seed: int = 0) -> tuple[ScriptedNode, Tracker]:
    node = ScriptedNode(rank=0, size=num_clients + 1, rng_seed=rng_seed)
    return node, Tracker(node, numwant)


def serving(
    owned: dict[int, tuple[FileMetadata, ...]], num_clients: int = 3, numwant: int = 50, rng_seed: int = 0
) -> tuple[ScriptedNode, Tracker]:
    """A tracker that both barriers are behind, and that has forgotten to have sent anything."""
    node, tracker = make_tracker(num_clients, numwant, rng_seed)
    for client in range(1, num_clients + 1):
        tracker.handle(client, Metadata(owned.get(client, ())))
    for client in range(1, num_clients + 1):
        tracker.handle(client, MetadataRequest(()))
    node.log.clear()
    return node, tracker


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


@pytest.mark.parametrize("message", [Hit("file1", 0, "x"), Close(), Stop(), Barrier(1), SwarmAnswer("file1", (), ())])
def test_a_message_that_is_not_for_a_tracker_is_an_error(message: AnyMessage) -> None:
    node, tracker = serving({1: (FILE1,)})
    node.step = "T6"
    with pytest.raises(ProtocolError) as caught:
        tracker.handle(2, message)
    assert str(caught.value) == f"rank 0 at T6: rank 2 sent an unexpected {message!r}"


@pytest.mark.parametrize(
    ("message", "step"),
    [(SwarmRequest("file9"), "T6"), (FileCompleted("file9"), "T7"), (Stuck("file9", b"\1", (), 1), "T5")],
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


# Deaths: barriers and the end compare with those that are alive


def handle_all(tracker: Tracker, messages: Iterable[tuple[int, AnyMessage]]) -> None:
    for source, message in messages:
        tracker.handle(source, message)


def test_t2_the_first_barrier_opens_for_the_living_when_the_last_one_it_waits_for_dies() -> None:
    node, tracker = make_tracker()
    handle_all(tracker, [(1, Metadata(())), (3, Metadata((FILE1,)))])
    assert node.sent == []
    tracker.handle(2, Lost())
    assert node.sent == [("download", Barrier(1), 1), ("download", Barrier(1), 3)]
    assert node.steps_of(Barrier) == {"T2"}


def test_t2_a_client_that_dies_after_its_report_is_not_counted_for_another() -> None:
    node, tracker = make_tracker()
    handle_all(tracker, [(1, Metadata(())), (1, Lost()), (2, Metadata(()))])
    assert node.sent == []
    tracker.handle(3, Metadata(()))
    assert node.sent == [("download", Barrier(1), 2), ("download", Barrier(1), 3)]


def test_t4_the_second_barrier_opens_for_the_living_when_the_last_one_it_waits_for_dies() -> None:
    node, tracker = make_tracker()
    handle_all(tracker, [*((client, Metadata(())) for client in (1, 2, 3)), (1, MetadataRequest(()))])
    tracker.handle(3, MetadataRequest(()))
    node.log.clear()
    tracker.handle(2, Lost())
    assert node.sent == [("download", Barrier(2), 1), ("download", Barrier(2), 3)]
    assert node.steps_of(Barrier) == {"T4"}
    assert node.step == "T5"


def test_one_death_may_open_a_barrier_only_once() -> None:
    node, tracker = serving({})
    handle_all(tracker, [(2, Lost()), (3, Lost())])
    assert node.events(BarrierOpened) == []
    assert node.sent == []


def test_t9_stop_is_sent_to_the_living_when_the_last_one_it_waits_for_dies() -> None:
    node, tracker = serving({1: (FILE1,)})
    handle_all(tracker, [(3, Finished()), (1, Finished())])
    assert tracker.is_running
    tracker.handle(2, Lost())
    assert node.sent == [("upload", Stop(), 1), ("upload", Stop(), 3)]
    assert not tracker.is_running


def test_t9_a_finished_client_that_dies_is_not_counted_for_another() -> None:
    node, tracker = serving({})
    handle_all(tracker, [(1, Finished()), (1, Lost()), (2, Finished())])
    assert node.sent == []
    tracker.handle(3, Finished())
    assert node.sent == [("upload", Stop(), 2), ("upload", Stop(), 3)]


@pytest.mark.parametrize("barrier", [0, 1, 2])
def test_when_nobody_is_left_the_tracker_stops(barrier: int) -> None:
    node, tracker = make_tracker()
    messages: list[AnyMessage] = [Metadata(()), MetadataRequest(())]
    for message in messages[:barrier]:
        handle_all(tracker, [(client, message) for client in (1, 2, 3)])
    for client in (2, 1, 3):
        assert tracker.is_running
        tracker.handle(client, Lost())
    assert not tracker.is_running
    assert Stop() not in [message for _, message, _ in node.sent]


def test_who_is_lost_is_in_no_swarm() -> None:
    node, tracker = serving({1: (FILE1,), 4: (FILE1,)}, num_clients=5)
    tracker.handle(2, SwarmRequest("file1"))
    handle_all(tracker, [(4, Lost()), (2, Lost()), (3, SwarmRequest("file1"))])
    assert node.sent_to(3) == [SwarmAnswer("file1", seeds=(1,), peers=())]


def test_t3_files_whose_owners_died_before_they_told_of_them_are_left_out() -> None:
    node, tracker = make_tracker(num_clients=2)
    handle_all(tracker, [(1, Lost()), (2, Metadata((FILE2,))), (2, MetadataRequest(("file1", "file2"), 1))])
    assert node.sent_to(2)[1] == MetadataAnswer((FILE2,))


# Returns


def test_who_comes_back_is_waited_for_at_both_barriers() -> None:
    node, tracker = make_tracker(num_clients=2)
    handle_all(tracker, [(1, Metadata(())), (2, Lost(is_coming_back=True))])
    assert node.sent == []
    handle_all(tracker, [(2, Returned()), (2, Metadata((FILE1,)))])
    assert node.sent == [("download", Barrier(1), 1), ("download", Barrier(1), 2)]
    handle_all(tracker, [(1, MetadataRequest(())), (2, Lost(is_coming_back=True))])
    assert Barrier(2) not in node.sent_to(1)


@pytest.mark.parametrize("is_announced", [True, False])
def test_who_comes_back_late_gets_both_signals_on_its_own(is_announced: bool) -> None:
    node, tracker = serving({2: (FILE1,)})
    handle_all(tracker, [(2, Lost(is_announced)), (2, Returned()), (2, Metadata((FILE1,)))])
    assert node.sent == [("download", Barrier(1), 2)]
    assert node.steps_of(Barrier) == {"T2"}
    tracker.handle(2, MetadataRequest((), 1))
    assert node.sent[1:] == [("download", MetadataAnswer(()), 2), ("download", Barrier(2), 2)]
    assert node.steps_of(Barrier) == {"T2", "T4"}
    assert node.events(BarrierOpened) == []


def test_who_comes_back_between_the_barriers_gets_the_first_alone_and_the_second_with_all() -> None:
    node, tracker = make_tracker(num_clients=2)
    handle_all(tracker, [(1, Metadata(())), (2, Metadata(())), (1, MetadataRequest(())), (2, Lost(True))])
    node.log.clear()
    handle_all(tracker, [(2, Returned()), (2, Metadata(())), (2, MetadataRequest(()))])
    assert node.sent == [
        ("download", Barrier(1), 2),
        ("download", MetadataAnswer(()), 2),
        ("download", Barrier(2), 1),
        ("download", Barrier(2), 2),
    ]


def test_t9_who_comes_back_is_waited_for_at_the_end() -> None:
    node, tracker = serving({}, num_clients=2)
    handle_all(tracker, [(2, Finished()), (2, Lost(True)), (1, Finished())])
    assert node.sent == []
    handle_all(tracker, [(2, Returned()), (2, Metadata(())), (2, MetadataRequest(())), (2, Finished())])
    assert not tracker.is_running
    assert Stop() in node.sent_to(2)


def test_t9_who_does_not_come_back_after_all_is_not() -> None:
    node, tracker = serving({}, num_clients=2)
    handle_all(tracker, [(2, Lost(True)), (1, Finished()), (2, Lost())])
    assert node.sent == [("upload", Stop(), 1)]
    assert not tracker.is_running


# Clients that are stuck


def stuck(file: FileMetadata, held: Iterable[int], distrusted: tuple[int, ...] = (), request: int = 1) -> Stuck:
    missing = set(range(file.num_segments)) - set(held)
    return Stuck(file.name, bits_of(missing, file.num_segments), distrusted, request)


def with_peers(*peers: int, owner: int = 1) -> tuple[ScriptedNode, Tracker]:
    """File 1 has an owner and these peers."""
    node, tracker = serving({owner: (FILE1,)}, num_clients=5)
    for peer in peers:
        tracker.handle(peer, SwarmRequest("file1"))
    node.log.clear()
    return node, tracker


def test_a_client_that_is_stuck_although_there_is_a_seed_is_told_to_try_again() -> None:
    node, tracker = with_peers(2)
    tracker.handle(2, stuck(FILE1, [], request=8))
    assert node.sent == [("download", StuckAnswer("file1", 0, ()), 2)]
    assert node.numbers == [8]
    assert node.steps_of(StuckAnswer) == {"T5"}


def test_a_file_is_lost_when_its_last_owner_is_dead_and_all_peers_are_stuck() -> None:
    node, tracker = with_peers(2, 3)
    handle_all(tracker, [(1, Lost()), (2, stuck(FILE1, [0]))])
    assert node.sent == []
    tracker.handle(3, stuck(FILE1, [0, 1]))
    assert node.sent == [
        ("download", StuckAnswer("file1", num_lost=1, holders=()), 2),
        ("download", StuckAnswer("file1", num_lost=1, holders=()), 3),
    ]


def test_stuck_clients_are_told_of_each_other() -> None:
    node, tracker = with_peers(2, 3)
    handle_all(tracker, [(1, Lost()), (2, stuck(FILE1, [0])), (3, stuck(FILE1, [1, 2]))])
    assert node.sent_to(2) == [StuckAnswer("file1", 0, holders=(3,))]
    assert node.sent_to(3) == [StuckAnswer("file1", 0, holders=(2,))]


def test_a_seed_of_which_a_stuck_client_complains_does_not_count() -> None:
    node, tracker = with_peers(2)
    tracker.handle(2, stuck(FILE1, [], distrusted=(1,)))
    assert node.sent_to(2) == [StuckAnswer("file1", num_lost=3, holders=())]


@pytest.mark.parametrize("end", [Lost(), Leave()])
def test_those_that_wait_are_told_when_the_last_one_that_could_help_is_gone(end: AnyMessage) -> None:
    node, tracker = with_peers(2, 3)
    handle_all(tracker, [(1, Lost()), (2, stuck(FILE1, [0, 2])), (3, end)])
    assert node.sent == [("download", StuckAnswer("file1", num_lost=1, holders=()), 2)]


def test_those_that_wait_are_told_when_there_is_a_new_seed() -> None:
    node, tracker = with_peers(2, 3)
    handle_all(tracker, [(1, Lost()), (2, stuck(FILE1, [0])), (3, FileCompleted("file1"))])
    assert node.sent == [("download", StuckAnswer("file1", 0, ()), 2)]


def test_a_question_that_comes_again_is_answered_the_same_and_changes_nothing() -> None:
    """By the time it comes, its client has got a segment: to take it for stuck would lose what it holds."""
    node, tracker = with_peers(2, 3)
    again = stuck(FILE1, [0], request=4)
    handle_all(tracker, [(1, Lost()), (2, again), (3, stuck(FILE1, [1, 2], request=6))])
    tracker.handle(2, again)
    assert node.sent_to(2) == 2 * [StuckAnswer("file1", 0, holders=(3,))]
    assert node.numbers == [4, 6, 4]
    handle_all(tracker, [(3, Lost()), (4, SwarmRequest("file1")), (4, stuck(FILE1, []))])
    assert node.sent_to(4) == [SwarmAnswer("file1", (), (2,))]


# Clients that come back may hold what nobody else does


def test_nobody_gives_up_while_somebody_is_on_its_way_back() -> None:
    node, tracker = with_peers(2)
    handle_all(tracker, [(1, Lost(is_coming_back=True)), (2, stuck(FILE1, []))])
    assert node.sent == []
    handle_all(tracker, [(1, Returned()), (1, Metadata((FILE1,))), (1, MetadataRequest(()))])
    assert node.sent_to(2) == []
    tracker.handle(1, Finished())
    assert node.sent_to(2) == [StuckAnswer("file1", 0, ())]


def test_who_is_back_in_a_swarm_is_a_peer_that_may_help() -> None:
    """Its disk has what it had got before it died."""
    node, tracker = with_peers(2, 3)
    handle_all(tracker, [(1, Lost()), (3, Lost(True)), (2, stuck(FILE1, [0])), (3, Returned()), (3, Metadata(()))])
    handle_all(tracker, [(3, MetadataRequest(("file1",))), (3, SwarmRequest("file1"))])
    assert node.sent_to(2) == []
    tracker.handle(3, stuck(FILE1, [1, 2]))
    assert node.sent_to(2) == [StuckAnswer("file1", 0, holders=(3,))]


def test_who_comes_back_unannounced_is_waited_for_from_its_return_on() -> None:
    node, tracker = with_peers(2, 3)
    handle_all(tracker, [(1, Lost()), (3, Lost()), (3, Returned()), (2, stuck(FILE1, [0]))])
    assert node.sent == []
    handle_all(tracker, [(3, Metadata(())), (3, MetadataRequest(("file1",))), (3, Finished())])
    assert node.sent_to(2) == [StuckAnswer("file1", num_lost=2, holders=())]


def test_who_is_back_in_another_swarm_is_waited_for_no_longer() -> None:
    node, tracker = serving({1: (FILE1,), 4: (FILE2,)}, num_clients=4)
    tracker.handle(2, SwarmRequest("file1"))
    handle_all(tracker, [(3, Lost(True)), (1, Lost()), (2, stuck(FILE1, [])), (3, Returned()), (3, Metadata(()))])
    handle_all(tracker, [(3, MetadataRequest(("file2",))), (3, SwarmRequest("file2"))])
    assert node.sent_to(2)[1:] == [StuckAnswer("file1", 3, ())]


def test_who_does_not_come_back_after_all_is_waited_for_no_longer() -> None:
    node, tracker = with_peers(2)
    handle_all(tracker, [(1, Lost(True)), (2, stuck(FILE1, [])), (1, Lost())])
    assert node.sent_to(2) == [StuckAnswer("file1", 3, ())]


# Departures


def test_t8_who_leaves_is_in_no_swarm_any_more_and_still_gets_its_stop() -> None:
    node, tracker = serving({1: (FILE1,)})
    handle_all(tracker, [(2, SwarmRequest("file1")), (2, FileCompleted("file1")), (2, Finished()), (2, Leave())])
    assert node.events(ClientLeft) == [ClientLeft(2)]
    assert node.steps_of(ClientLeft) == {"T8"}
    tracker.handle(3, SwarmRequest("file1"))
    assert node.sent_to(3) == [SwarmAnswer("file1", seeds=(1,), peers=())]
    handle_all(tracker, [(1, Finished()), (3, Finished())])
    assert node.sent_to(2)[-1] == Stop()


def test_a_late_request_of_a_client_that_has_left_brings_it_into_no_swarm() -> None:
    """As a peer that never gets stuck, it would let others wait for ever."""
    node, tracker = with_peers(2, 3)
    handle_all(tracker, [(2, FileCompleted("file1")), (2, Finished()), (2, Leave())])
    node.log.clear()
    tracker.handle(2, SwarmRequest("file1"))
    assert node.sent == []
    handle_all(tracker, [(1, Lost()), (3, stuck(FILE1, [0]))])
    assert node.sent == [("download", StuckAnswer("file1", num_lost=2, holders=()), 3)]


def test_every_answer_has_the_number_of_its_question() -> None:
    node, tracker = serving({1: (FILE1,)})
    handle_all(tracker, [(2, SwarmRequest("file1", 17)), (3, MetadataRequest((), 23)), (2, stuck(FILE1, [], (), 5))])
    assert node.numbers == [17, 23, 5]


# All of it


class Members:
    """Clients that come to the barriers, die, return and finish, one step of one client at a time."""

    def __init__(self, num_clients: int) -> None:
        self.node, self.tracker = make_tracker(num_clients)
        self.phase = dict.fromkeys(range(1, num_clients + 1), 0)
        """Of each client that is alive or comes back: 0 has not reported, 1 has, 2 has asked, 3 has finished."""
        self.away: set[int] = set()
        self._num_before = dict.fromkeys(self.phase, 0)
        """How many messages were sent to a client before its present life."""

    def steps(self) -> list[tuple[int, AnyMessage]]:
        """All that can happen next."""
        messages: list[AnyMessage] = [Metadata(()), MetadataRequest((), 1), Finished()]
        alive = self.phase.keys() - self.away
        able = [rank for rank in alive if self.phase[rank] in (0, len(self.signals(rank)))]
        going = [(rank, messages[self.phase[rank]]) for rank in able if self.phase[rank] < 3]
        dying = [(rank, Lost(is_coming_back)) for rank in alive for is_coming_back in (True, False)]
        back = [(rank, message) for rank in self.away for message in (Returned(), Lost())]
        return sorted([*going, *dying, *back], key=str)

    def signals(self, rank: int) -> list[AnyMessage]:
        """Those that it has got in this life."""
        sent = self.node.sent_to(rank)[self._num_before[rank] :]
        return [message for message in sent if isinstance(message, Barrier)]

    def step(self, rank: int, message: AnyMessage) -> None:
        match message:
            case Lost(is_coming_back=True):
                self.away.add(rank)
                self.phase[rank] = 0
            case Lost():
                self.away.discard(rank)
                del self.phase[rank]
            case Returned():
                self.away.remove(rank)
                self._num_before[rank] = len(self.node.sent_to(rank))
            case _:
                self.phase[rank] += 1
        self.tracker.handle(rank, message)


@given(st.integers(1, 4), st.lists(st.integers(0, 99), max_size=30))
def test_whoever_dies_and_returns_nobody_waits_for_ever_and_the_end_is_that_of_the_living(
    num_clients: int, choices: list[int]
) -> None:
    members = Members(num_clients)
    for choice in chain(choices, repeat(None, 100)):
        is_over = all(phase == 3 for phase in members.phase.values())
        assert members.tracker.is_running is not is_over
        for rank in members.phase:
            assert members.signals(rank) == [Barrier(1), Barrier(2)][: len(members.signals(rank))]
        if is_over:
            return
        steps = members.steps()
        if choice is None:  # from here on, nobody dies any more
            steps = [(rank, message) for rank, message in steps if not isinstance(message, Lost)]
            choice = 0
        assert steps, "everybody waits"
        members.step(*steps[choice % len(steps)])
    pytest.fail("no end")
