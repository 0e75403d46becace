"""The inbox of the process engine: a queue of packets with many writers and one reader, and no lock.

A socket pair of type `SOCK_SEQPACKET`: a packet arrives whole or not at all, whichever writer is killed and when,
which a `multiprocessing.Queue` (a pipe, two locks, a feeder thread) cannot promise. macOS has no `SOCK_SEQPACKET`;
datagram sockets stand in, with smaller packets.
"""

import errno
import itertools
import os
import select
import socket
import struct
import sys
import time
from multiprocessing import reduction
from typing import Protocol

SOCKET_TYPE = socket.SOCK_DGRAM if sys.platform == "darwin" else socket.SOCK_SEQPACKET
MAX_PACKET_BYTES = 2_000 if sys.platform == "darwin" else 60_000
"""Longer data is split: a packet of over 212,960 bytes does not fit a socket's default buffer on Linux."""

SPLIT = 0xC1
"""First byte of a part of split data. It begins no whole packet: msgpack never uses it, and `put` refuses it."""
PART = struct.Struct("!BIIII")
"""Header of a part: SPLIT, the writer's process and its count of split data, the part's index, the number of parts."""

FULL_PAUSE_S = 0.0005
"""A full datagram socket on macOS does not block; the writer tries again after this."""


class PacketQueue:
    """A `Queue`-shaped inbox of byte strings. Any process and thread may `put`; one thread of one process may `get`.

    Both ends are inherited by forked processes, and travel to spawned ones by pickling. A process closes the ends
    that it does not use (`close_reader`, `close_writer`), so that writers notice a dead reader and the reader, at
    last, that no writer is left.
    """

    def __init__(self, buffer_bytes: int | None = None) -> None:
        """`buffer_bytes` asks for room for that much undelivered data; the system may grant less."""
        reader, writer = socket.socketpair(socket.AF_UNIX, SOCKET_TYPE)
        if buffer_bytes is not None:
            writer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffer_bytes)
        self._set_ends(reader.detach(), writer.detach())

    def _set_ends(self, reader: int, writer: int) -> None:
        self._reader, self._writer = reader, writer
        self._numbers = itertools.count()
        self._parts: dict[tuple[int, int], list[bytes]] = {}

    def put(self, data: bytes) -> None:
        """Enqueue `data`, waiting while the queue is full. Raises `BrokenPipeError` where the reader is gone."""
        if not data or data[0] == SPLIT:
            raise ValueError(f"a packet is not empty and does not begin with {SPLIT:#x}: {data[:20]!r}")
        try:
            if len(data) <= MAX_PACKET_BYTES:
                self._write(data)
            else:
                self._put_split(data)
        except ConnectionError:
            raise BrokenPipeError(errno.EPIPE, "the queue's reader is gone") from None

    def _put_split(self, data: bytes) -> None:
        """Split data keeps its order among this thread's packets; other writers' packets may come in between."""
        room = MAX_PACKET_BYTES - PART.size
        num_parts = -(-len(data) // room)
        number = next(self._numbers)
        for index in range(num_parts):
            header = PART.pack(SPLIT, os.getpid(), number, index, num_parts)
            self._write(header + data[index * room : (index + 1) * room])

    def _write(self, packet: bytes) -> None:
        while True:
            try:
                os.write(self._writer, packet)
                return
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise
            time.sleep(FULL_PAUSE_S)

    def get(self) -> bytes:
        """Wait for the next data. Raises `EOFError` where no writer is left."""
        while (data := self._read()) is None:
            pass
        return data

    def get_nowait(self) -> bytes | None:
        """The next data, or None where none is here as a whole. Raises `EOFError` where no writer is left."""
        readable = select.poll()
        readable.register(self._reader, select.POLLIN)
        while readable.poll(0):
            if (data := self._read()) is not None:
                return data
        return None

    def _read(self) -> bytes | None:
        """Wait for the next packet; None where it is not the last part of its data."""
        packet = os.read(self._reader, MAX_PACKET_BYTES)
        if not packet:
            raise EOFError("the queue has no writer left")
        return packet if packet[0] != SPLIT else self._join(packet)

    def _join(self, packet: bytes) -> bytes | None:
        """Keep a part; the whole data when its last part is here."""
        _, pid, number, index, num_parts = PART.unpack_from(packet)
        parts = self._parts.setdefault((pid, number), [])
        if index != len(parts):
            raise ValueError(f"part {index} of {num_parts} arrived when part {len(parts)} was due (process {pid})")
        parts.append(packet[PART.size :])
        if len(parts) < num_parts:
            return None
        return b"".join(self._parts.pop((pid, number)))

    def forget(self, pid: int) -> None:
        """Drop what a lost process did not finish sending."""
        for key in [key for key in self._parts if key[0] == pid]:
            del self._parts[key]

    def fileno(self) -> int:
        """The reader's descriptor, to wait on."""
        return self._reader

    def close_reader(self) -> None:
        self._reader = _close(self._reader)

    def close_writer(self) -> None:
        self._writer = _close(self._writer)

    def close(self) -> None:
        self.close_reader()
        self.close_writer()

    def __reduce__(self) -> tuple[object, ...]:
        """For `spawn`: the descriptors are handed to the process that is being started."""
        return _arrive, tuple(None if end < 0 else reduction.DupFd(end) for end in (self._reader, self._writer))


class _Parcel(Protocol):
    """A descriptor on its way to a spawned process."""

    def detach(self) -> int: ...


def _arrive(reader: _Parcel | None, writer: _Parcel | None) -> PacketQueue:
    queue = object.__new__(PacketQueue)
    queue._set_ends(*(-1 if end is None else end.detach() for end in (reader, writer)))
    return queue


def _close(descriptor: int) -> int:
    """Close an end that is open; what stands for a closed end is returned."""
    if descriptor >= 0:
        os.close(descriptor)
    return -1
