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

SOCKET_TYPE = socket.SOCK_DGRAM if sys.platform == "darwin" else socket.SOCK_SEQPACKET
MAX_PACKET_BYTES = 2_000 if sys.platform == "darwin" else 60_000
"""Longer data is split: a packet of over 212,960 bytes does not fit a socket's default buffer on Linux."""

SPLIT = 0xC1
"""First byte of a part of split data. No msgpack value begins with it."""
PART = struct.Struct("!BIIII")
"""Header of a part: SPLIT, the writer's process and its count of split data, the part's index, the number of parts."""

FULL_PAUSE_S = 0.0005
"""A full datagram socket on macOS does not block; the writer tries again after this."""

_numbers = itertools.count()


def open_pair(buffer_bytes: int | None = None) -> tuple[int, int]:
    """The descriptors of a new queue's reader and writer.

    `buffer_bytes` asks for room for that much undelivered data; the system may grant less.
    """
    reader, writer = socket.socketpair(socket.AF_UNIX, SOCKET_TYPE)
    if buffer_bytes is not None:
        writer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffer_bytes)
    return reader.detach(), writer.detach()


class PacketQueue:
    """A `Queue`-shaped inbox of byte strings. Any process and thread may `put`; one thread of one process may `get`.

    The object is only a view of the two descriptors, which it does not own: a process that does one of the two has
    closed the other's descriptor, so that writers notice a dead reader.
    """

    def __init__(self, reader: int, writer: int) -> None:
        self._reader = reader
        self._writer = writer
        self._parts: dict[tuple[int, int], list[bytes]] = {}

    def put(self, data: bytes) -> None:
        """Enqueue a msgpack value, waiting while the queue is full. Raises `BrokenPipeError` where its reader is gone.

        Data that is split keeps its order among this thread's packets; other writers' may come in between.
        """
        if len(data) > MAX_PACKET_BYTES:
            self._put_split(data)
            return
        try:
            os.write(self._writer, data)
        except OSError as error:
            self._put_again(data, error)

    def _put_again(self, data: bytes, error: OSError) -> None:
        while error.errno == errno.ENOBUFS:
            time.sleep(FULL_PAUSE_S)
            try:
                os.write(self._writer, data)
                return
            except OSError as another:
                error = another
        if isinstance(error, ConnectionError):
            raise BrokenPipeError(errno.EPIPE, "the queue's reader is gone") from None
        raise error

    def _put_split(self, data: bytes) -> None:
        room = MAX_PACKET_BYTES - PART.size
        num_parts = -(-len(data) // room)
        number = next(_numbers)
        for index in range(num_parts):
            header = PART.pack(SPLIT, os.getpid(), number, index, num_parts)
            self.put(header + data[index * room : (index + 1) * room])

    def get(self) -> bytes:
        """Wait for the next data. Raises `EOFError` where no writer is left, which a datagram socket never tells."""
        packet = os.read(self._reader, MAX_PACKET_BYTES)
        while not packet or packet[0] == SPLIT:
            data = self._join(packet)
            if data is not None:
                return data
            packet = os.read(self._reader, MAX_PACKET_BYTES)
        return packet

    def get_nowait(self) -> bytes | None:
        """The next data, or None where none is here as a whole. Raises `EOFError` where no writer is left."""
        readable = select.poll()
        readable.register(self._reader, select.POLLIN)
        while readable.poll(0):
            packet = os.read(self._reader, MAX_PACKET_BYTES)
            data = packet if packet and packet[0] != SPLIT else self._join(packet)
            if data is not None:
                return data
        return None

    def _join(self, packet: bytes) -> bytes | None:
        """Keep a part; the whole data when its last part is here."""
        if not packet:
            raise EOFError("the queue has no writer left")
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
