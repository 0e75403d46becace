"""The tracker when clients get nothing more, come back with what nobody else holds, or depart."""

import pytest

from emulator.protocol.events import ClientLeft
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
    MetadataRequest,
    Returned,
    Stop,
    Stuck,
    StuckAnswer,
    SwarmAnswer,
    SwarmRequest,
)
from emulator.protocol.node import ProtocolError
from tests.protocol.scripted import bits_of
from tests.protocol.trackers import FILE1, FILE2, handle_all, serving, stuck, with_peers

# Clients that are stuck


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


# Messages that cannot be


@pytest.mark.parametrize("message", [Hit("file1", 0, "x"), Close(), Stop(), Barrier(1), SwarmAnswer("file1", (), ())])
def test_a_message_that_is_not_for_a_tracker_is_an_error(message: AnyMessage) -> None:
    node, tracker = serving({1: (FILE1,)})
    node.step = "T6"
    with pytest.raises(ProtocolError) as caught:
        tracker.handle(2, message)
    assert str(caught.value) == f"rank 0 at T6: rank 2 sent an unexpected {message!r}"


def test_a_client_that_is_stuck_in_a_file_that_no_client_has_reported_is_an_error() -> None:
    _, tracker = serving({1: (FILE1,)})
    message = Stuck("file9", b"\1", (), 1)
    with pytest.raises(ProtocolError) as caught:
        tracker.handle(2, message)
    assert str(caught.value) == f"tracker at T5: rank 2 sent {message!r}: 'file9'"


def test_a_client_that_misses_segments_that_the_file_does_not_have_is_an_error() -> None:
    node, tracker = with_peers(2)
    message = Stuck("file1", bits_of([3], 4), (), 9)
    with pytest.raises(ProtocolError) as caught:
        tracker.handle(2, message)
    text = "it misses more than the 3 segments of 'file1'"
    assert str(caught.value) == f"tracker at T5: rank 2 sent {message!r}: {text}"
    assert node.sent == []
