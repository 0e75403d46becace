"""What an inbox makes of writers and readers that die, and of data that no writer sends."""

import os
import signal

import pytest

from emulator.engines.processes import packet_queue
from emulator.engines.processes.packet_queue import PART, SPLIT, PacketQueue
from tests.engines.processes.plans import forked, reaped
from tests.engines.processes.queues import Pair, identify, in_threads, put_many, put_part, value


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
