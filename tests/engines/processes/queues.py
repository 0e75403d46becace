"""Queues for tests, and data that say who wrote them."""

import hashlib
import os
import select
import threading
from collections.abc import Callable

import msgspec

from emulator.engines.processes import packet_queue
from emulator.engines.processes.packet_queue import PART, SPLIT, PacketQueue, open_pair

encode = msgspec.msgpack.encode


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


def put_part(pair: Pair, index: int, data: bytes, *, pid: int = 7, num_parts: int = 3) -> None:
    os.write(pair.writer, PART.pack(SPLIT, pid, 0, index, num_parts) + data)
