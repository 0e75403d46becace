"""The figures of a whole run at one moment. `downloads`, `roles` and `lives` change them, one function an event."""

from collections import Counter

from emulator.protocol.events import Role
from emulator.trace.statistics.client import ClientStatistics


class Figures:
    """All clients of one run, and what the tracker knows of them."""

    def __init__(self, num_clients: int) -> None:
        self.clients = [ClientStatistics(rank) for rank in range(1, num_clients + 1)]
        self.began_s: float | None = None
        """When the second barrier opened, in seconds since the run began."""
        self.latest_s = 0.0
        self.num_records = 0
        self.num_reported = 0
        self.barrier = 0
        """The last barrier that the tracker has opened."""
        self.num_lists = 0
        """Swarm lists that the tracker has given."""
        self.given: Counter[tuple[int, int]] = Counter()
        """Segments given, by uploader and downloader."""
        self.roles: dict[str, Counter[Role]] = {}
        """For each file, how many clients have each role."""
        self.unavailable: Counter[str] = Counter()
        """For each file, how many clients have given it up."""
        self.faults: Counter[str] = Counter()
        """Faults in effect, in the words of the fault plan, with the number of ranks that each affects."""
        self.faults_begun: set[str] = set()
        """All faults that have taken effect so far."""

    def client(self, rank: int) -> ClientStatistics | None:
        """The client of this rank; None where a trace names a rank that does not exist."""
        return self.clients[rank - 1] if 1 <= rank <= len(self.clients) else None

    @property
    def num_transferred(self) -> int:
        return sum(client.num_got for client in self.clients)

    @property
    def num_finished(self) -> int:
        return sum(client.finished_s is not None for client in self.clients)

    @property
    def num_dead(self) -> int:
        return sum(client.is_dead for client in self.clients)

    @property
    def num_left(self) -> int:
        return sum(client.left_s is not None for client in self.clients)

    @property
    def makespan_s(self) -> float | None:
        """From the second barrier until the last live client has finished.

        None while a live client is unfinished, and where one has no output of a file that it wanted.
        """
        ends = [None if client.is_lacking else client.finished_s for client in self.clients if not client.is_dead]
        known = [self.since_start(end_s) for end_s in ends if end_s is not None]
        return max(known) if known and len(known) == len(ends) else None

    @property
    def elapsed_s(self) -> float:
        """From the second barrier to the latest record; 0 before it."""
        return 0.0 if self.began_s is None else self.since_start(self.latest_s)

    def since_start(self, time_s: float) -> float:
        """Seconds from the second barrier, when downloads begin, to this time of a record."""
        return time_s - (self.began_s or 0.0)
