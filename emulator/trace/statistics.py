"""What a run did, in numbers: a fold over its records. Whoever shows a figure takes it from here."""

from collections.abc import Iterable, Sequence

import msgspec

from emulator.protocol.events import (
    BarrierOpened,
    ClientFinished,
    ConnectionClosed,
    ConnectionOpened,
    DownloadStarted,
    FileWritten,
    RoundBegan,
    SegmentsTaken,
)
from emulator.trace.records import Record


class ClientStatistics(msgspec.Struct):
    """One client's share of the run. Times are in seconds since the run began."""

    rank: int
    num_from_peers: int = 0
    num_from_seeds: int = 0
    num_misses: int = 0
    """Visits that ended with a miss; each visit has at most one."""
    num_uploaded: int = 0
    most_connections: int = 0
    """The most clients it had a connection with at once."""
    num_rounds: int = 0
    written_s: dict[str, float] = {}
    """When each wanted file was written."""
    finished_s: float | None = None
    """When the tracker knew that it had everything; None if it never did."""
    downloading: str | None = None
    """The file it is at."""

    @property
    def num_got(self) -> int:
        return self.num_from_peers + self.num_from_seeds


class SwarmStatistics:
    """All clients of one run; give it every record, in any order that keeps each rank's own."""

    def __init__(self, num_clients: int) -> None:
        self.clients = [ClientStatistics(rank) for rank in range(1, num_clients + 1)]
        self.began_s: float | None = None
        """When the second barrier opened, in seconds since the run began."""
        self.latest_s = 0.0
        self.num_records = 0

    @property
    def num_transferred(self) -> int:
        return sum(client.num_got for client in self.clients)

    @property
    def num_finished(self) -> int:
        return sum(client.finished_s is not None for client in self.clients)

    @property
    def makespan_s(self) -> float | None:
        """From the second barrier to the last client's end; None while one is not finished."""
        ends = [client.finished_s for client in self.clients if client.finished_s is not None]
        return max(map(self.since_start, ends)) if len(ends) == len(self.clients) and ends else None

    @property
    def elapsed_s(self) -> float:
        """From the second barrier to the latest record; 0 before it."""
        return 0.0 if self.began_s is None else self.since_start(self.latest_s)

    def since_start(self, time_s: float) -> float:
        """A record's time counted from the second barrier, before which nothing is downloaded."""
        return time_s - (self.began_s or 0.0)

    def add_all(self, records: Iterable[Record]) -> None:
        for record in records:
            self.add(record)

    def add(self, record: Record) -> None:
        self.num_records += 1
        self.latest_s = max(self.latest_s, record.time_s)
        if record.rank == 0:
            self._add_tracker(record)
        else:
            self._add_client(self.clients[record.rank - 1], record)

    def _add_tracker(self, record: Record) -> None:
        match record.event:
            case BarrierOpened(number=2):
                self.began_s = record.time_s
            case ClientFinished(rank):
                self.clients[rank - 1].finished_s = record.time_s

    def _add_client(self, client: ClientStatistics, record: Record) -> None:
        match record.event:
            case DownloadStarted(file):
                client.downloading = file
            case RoundBegan():
                client.num_rounds += 1
            case SegmentsTaken(is_seed=is_seed, segments=segments, is_missed=is_missed):
                if is_seed:
                    client.num_from_seeds += len(segments)
                else:
                    client.num_from_peers += len(segments)
                client.num_misses += is_missed
            case FileWritten(file):
                client.written_s[file] = record.time_s
                client.downloading = None
            case ConnectionOpened(num_open=num_open):
                client.most_connections = max(client.most_connections, num_open)
            case ConnectionClosed(num_segments=num_segments):
                client.num_uploaded += num_segments


def jain_index(shares: Sequence[float]) -> float:
    """How evenly shares are spread: 1 for all equal, 1/n for one that has everything (Jain, Chiu and Hawe, 1984).

    1 where there is nothing to share.
    """
    squares = sum(share * share for share in shares)
    return 1.0 if squares == 0 else sum(shares) ** 2 / (len(shares) * squares)
