"""What all workers on one machine share in memory: the step of each thread, and which faults are on."""

import mmap

THREADS = ("main", "download", "upload")
STEPS = (
    "",
    *(f"{part}{number}" for part, last in (("P", 4), ("D", 8), ("U", 5), ("T", 9)) for number in range(1, last + 1)),
)
CODES = {step: code for code, step in enumerate(STEPS)}


class StepBoard:
    """One byte a thread, in memory that all processes share: the step it is in, readable when it has been killed."""

    def __init__(self, descriptor: int, size: int) -> None:
        """`descriptor` is that of an open file of at least `num_bytes(size)` zeros."""
        self.cells = mmap.mmap(descriptor, self.num_bytes(size))

    def close(self) -> None:
        self.cells.close()

    @staticmethod
    def num_bytes(size: int) -> int:
        return size * len(THREADS)

    @staticmethod
    def cell(rank: int, thread: str) -> int:
        """Where in `cells` the thread's step stands, as an index into `STEPS`."""
        return rank * len(THREADS) + THREADS.index(thread)

    def clear(self, rank: int) -> None:
        """The rank begins; it may have had a life before."""
        for thread in THREADS:
            self.cells[self.cell(rank, thread)] = 0

    def read(self, rank: int) -> dict[str, str]:
        """The step of each thread of this rank that has begun one."""
        codes = {thread: self.cells[self.cell(rank, thread)] for thread in THREADS}
        return {thread: STEPS[code] for thread, code in codes.items() if code}


class FaultBoard:
    """One byte a fault of the plan, behind the steps: whether it is on. The parent writes, and workers look."""

    def __init__(self, descriptor: int, size: int, num_faults: int) -> None:
        self._first = StepBoard.num_bytes(size)
        self._last = self._first + num_faults
        self._cells = mmap.mmap(descriptor, self._last)

    @property
    def states(self) -> bytes:
        """1 for each fault that is on, 0 for each that is not, in the order of the plan."""
        return self._cells[self._first : self._last]

    def switch(self, index: int, is_on: bool) -> None:
        self._cells[self._first + index] = is_on

    def close(self) -> None:
        self._cells.close()
