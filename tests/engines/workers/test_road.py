"""Between sending and arriving: lines that take their time, and faults while they are switched on."""

import os
import random
from collections.abc import Iterator, Sequence

import msgspec
import pytest

from emulator.engines.lines import Lines
from emulator.engines.processes.wiring import Wiring
from emulator.engines.workers.boards import FaultBoard
from emulator.engines.workers.journal import WallClock
from emulator.engines.workers.road import FaultyRoad, Road
from emulator.engines.workers.sender import Sender
from emulator.faults import Fault, parse_faults
from emulator.faults.plan import concerns_lines
from emulator.faults.rules import Fate
from emulator.protocol.messages import AnyMessage, Barrier, ConnectionCount, Hit
from emulator.scenario.network import Network

UPLOADER, OTHER = 1, 2
SEGMENT_S = 0.01
NETWORK = Network.uniform(3, up=100.0, delay_s=0.0, segment_bytes=1)
decode = msgspec.msgpack.Decoder(tuple[int, AnyMessage]).decode


def hit(number: int) -> Hit:
    return Hit("file1", number, "0" * 32, number)


class Process:
    """One process with its road, and the inbox of another."""

    def __init__(self, faults: Sequence[Fault] = (), network: Network | None = NETWORK) -> None:
        self.wiring = Wiring(2, len(faults))
        self.board: FaultBoard = self.wiring.fault_board()
        self.clock = WallClock(0.0)
        self.failures: list[BaseException] = []
        self.noted: list[Fate] = []
        self.sender = Sender(self.clock, self.failures.append)
        lines = Lines(network) if network else None
        self.road = (
            FaultyRoad(UPLOADER, self.clock, self.sender, lines, faults, self.board, random.Random(0))
            if faults
            else Road(UPLOADER, self.clock, self.sender, lines)
        )
        self.inbox = self.wiring.inbox("download", OTHER)
        self.sender.start()

    def send(self, *messages: AnyMessage) -> None:
        for message in messages:
            self.road.carry("download", OTHER, self.inbox, message, self.noted.append)

    def receive(self, count: int) -> list[AnyMessage]:
        received = [decode(self.inbox.get(60.0)) for _ in range(count)]
        assert {source for source, _ in received} == {UPLOADER}
        return [message for _, message in received]

    def end(self) -> list[AnyMessage]:
        """End the process; what arrives that was not received before."""
        self.sender.close(drops_rest=False)
        assert self.failures == []
        return [decode(data)[1] for data in iter(self.inbox.get_nowait, None)]


@pytest.fixture
def opened() -> Iterator[list[Process]]:
    processes: list[Process] = []
    yield processes
    for process in processes:
        process.end()  # whoever forks next must not find its thread
        process.board.close()
        process.wiring.close()


def process(opened: list[Process], *faults: str, network: Network | None = NETWORK) -> Process:
    opened.append(Process(parse_faults(faults, 2), network))
    return opened[-1]


# Lines


def test_a_small_message_does_not_overtake_a_segment_on_the_same_way(opened: list[Process]) -> None:
    here = process(opened)
    sent: list[AnyMessage] = [hit(0), ConnectionCount(1, 7), hit(1), ConnectionCount(2, 8)]
    here.send(*sent)
    assert here.receive(4) == sent
    assert here.end() == []


def test_segments_leave_one_after_the_other_while_others_messages_pass_at_once(opened: list[Process]) -> None:
    here = process(opened)
    began_s = here.clock.now()
    here.send(*map(hit, range(5)))
    here.road.carry("upload", OTHER, here.wiring.inbox("upload", OTHER), Barrier(1), here.noted.append)
    assert decode(here.wiring.inbox("upload", OTHER).get(60.0)) == (UPLOADER, Barrier(1))
    assert here.receive(5) == [*map(hit, range(5))]
    assert here.clock.now() - began_s >= 5 * SEGMENT_S
    assert here.end() == []


def test_on_one_way_nothing_overtakes_a_segment(opened: list[Process]) -> None:
    here = process(opened)
    here.send(hit(1), ConnectionCount(0, 2))
    assert here.receive(2) == [hit(1), ConnectionCount(0, 2)]


def test_where_nothing_takes_time_a_message_is_there_when_it_is_sent(opened: list[Process]) -> None:
    here = process(opened, network=None)
    here.send(hit(1), Barrier(1))
    assert [decode(here.inbox.get_nowait() or b"")[1] for _ in range(2)] == [hit(1), Barrier(1)]


# Faults


def test_faults_do_nothing_until_they_are_switched_on(opened: list[Process]) -> None:
    here = process(opened, "drop 100% of messages for 1s", network=None)
    here.send(hit(1))
    here.board.switch(0, True)
    here.send(hit(2))
    here.board.switch(0, False)
    here.send(hit(3))
    assert here.end() == [hit(1), hit(3)]
    assert [verdict.action for verdict in here.noted] == ["dropped"]


def test_messages_that_are_doubled_arrive_twice(opened: list[Process]) -> None:
    here = process(opened, "duplicate 100% of messages", network=None)
    here.board.switch(0, True)
    here.send(hit(1))
    assert here.end() == [hit(1), hit(1)]


def test_what_is_delayed_is_overtaken(opened: list[Process]) -> None:
    here = process(opened, "delay 100% of messages by 20ms", network=None)
    here.board.switch(0, True)
    began_s = here.clock.now()
    here.send(hit(1))
    here.board.switch(0, False)
    here.send(hit(2))
    assert here.end() == [hit(2), hit(1)]
    assert here.clock.now() - began_s >= 0.02


def test_a_corrupted_segment_arrives_as_another_of_the_same_length(opened: list[Process]) -> None:
    here = process(opened, "corrupt 100% of segments", network=None)
    here.board.switch(0, True)
    here.send(hit(1), Barrier(1))
    wrong, barrier = here.end()
    assert isinstance(wrong, Hit)
    assert wrong.data != hit(1).data
    assert len(wrong.data) == 32
    assert here.noted[0].message == wrong
    assert barrier == Barrier(1)


def test_a_cut_holds_back_what_is_told_once_until_it_ends_and_nothing_overtakes_that(opened: list[Process]) -> None:
    here = process(opened, "cut off client 1 at 0s for 1s", network=None)
    here.board.switch(0, True)
    here.send(Barrier(1), hit(1), Barrier(2))
    assert [verdict.action for verdict in here.noted] == ["held", "dropped", "held"]
    assert here.inbox.get_nowait() is None
    here.board.switch(0, False)
    assert here.receive(2) == [Barrier(1), Barrier(2)]  # though nothing was sent since
    here.send(Barrier(3))
    assert here.end() == [Barrier(3)]


def test_a_process_does_not_end_while_something_is_held_back(opened: list[Process]) -> None:
    here = process(opened, "cut off client 1 at 0s for 1s", network=None)
    here.board.switch(0, True)
    here.send(Barrier(1))

    def end() -> None:
        here.board.switch(0, False)

    here.sender.post(here.clock.now() + 0.02, _Calling(end), b"")  # type: ignore[arg-type]
    assert here.end() == [Barrier(1)]


class _Calling:
    """An inbox whose data are a call, at the time when they are due."""

    def __init__(self, call: object) -> None:
        self._call = call

    def deliver(self, _: bytes) -> None:
        self._call()  # type: ignore[operator]


def test_a_slow_clients_segments_take_longer_and_slowing_it_twice_multiplies(opened: list[Process]) -> None:
    here = process(opened, "slow client 1 by 2 at 0s for 1s", "slow clients 1-2 by 3 at 0s for 1s")
    took_s: list[float] = []
    for states in ((True, False), (True, True), (False, True), (False, False)):
        for index, is_on in enumerate(states):
            here.board.switch(index, is_on)
        here.road.look()  # type: ignore[attr-defined]
        now_s = here.clock.now() + 1_000 * (1 + len(took_s))
        took_s.append(here.road._lines.arrival_s(now_s, UPLOADER, OTHER, True) - now_s)  # type: ignore[union-attr]
    assert took_s == pytest.approx([2 * SEGMENT_S, 6 * SEGMENT_S, 3 * SEGMENT_S, SEGMENT_S], rel=1e-3)


@pytest.mark.parametrize(
    ("fault", "is_there"),
    [
        ("kill client 1 at 1s", False),
        ("pause client 1 at 1s for 1s", False),
        ("free rider client 1", False),
        ("flash crowd of client 1 at 1s", False),
        ("liar client 1", True),
        ("drop 1% of messages", True),
        ("slow client 1 by 2", True),
        ("cut off client 1 at 1s for 1s", True),
    ],
)
def test_only_faults_that_need_it_are_looked_for_with_each_message(fault: str, is_there: bool) -> None:
    assert concerns_lines(parse_faults([fault], 2)) == is_there


def test_the_switches_lie_behind_the_steps() -> None:
    wiring = Wiring(2, 3)
    steps, switches = wiring.board(), wiring.fault_board()
    switches.switch(1, True)
    assert switches.states == b"\x00\x01\x00"
    assert not any(steps.read(rank) for rank in range(3))
    steps.cells[:] = b"\x01" * len(steps.cells)
    assert wiring.fault_board().states == b"\x00\x01\x00"
    assert os.fstat(wiring._board).st_size == len(steps.cells) + 3
    wiring.close()
