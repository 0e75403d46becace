"""What is on its way in one process: it leaves at its time, in order, and nothing is left behind."""

import os
from collections.abc import Iterator

import pytest

from emulator.engines.processes.packet_queue import PacketQueue, open_pair
from emulator.engines.workers.journal import WallClock
from emulator.engines.workers.sender import Sender

FAR_S = 1e9


class Way:
    """An inbox, a sender that puts things into it, and what went wrong."""

    def __init__(self) -> None:
        self.reader, self.writer = open_pair()
        self.inbox = PacketQueue(self.reader, self.writer)
        self.clock = WallClock(0.0)
        self.failures: list[BaseException] = []
        self.sender = Sender(self.clock, self.failures.append)

    def post(self, after_s: float, data: bytes) -> float:
        due_s = self.clock.now() + after_s
        self.sender.post(due_s, self.inbox, data)
        return due_s

    def got(self) -> list[bytes]:
        """All that has arrived."""
        return list(iter(self.inbox.get_nowait, None))


@pytest.fixture
def way() -> Iterator[Way]:
    way = Way()
    yield way
    os.close(way.reader)
    os.close(way.writer)


def test_nothing_arrives_before_it_is_due(way: Way) -> None:
    way.sender.start()
    due_s = way.post(0.02, b"\x01")
    assert way.inbox.get(60.0) == b"\x01"
    assert way.clock.now() >= due_s
    way.sender.close(drops_rest=False)


def test_what_is_due_first_leaves_first_and_at_the_same_time_what_was_posted_first(way: Way) -> None:
    due_s = way.clock.now()
    for offset_s, data in ((0.02, b"c"), (0.0, b"a"), (0.01, b"b"), (0.02, b"d"), (0.02, b"e")):
        way.sender.post(due_s + offset_s, way.inbox, data)
    way.sender.start()
    way.sender.close(drops_rest=False)
    assert way.got() == [b"a", b"b", b"c", b"d", b"e"]


def test_what_is_posted_later_and_due_earlier_is_not_kept_waiting(way: Way) -> None:
    way.sender.start()
    way.post(FAR_S, b"late")
    way.post(0.0, b"early")
    assert way.inbox.get(60.0) == b"early"
    way.sender._heap.clear()  # nobody waits so long for the other
    way.sender.close(drops_rest=False)


def test_at_its_end_all_that_was_posted_has_left(way: Way) -> None:
    way.sender.start()
    for number in range(20):
        way.post(0.001 * number, b"%d" % number)
    way.sender.close(drops_rest=False)
    assert way.got() == [b"%d" % number for number in range(20)]


def test_what_is_meant_for_the_dead_is_dropped(way: Way) -> None:
    reader, writer = open_pair()
    os.close(reader)
    way.sender.start()
    way.sender.post(0.0, PacketQueue(-1, writer), b"\x01")
    way.post(0.0, b"\x02")
    way.sender.close(drops_rest=False)
    assert way.got() == [b"\x02"]
    assert way.failures == []
    os.close(writer)


def test_what_goes_wrong_in_the_thread_is_told(way: Way) -> None:
    way.sender.start()
    way.sender.post(0.0, PacketQueue(-1, -1), b"\x01")
    way.sender.close(drops_rest=False)
    (failure,) = way.failures
    assert isinstance(failure, OSError)


def test_who_may_have_more_to_post_is_asked_again_and_the_end_waits_for_it(way: Way) -> None:
    num_looks = 0

    def look() -> bool:
        nonlocal num_looks
        num_looks += 1
        if num_looks == 5:
            way.post(0.0, b"\x01")
        return num_looks < 5

    way.sender.look_regularly(look, 0.001)
    way.sender.start()
    way.sender.close(drops_rest=False)
    assert way.got() == [b"\x01"]
