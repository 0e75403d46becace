"""What the processes of one run share: the inboxes, the events' way to the parent, the life pipe, the step board."""

import mmap
import os
import tempfile
from multiprocessing import reduction

from emulator.engines.packet_queue import PacketQueue
from emulator.protocol.messages import TRACKER

STEPS = ("", *(f"{part}{number}" for part, last in (("P", 4), ("D", 8), ("U", 5), ("T", 9)) for number in range(1, last + 1)))
THREADS = ("main", "download", "upload")

BUSY_BUFFER_BYTES = 4 << 20
"""Asked for where many write to one reader: the tracker's inbox, and the events."""


class StepBoard:
    """One byte a thread, in memory that all processes share: the step it is in, readable when it has been killed."""

    def __init__(self, size: int) -> None:
        self._size = size
        with tempfile.TemporaryFile() as file:
            file.truncate(size * len(THREADS))
            self._map(file.fileno())

    def _map(self, descriptor: int) -> None:
        self._descriptor = os.dup(descriptor)
        self.cells = mmap.mmap(self._descriptor, self._size * len(THREADS))

    def cell(self, rank: int, thread: str) -> int:
        """Where in `cells` the thread's step stands, as an index into `STEPS`."""
        return rank * len(THREADS) + THREADS.index(thread)

    def read(self, rank: int) -> dict[str, str]:
        """The step of each thread of this rank that has begun one."""
        codes = {thread: self.cells[self.cell(rank, thread)] for thread in THREADS}
        return {thread: STEPS[code] for thread, code in codes.items() if code}

    def close(self) -> None:
        self.cells.close()
        os.close(self._descriptor)

    def __getstate__(self) -> tuple[int, object]:
        return self._size, reduction.DupFd(self._descriptor)

    def __setstate__(self, state: tuple[int, object]) -> None:
        self._size, parcel = state
        self._map(parcel.detach())  # type: ignore[attr-defined]


class Wiring:
    """Two inboxes for every client and one for the tracker, which nothing is sent to on `upload`."""

    def __init__(self, num_clients: int) -> None:
        self.download = [PacketQueue(BUSY_BUFFER_BYTES if rank == TRACKER else None) for rank in range(num_clients + 1)]
        self.upload = {rank: PacketQueue() for rank in range(1, num_clients + 1)}
        self.events = PacketQueue(BUSY_BUFFER_BYTES)
        self.life = PacketQueue()
        """Nothing travels on it. Only the parent holds its writer, so that its end tells that the parent is gone."""
        self.board = StepBoard(num_clients + 1)

    @staticmethod
    def num_descriptors(num_clients: int) -> int:
        """How many descriptors the parent needs at the most, those of `multiprocessing.Process` included."""
        return 2 * (2 * num_clients + 3) + 2 * (num_clients + 1) + 64

    def keep_own(self, rank: int) -> None:
        """In a worker: close what belongs to others, so that their end is noticed."""
        self.life.close_writer()
        self.events.close_reader()
        for owner, queue in [*enumerate(self.download), *self.upload.items()]:
            if owner != rank:
                queue.close_reader()

    def keep_parent_ends(self) -> None:
        """In the parent, when all workers are started. It keeps a writer of the events, which then never end."""
        self.life.close_reader()
        for queue in (*self.download, *self.upload.values()):
            queue.close()

    def close(self) -> None:
        for queue in (*self.download, *self.upload.values(), self.events, self.life):
            queue.close()
        self.board.close()
