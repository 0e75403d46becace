"""Putting and getting without waiting, or not for long."""

import errno
import itertools
import os
import select
import socket

import pytest

from tests.engines.processes.queues import Pair, identify, in_threads, put_part, value


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
