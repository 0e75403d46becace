"""The inbox: whole data from every writer, in its order, whoever dies and when."""

import errno
import hashlib
import itertools
import os
import select
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulator.engines.processes import packet_queue
from emulator.engines.processes.packet_queue import PART, SPLIT, PacketQueue, open_pair
from tests.engines.processes.plans import forked, reaped

encode = msgspec.msgpack.encode

KINDS = ["datagram"] if sys.platform == "darwin" else ["seqpacket", "datagram"]


class Pair:
    """A queue and its two descriptors."""

    def __init__(self) -> None:
        self.reader, self.writer = open_pair()
        self.queue = PacketQueue(self.reader, self.writer)

    def close_reader(self) -> None:
        os.close(self.reader)
        self.reader = -1

    def close_writer(self) -> None:
        os.close(self.writer)
        self.writer = -1

    def close(self) -> None:
        for descriptor in (self.reader, self.writer):
            if descriptor >= 0:
                os.close(descriptor)

    def is_full(self) -> bool:
        poll = select.poll()
        poll.register(self.writer, select.POLLOUT)
        return not poll.poll(0)

    def wait_until_full(self) -> None:
        while not self.is_full():
            os.sched_yield()


@pytest.fixture(params=KINDS)
def pair(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pair]:
    if request.param == "datagram":
        monkeypatch.setattr(packet_queue, "SOCKET_TYPE", socket.SOCK_DGRAM)
        monkeypatch.setattr(packet_queue, "MAX_PACKET_BYTES", 2_000)
    pair = Pair()
    yield pair
    pair.close()


@pytest.fixture
def seqpacket() -> Iterator[Pair]:
    if sys.platform == "darwin":
        pytest.skip("macOS has no SOCK_SEQPACKET")
    pair = Pair()
    yield pair
    pair.close()


def value(writer: int, index: int, num_bytes: int) -> bytes:
    """Data that says who wrote it, which of its writer's it is, and whether it is whole."""
    text = hashlib.sha256(f"{writer}/{index}".encode()).digest() * (num_bytes // 32 + 1)
    return encode((writer, index, text[:num_bytes]))


def identify(data: bytes) -> tuple[int, int]:
    """Who wrote it and which it is; fails where it is not whole."""
    writer, index, text = msgspec.msgpack.decode(data, type=tuple[int, int, bytes])
    assert data == value(writer, index, len(text))
    return writer, index


def size_of(index: int) -> int:
    """Small data for the most part; every tenth is split."""
    return 3 * packet_queue.MAX_PACKET_BYTES if index % 10 == 9 else 20 + index % 50


def put_many(queue: PacketQueue, writer: int, count: int) -> None:
    for index in range(count):
        queue.put(value(writer, index, size_of(index)))


def in_threads(bodies: list[Callable[[], None]]) -> list[threading.Thread]:
    threads = [threading.Thread(target=body) for body in bodies]
    for thread in threads:
        thread.start()
    return threads


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


# Ends


@pytest.mark.parametrize("num_bytes", [20, 200_000])
def test_a_writer_is_told_that_the_reader_is_gone(pair: Pair, num_bytes: int) -> None:
    pair.close_reader()
    with pytest.raises(BrokenPipeError, match="the queue's reader is gone"):
        pair.queue.put(value(0, 0, num_bytes))


def test_a_writer_that_waits_for_room_is_told_that_the_reader_was_killed(pair: Pair) -> None:
    reader = forked(signal.pause)
    pair.close_reader()
    errors: list[BaseException] = []

    def write() -> None:
        try:
            put_many(pair.queue, 0, 100_000)
        except BrokenPipeError as error:
            errors.append(error)

    (thread,) = in_threads([write])
    pair.wait_until_full()
    with reaped([reader], signal.SIGKILL):
        os.kill(reader, signal.SIGKILL)
    thread.join()
    assert len(errors) == 1


def test_another_problem_with_a_queue_is_not_taken_for_a_dead_reader(pair: Pair) -> None:
    broken = PacketQueue(pair.reader, os.open(os.devnull, os.O_RDONLY))
    with pytest.raises(OSError, match="Bad file descriptor") as error:
        broken.put(b"\x01")
    assert not isinstance(error.value, BrokenPipeError)
    os.close(broken._writer)


def test_the_reader_gets_what_was_put_and_is_then_told_that_no_writer_is_left(seqpacket: Pair) -> None:
    seqpacket.queue.put(b"\x01")
    seqpacket.queue.put(b"\x02")
    seqpacket.close_writer()
    assert seqpacket.queue.get() == b"\x01"
    assert seqpacket.queue.get_nowait() == b"\x02"
    with pytest.raises(EOFError, match="no writer left"):
        seqpacket.queue.get()
    with pytest.raises(EOFError, match="no writer left"):
        seqpacket.queue.get_nowait()


def test_of_writers_that_are_killed_at_any_moment_only_whole_data_arrive(pair: Pair) -> None:
    for round in range(10):
        well = forked(lambda: put_many(pair.queue, 1, 60))
        victim = forked(lambda: put_many(pair.queue, 2, 1_000_000))
        got: list[int] = []
        with reaped([well]), reaped([victim], signal.SIGKILL):
            while got.count(1) < 60:
                got.append(identify(pair.queue.get())[0])
                if len(got) == 3 * round + 1:
                    os.kill(victim, signal.SIGKILL)
            os.kill(victim, signal.SIGKILL)
        while pair.queue.get_nowait() is not None:
            pass
        pair.queue.forget(victim)


def test_what_a_killed_writer_did_not_finish_never_arrives(pair: Pair) -> None:
    victim = forked(lambda: pair.queue.put(value(2, 0, 5_000_000)))
    pair.wait_until_full()  # so it is in the middle of it
    with reaped([victim], signal.SIGKILL):
        os.kill(victim, signal.SIGKILL)
    assert pair.queue.get_nowait() is None
    pair.queue.put(value(1, 0, 100_000) if packet_queue.MAX_PACKET_BYTES > 50_000 else value(1, 0, 5_000))
    assert identify(pair.queue.get()) == (1, 0)


def test_an_unfinished_rest_is_forgotten_with_its_writer_before_its_number_is_used_again(pair: Pair) -> None:
    for pid in (7, 8):
        put_part(pair, 0, b"%d-" % pid, pid=pid, num_parts=2)
    assert pair.queue.get_nowait() is None
    pair.queue.forget(7)
    put_part(pair, 0, b"new-", num_parts=2)
    put_part(pair, 1, b"end", num_parts=2)
    put_part(pair, 1, b"end", pid=8, num_parts=2)
    assert [pair.queue.get(), pair.queue.get()] == [b"new-end", b"8-end"]


def put_part(pair: Pair, index: int, data: bytes, *, pid: int = 7, num_parts: int = 3) -> None:
    os.write(pair.writer, PART.pack(SPLIT, pid, 0, index, num_parts) + data)


def test_a_part_that_is_out_of_turn_is_refused(pair: Pair) -> None:
    put_part(pair, 0, b"x")
    put_part(pair, 2, b"z")
    with pytest.raises(ValueError, match=r"part 2 of 3 arrived when part 1 was due \(process 7\)"):
        pair.queue.get()


def test_data_that_nobody_sends_are_refused_before_they_fill_the_memory(pair: Pair) -> None:
    put_part(pair, 0, b"x", num_parts=2**32 - 1)
    with pytest.raises(ValueError, match=r"data of 4294967295 parts are too long \(process 7\)"):
        pair.queue.get()
    for number in range(17):
        os.write(pair.writer, PART.pack(SPLIT, 8, number, 0, 2) + b"x")
    with pytest.raises(ValueError, match=r"process 8 has begun 16 data, and finished none"):
        pair.queue.get_nowait()
    put_part(pair, 0, b"others ", pid=9, num_parts=2)
    put_part(pair, 1, b"go on", pid=9, num_parts=2)
    assert pair.queue.get() == b"others go on"


def test_the_end_of_data_whose_beginning_went_to_a_reader_before_this_one_is_dropped(pair: Pair) -> None:
    put_part(pair, 1, b"y")
    put_part(pair, 2, b"z")
    pair.queue.put(b"\x01")
    assert pair.queue.get() == b"\x01"


def test_what_is_told_of_a_lost_writer_makes_its_reader_forget_what_that_did_not_finish(pair: Pair) -> None:
    for pid in (7, 8):
        put_part(pair, 0, b"%d-" % pid, pid=pid, num_parts=2)
    assert pair.queue.put_nowait(b"\x01", lost=7)
    assert pair.queue.get() == b"\x01"
    put_part(pair, 0, b"new-", num_parts=2)
    put_part(pair, 1, b"end", num_parts=2)
    put_part(pair, 1, b"end", pid=8, num_parts=2)
    assert [pair.queue.get(), pair.queue.get()] == [b"new-end", b"8-end"]


# Without waiting, or not for long


def test_who_may_not_wait_is_told_that_there_is_no_room(pair: Pair) -> None:
    numbers = [value(0, index, 20) for index in range(100_000)]
    put = list(itertools.takewhile(pair.queue.put_nowait, numbers))
    assert 10 < len(put) < len(numbers)
    assert not pair.queue.put_nowait(b"\x01")
    assert [pair.queue.get() for _ in put] == put
    assert pair.queue.put_nowait(b"\x01")
    assert pair.queue.get() == b"\x01"


def test_what_is_put_without_waiting_is_dropped_where_the_reader_is_gone(pair: Pair) -> None:
    pair.close_reader()
    assert pair.queue.put_nowait(b"\x01")
    for _ in range(3):
        pair.queue.deliver(b"\x01")
    with pytest.raises(BrokenPipeError):
        pair.queue.put(b"\x01")


def test_a_queue_that_reports_no_room_without_blocking_has_none(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """A datagram socket on macOS says so in its own way; another problem is not taken for that."""

    class Broken(socket.socket):
        error = errno.ENOBUFS

        def send(self, *_: object) -> int:
            raise OSError(self.error, os.strerror(self.error))

    monkeypatch.setattr(socket, "socket", Broken)
    assert not pair.queue.put_nowait(b"\x01")
    monkeypatch.setattr(Broken, "error", errno.EIO)
    with pytest.raises(OSError, match="Input/output error"):
        pair.queue.put_nowait(b"\x01")


def test_within_a_time_limit_the_next_data_are_had(pair: Pair) -> None:
    pair.queue.put(b"\x01")
    assert pair.queue.get(60.0) == b"\x01"
    with pytest.raises(TimeoutError, match=r"nothing has arrived within 0\.001 s"):
        pair.queue.get(0.001)
    (thread,) = in_threads([lambda: pair.queue.put(value(0, 0, 100_000))])
    assert identify(pair.queue.get(60.0)) == (0, 0)
    thread.join()


def test_data_that_do_not_come_to_their_end_within_the_time_limit_are_had_later(pair: Pair) -> None:
    put_part(pair, 0, b"a", num_parts=2)
    with pytest.raises(TimeoutError):
        pair.queue.get(0.01)
    put_part(pair, 1, b"b", num_parts=2)
    assert pair.queue.get(60.0) == b"ab"


def test_all_that_is_here_is_taken_and_nothing_that_is_added_meanwhile(seqpacket: Pair) -> None:
    for number in range(3):
        seqpacket.queue.put(b"%d" % number)
    taken = []
    for data in seqpacket.queue.get_waiting():
        taken.append(data)
        seqpacket.queue.put(b"added")
    assert taken == [b"0", b"1", b"2"]
    seqpacket.queue.drain()
    assert seqpacket.queue.get_nowait() is None


def test_what_is_thrown_away_is_no_beginning_of_what_comes_later(pair: Pair) -> None:
    put_part(pair, 0, b"a", num_parts=2)
    pair.queue.drain()
    put_part(pair, 1, b"b", num_parts=2)
    pair.queue.put(b"\x01")
    assert pair.queue.get() == b"\x01"


def test_a_queue_is_waited_on_by_its_readers_descriptor(pair: Pair) -> None:
    poll = select.poll()
    poll.register(pair.queue.fileno(), select.POLLIN)
    assert poll.poll(0) == []
    pair.queue.put(b"\x01")
    assert poll.poll(0) == [(pair.reader, select.POLLIN)]
