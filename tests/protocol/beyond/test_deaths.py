"""The tracker when clients die and return: barriers and the end compare with the clients that live."""

from itertools import chain, repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.protocol.events import BarrierOpened
from emulator.protocol.messages import (
    AnyMessage,
    Barrier,
    Finished,
    Lost,
    Metadata,
    MetadataAnswer,
    MetadataRequest,
    Returned,
    Stop,
    SwarmAnswer,
    SwarmRequest,
)
from tests.protocol.trackers import FILE1, FILE2, handle_all, make_tracker, serving


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
