"""What the processes of one run share: the inboxes, the events' way to the parent, the life pipe, the boards."""

import errno
import fcntl
import os
from array import array
from collections.abc import Iterable, Sequence
from multiprocessing import reduction
from typing import Protocol

from emulator.engines.processes.packet_queue import PacketQueue, open_pair
from emulator.engines.workers.boards import FaultBoard, StepBoard
from emulator.protocol.events import Channel
from emulator.protocol.messages import TRACKER

CHANNELS: tuple[Channel, ...] = ("download", "upload")

LAST_STANDARD_STREAM = 2
BUSY_BUFFER_BYTES = 4 << 20
"""Asked for where many write to one reader: the tracker's inbox, and the events."""


def channels_of(rank: int) -> Sequence[Channel]:
    """The communicators on which a rank is told something."""
    return ("download",) if rank == TRACKER else CHANNELS


class Wiring:
    """Two inboxes for every client and one for the tracker, to which nothing is sent on `upload`.

    Kept as plain descriptors, the readers in one row: a forked worker then closes those of others with one system
    call, and without touching an object a rank, which would copy the pages that it shares with its parent.
    """

    def __init__(self, num_clients: int, num_faults: int = 0) -> None:
        self._size = num_clients + 1
        self._num_faults = num_faults
        self._writers = array("i")
        self._readers = array("i")
        self._board = -1
        try:
            self._open()
        except BaseException:
            self.close()
            raise

    def _open(self) -> None:
        _fill_standard_streams()
        self._board = _open_unnamed()
        # Written now: of a hole in a full disk, a worker would learn by SIGBUS.
        os.write(self._board, bytes(StepBoard.num_bytes(self._size) + self._num_faults))
        busy = {self._place("download", TRACKER), self._events}
        for place in range(self._life):
            self._add(open_pair(BUSY_BUFFER_BYTES if place in busy else None))
        # A pipe, for a datagram socket does not tell its reader that the last writer is gone.
        self._add(os.pipe())
        self._move_readers_into_a_row()

    def _add(self, ends: tuple[int, int]) -> None:
        self._readers.append(ends[0])
        self._writers.append(ends[1])

    def _move_readers_into_a_row(self) -> None:
        """Give the readers numbers that follow one another and that nobody else in this process has."""
        first = max(*self._readers, *self._writers) + 1
        row = array("i")
        try:
            while len(row) < len(self._readers):
                due = first + len(row)
                row.append(_duplicate(self._readers[len(row)], due))
                if row[-1] != due:  # somebody else's are in the way: begin again above them
                    first = row[-1] + 1
                    _close_all(row)
                    row = array("i")
        except OSError:
            _close_all(row)
            raise
        self._readers, moved = row, self._readers
        _close_all(moved)

    @staticmethod
    def num_descriptors(num_clients: int) -> int:
        """How many descriptors the parent needs at the most, those of `multiprocessing.Process` included."""
        return 3 * (2 * num_clients + 4) + 2 * (num_clients + 1) + 64

    @property
    def _events(self) -> int:
        return 2 * self._size

    @property
    def _life(self) -> int:
        return 2 * self._size + 1

    @staticmethod
    def _place(channel: Channel, rank: int) -> int:
        return 2 * rank + (channel == "upload")

    def _queue(self, place: int) -> PacketQueue:
        return PacketQueue(self._readers[place], self._writers[place])

    def inbox(self, channel: Channel, rank: int) -> PacketQueue:
        return self._queue(self._place(channel, rank))

    def events(self) -> PacketQueue:
        """What the workers record, on its way to the parent."""
        return self._queue(self._events)

    def life(self) -> PacketQueue:
        """Nothing travels on it. Only the parent holds its writer, so that its end tells that the parent is gone."""
        return self._queue(self._life)

    def board(self) -> StepBoard:
        return StepBoard(self._board, self._size)

    def fault_board(self) -> FaultBoard:
        return FaultBoard(self._board, self._size, self._num_faults)

    def keep_own(self, rank: int) -> None:
        """In a worker: close what belongs to others, so that their end is noticed."""
        os.close(self._writers[self._life])
        first = self._readers[0]
        own = first + self._place("download", rank)
        os.closerange(first, own)
        os.closerange(own + 2, first + self._life)

    def keep_parent_ends(self) -> None:
        """In the parent, when all workers are started: it reads events, writes to inboxes, and its death is the life's.

        It keeps a writer of the events as well, so that they never come to an end. Of the inboxes it keeps no reader,
        so that writers notice one that is dead. Where processes may be started again, everything is kept instead.
        """
        os.closerange(self._readers[0], self._readers[self._events])
        os.close(self._readers[self._life])
        self._readers = array("i", [-1] * self._events + [self._readers[self._events], -1])

    def close(self) -> None:
        _close_all((*self._readers, *self._writers, self._board))
        self._readers, self._writers, self._board = array("i"), array("i"), -1

    def __getstate__(self) -> tuple[object, ...]:
        """For `spawn`: every descriptor is handed to the process that is being started, under its own number."""
        descriptors = [*self._readers, *self._writers, self._board]
        return self._size, self._num_faults, [reduction.DupFd(descriptor) for descriptor in descriptors]

    def __setstate__(self, state: "tuple[int, int, list[_Parcel]]") -> None:
        self._size, self._num_faults, parcels = state
        *ends, self._board = [parcel.detach() for parcel in parcels]
        self._readers = array("i", ends[: len(ends) // 2])
        self._writers = array("i", ends[len(ends) // 2 :])


def _fill_standard_streams() -> None:
    """Where this process was started with a standard stream closed, its number must not become that of an inbox.

    A spawned worker would take the inbox for its stdin and close it, or for its stdout and write to it.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= LAST_STANDARD_STREAM:
        pass
    os.close(descriptor)


def _duplicate(descriptor: int, least: int) -> int:
    """A duplicate under the first free number from `least` on."""
    try:
        return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, least)
    except OSError as error:
        if error.errno == errno.EINVAL:  # `least` itself is beyond the limit
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE)) from None
        raise


def _close_all(descriptors: Iterable[int]) -> None:
    for descriptor in descriptors:
        if descriptor >= 0:
            os.close(descriptor)


class _Parcel(Protocol):
    """A descriptor on its way to a spawned process."""

    def detach(self) -> int: ...


def _open_unnamed() -> int:
    """A file without a name, in memory where the system has that."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("steps")
    import tempfile  # which imports much that a worker would carry along

    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
