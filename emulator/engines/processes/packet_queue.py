"""The inbox of the process engine: a queue of packets with many writers and one reader, and no lock.

A socket pair of type `SOCK_SEQPACKET`: a packet arrives whole or not at all, whichever writer is killed and when,
which a `multiprocessing.Queue` (a pipe, two locks, a feeder thread) cannot promise. macOS has no `SOCK_SEQPACKET`;
datagram sockets stand in, with smaller packets.
"""

import errno
import fcntl
import itertools
import os
import select
import socket
import struct
import sys
import termios
import time
from collections.abc import Iterator

SOCKET_TYPE = socket.SOCK_DGRAM if sys.platform == "darwin" else socket.SOCK_SEQPACKET
MAX_PACKET_BYTES = 2_000 if sys.platform == "darwin" else 60_000
"""Longer data is split: a packet of over 212,960 bytes does not fit a socket's default buffer on Linux."""
MOST_BYTES = 1 << 31
"""Of split data: twice the longest input (`scenario.inputs`). More is no message, and would only fill the memory."""
MOST_UNFINISHED = 16
"""Split data of one writer, one for each of its threads, of which something is still to come."""

SPLIT = 0xC1
"""First byte of a part of split data. No msgpack value begins with it."""
PART = struct.Struct("!BIIII")
"""Header of a part: SPLIT, the writer's process and its count of split data, the part's index, the number of parts.

Where it is of no parts, the process is lost, and the rest of the packet is data of another writer, who tells that.
"""

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
        if is_gone(error):
            raise BrokenPipeError(errno.EPIPE, "the queue's reader is gone") from None
        raise error

    def _put_split(self, data: bytes) -> None:
        room = MAX_PACKET_BYTES - PART.size
        num_parts = -(-len(data) // room)
        number = next(_numbers)
        for index in range(num_parts):
            header = PART.pack(SPLIT, os.getpid(), number, index, num_parts)
            self.put(header + data[index * room : (index + 1) * room])

    def deliver(self, data: bytes) -> None:
        """As `put`, but drop the data where the reader is gone."""
        try:
            self.put(data)
        except BrokenPipeError:
            return

    def put_nowait(self, data: bytes, lost: int | None = None) -> bool:
        """Enqueue data of at most one packet; False where there is no room now. Dropped where the reader is gone.

        `lost` is a process whose unfinished split data are forgotten before this.
        """
        packet = data if lost is None else PART.pack(SPLIT, lost, 0, 0, 0) + data
        writer = socket.socket(socket.AF_UNIX, SOCKET_TYPE, fileno=self._writer)
        try:
            writer.send(packet, socket.MSG_DONTWAIT)
        except OSError as error:
            if is_gone(error):
                return True
            if error.errno not in (errno.EAGAIN, errno.ENOBUFS):
                raise
            return False
        finally:
            writer.detach()
        return True

    def get(self, timeout_s: float | None = None) -> bytes:
        """Wait for the next data. Raises `EOFError` where no writer is left, which a datagram socket never tells.

        Raises `TimeoutError` where a time limit is given, and no data are here as a whole within it.
        """
        if timeout_s is not None:
            return self._get_within(timeout_s)
        packet = os.read(self._reader, MAX_PACKET_BYTES)
        while not packet or packet[0] == SPLIT:
            data = self._join(packet)
            if data is not None:
                return data
            packet = os.read(self._reader, MAX_PACKET_BYTES)
        return packet

    def _get_within(self, timeout_s: float) -> bytes:
        ends_s = time.monotonic() + timeout_s
        readable = self._readable()
        while (data := self.get_nowait()) is None:
            left_s = ends_s - time.monotonic()
            if left_s <= 0 or not readable.poll(left_s * 1000):
                raise TimeoutError(f"nothing has arrived within {timeout_s:g} s")
        return data

    def get_nowait(self) -> bytes | None:
        """The next data, or None where none is here as a whole. Raises `EOFError` where no writer is left."""
        readable = self._readable()
        while readable.poll(0):
            packet = os.read(self._reader, MAX_PACKET_BYTES)
            data = packet if packet and packet[0] != SPLIT else self._join(packet)
            if data is not None:
                return data
        return None

    def get_waiting(self) -> Iterator[bytes]:
        """All data that are here as a whole now; not what writers add meanwhile, which might have no end."""
        waiting = bytearray(4)
        fcntl.ioctl(self._reader, termios.FIONREAD, waiting)
        left = int.from_bytes(waiting, sys.byteorder)
        readable = self._readable()
        while left > 0 and readable.poll(0):
            packet = os.read(self._reader, MAX_PACKET_BYTES)
            left -= len(packet)
            data = packet if packet and packet[0] != SPLIT else self._join(packet)
            if data is not None:
                yield data

    def _readable(self) -> select.poll:
        readable = select.poll()
        readable.register(self._reader, select.POLLIN)
        return readable

    def _join(self, packet: bytes) -> bytes | None:
        """Keep a part; the whole data when its last part is here."""
        if not packet:
            raise EOFError("the queue has no writer left")
        _, pid, number, index, num_parts = PART.unpack_from(packet)
        if num_parts == 0:
            self.forget(pid)
            return packet[PART.size :]
        if index > 0 and (pid, number) not in self._parts:
            return None  # the beginning went to a reader before this one, which is dead
        if index == 0:
            self._check_room(pid, num_parts)
        parts = self._parts.setdefault((pid, number), [])
        if index != len(parts):
            raise ValueError(f"part {index} of {num_parts} arrived when part {len(parts)} was due (process {pid})")
        parts.append(packet[PART.size :])
        if len(parts) < num_parts:
            return None
        return b"".join(self._parts.pop((pid, number)))

    def _check_room(self, pid: int, num_parts: int) -> None:
        """Raise `ValueError` for the beginning of what no writer sends."""
        if num_parts > MOST_BYTES // (MAX_PACKET_BYTES - PART.size):
            raise ValueError(f"data of {num_parts} parts are too long (process {pid})")
        if sum(writer == pid for writer, _ in self._parts) >= MOST_UNFINISHED:
            raise ValueError(f"process {pid} has begun {MOST_UNFINISHED} data, and finished none")

    def forget(self, pid: int) -> None:
        """Drop what a lost process did not finish sending."""
        for key in [key for key in self._parts if key[0] == pid]:
            del self._parts[key]

    def drain(self) -> None:
        """Throw away what is here now."""
        for _ in self.get_waiting():
            pass
        self._parts.clear()

    def fileno(self) -> int:
        """The reader's descriptor, to wait on."""
        return self._reader

    @property
    def writer(self) -> int:
        """The writer's descriptor, to wait for room on."""
        return self._writer


def is_gone(error: OSError) -> bool:
    """Whether this says that the reader is gone; a datagram socket that was told once is not connected any more."""
    return isinstance(error, ConnectionError) or error.errno == errno.ENOTCONN
