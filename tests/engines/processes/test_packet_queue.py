"""The inbox: whole data from every writer, in its order."""

import errno
import os
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulator.engines.processes import packet_queue
from emulator.engines.processes.packet_queue import PART, SPLIT
from tests.engines.processes.plans import forked, reaped
from tests.engines.processes.queues import Pair, identify, in_threads, put_many, value

# Order and wholeness


def test_each_threads_data_arrive_whole_and_in_its_order(pair: Pair) -> None:
    def writer(number: int) -> Callable[[], None]:
        return lambda: put_many(pair.queue, number, 100)

    threads = in_threads([writer(number) for number in range(6)])
    got = [identify(pair.queue.get()) for _ in range(6 * 100)]
    for thread in threads:
        thread.join()
    for number in range(6):
        assert [index for writer, index in got if writer == number] == list(range(100))


def test_each_processs_data_arrive_whole_and_in_its_order(pair: Pair) -> None:
    def writer(number: int) -> Callable[[], None]:
        return lambda: put_many(pair.queue, number, 100)

    with reaped([forked(writer(number)) for number in range(4)]):
        got = [identify(pair.queue.get()) for _ in range(4 * 100)]
    for number in range(4):
        assert [index for writer, index in got if writer == number] == list(range(100))


def test_megabytes_of_several_writers_are_put_together_again(pair: Pair) -> None:
    num_bytes = 100 * packet_queue.MAX_PACKET_BYTES

    def writer(number: int) -> Callable[[], None]:
        return lambda: pair.queue.put(value(number, 0, num_bytes))

    with reaped([forked(writer(number)) for number in range(3)]):
        got = [identify(pair.queue.get()) for _ in range(3)]
    assert sorted(got) == [(0, 0), (1, 0), (2, 0)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_data_of_any_size_around_a_packets_arrive_as_they_were(pair: Pair, data: st.DataObject) -> None:
    most = packet_queue.MAX_PACKET_BYTES
    edges = (1, most, 2 * (most - PART.size), 3 * (most - PART.size))
    sizes = st.tuples(st.sampled_from(edges), st.integers(-20, 20)).map(lambda pair: max(1, sum(pair)))
    put = [b"\x00" + os.urandom(size - 1) for size in data.draw(st.lists(sizes, min_size=1, max_size=2))]
    if sum(map(len, put)) > 3 * most:
        put = put[:1]  # one thread writes and reads here: it must not fill the queue
    for each in put:
        pair.queue.put(each)
    assert [pair.queue.get() for _ in put] == put
    assert pair.queue.get_nowait() is None


def test_the_largest_packet_is_not_split_and_one_byte_more_is(pair: Pair) -> None:
    most = packet_queue.MAX_PACKET_BYTES
    pair.queue.put(b"\x00" * most)
    assert os.read(pair.reader, 2 * most) == b"\x00" * most
    pair.queue.put(b"\x00" * (most + 1))
    first = os.read(pair.reader, 2 * most)
    assert len(first) == most
    assert first[0] == SPLIT


# Full and empty


def test_a_full_queue_makes_its_writer_wait_and_loses_nothing(pair: Pair) -> None:
    num_put = 0

    def write() -> None:
        nonlocal num_put
        for index in range(2_000):
            pair.queue.put(value(0, index, 20))
            num_put += 1

    (thread,) = in_threads([write])
    pair.wait_until_full()
    assert num_put < 2_000
    assert [identify(pair.queue.get()) for _ in range(2_000)] == [(0, index) for index in range(2_000)]
    thread.join()


def test_get_nowait_does_not_wait_for_data_that_are_not_here_as_a_whole(pair: Pair) -> None:
    assert pair.queue.get_nowait() is None
    os.write(pair.writer, PART.pack(SPLIT, 7, 0, 0, 2) + b"ab")
    assert pair.queue.get_nowait() is None
    pair.queue.put(b"\x01")
    assert pair.queue.get_nowait() == b"\x01"
    os.write(pair.writer, PART.pack(SPLIT, 7, 0, 1, 2) + b"c")
    assert pair.queue.get_nowait() == b"abc"
    assert pair.queue.get_nowait() is None


def test_a_queue_that_reports_no_room_is_tried_until_there_is(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """A datagram socket on macOS does not block."""
    refusals = iter(range(3_000))
    write = os.write

    def write_later(descriptor: int, data: bytes) -> int:
        if next(refusals, None) is not None:
            raise OSError(errno.ENOBUFS, os.strerror(errno.ENOBUFS))
        return write(descriptor, data)

    monkeypatch.setattr(packet_queue, "FULL_PAUSE_S", 0)
    monkeypatch.setattr(os, "write", write_later)
    pair.queue.put(b"\x01")
    assert next(refusals, None) is None
    assert pair.queue.get() == b"\x01"
