"""What a run is like at one moment: a fold over its records. Whoever shows a figure takes it from here.

The fold is the same for a run that is going on and for a trace of it: it depends on the records alone, keeps each
client's part apart, and ignores single messages, of which only a trace tells. A trace that somebody else wrote may
name clients and segments that cannot be: they are passed over.
"""

from collections import Counter, deque
from collections.abc import Iterable, Sequence

import msgspec

from emulator.protocol.events import (
    BarrierOpened,
    BarrierPassed,
    ClientFinished,
    ConnectionClosed,
    ConnectionOpened,
    DownloadsFinished,
    DownloadStarted,
    FileWritten,
    PeerChosen,
    Received,
    Reported,
    Role,
    RoleChanged,
    RoundBegan,
    RoundEnded,
    SeedChosen,
    SegmentsTaken,
    Sent,
    ThreadEnded,
    ThreadFailed,
    ThreadStarted,
)
from emulator.trace.records import Record

NUM_RECENT = 60
"""Records that are kept for a feed of what happened last."""
MESSAGES = frozenset({Sent, Received})
ROUTINE = frozenset({ThreadStarted, RoundEnded, ConnectionOpened, ConnectionClosed})
"""Events that a feed leaves out: others say the same from the other side."""
MAX_MAPPED = 50_000_000
"""A file that is said to have more segments has no map."""


class Progress(msgspec.Struct):
    """One file of one client, as far as it is there."""

    present: bytearray
    """A byte a segment: 0 missing, 1 got from a peer, 2 from a seed, 3 there from the start."""
    num_present: int = 0

    @property
    def num_segments(self) -> int:
        return len(self.present)

    @property
    def share(self) -> float:
        return self.num_present / self.num_segments if self.num_segments else 1.0


FROM_PEER, FROM_SEED, OWNED = 1, 2, 3


class ClientStatistics(msgspec.Struct):
    """One client's share of the run. Times are in seconds since the run began."""

    rank: int
    num_from_peers: int = 0
    num_from_seeds: int = 0
    num_misses: int = 0
    """Visits that ended with a miss; each visit has at most one."""
    num_uploaded: int = 0
    """Segments given, by its own count: known when a connection is closed."""
    num_given: int = 0
    """Segments given, as those say who got them: known when they leave."""
    num_open: int = 0
    """Clients that have a connection with it now."""
    most_connections: int = 0
    """The most clients it had a connection with at once."""
    num_rounds: int = 0
    written_s: dict[str, float] = {}
    """When each wanted file was written."""
    finished_s: float | None = None
    """When the tracker knew that it had everything; None if it never did."""
    state: str = "starting"
    """What it does, in the protocol's words."""
    downloading: str | None = None
    """The file it is at."""
    source: str = ""
    """Whom it takes that file's segments from: `peer 3`, `seed 5`."""
    round: int = 0
    """The round of that file."""
    roles: dict[str, Role] = {}
    """Its role in the swarm of every file that the tracker knows it in."""
    files: dict[str, Progress] = {}
    """Every wanted file that it has begun."""
    latest_s: float = 0.0
    """When it was heard of last."""

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
        self.num_reported = 0
        self.barrier = 0
        """The last barrier that the tracker has opened."""
        self.num_lists = 0
        """Swarm lists that the tracker has given."""
        self.given: Counter[tuple[int, int]] = Counter()
        """Segments given, by uploader and downloader."""
        self.roles: dict[str, Counter[Role]] = {}
        """How many clients have each role, by file."""
        self.recent: deque[Record] = deque(maxlen=NUM_RECENT)

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
        kind = type(record.event)
        if kind in MESSAGES:
            return
        self.num_records += 1
        if record.time_s > self.latest_s:
            self.latest_s = record.time_s
        if kind not in ROUTINE:
            self.recent.append(record)
        if record.rank == 0:
            self._add_tracker(record)
        else:
            client = self.clients[record.rank - 1]
            client.latest_s = record.time_s
            self._add_client(client, record)

    def _add_tracker(self, record: Record) -> None:
        match record.event:
            case BarrierOpened(number):
                self.barrier = number
                if number == 2:
                    self.began_s = record.time_s
            case RoleChanged(rank, file, role) if 1 <= rank <= len(self.clients):
                roles = self.clients[rank - 1].roles
                count = self.roles.setdefault(file, Counter())
                if file in roles:
                    count[roles[file]] -= 1
                count[role] += 1
                roles[file] = role
            case ClientFinished(rank) if 1 <= rank <= len(self.clients):
                self.clients[rank - 1].finished_s = record.time_s

    def _add_client(self, client: ClientStatistics, record: Record) -> None:
        match record.event:
            case SegmentsTaken(file, uploader, is_seed, segments, is_missed):
                self._add_segments(client, file, uploader, is_seed, segments)
                client.num_misses += is_missed
            case RoundBegan(round=round):
                client.num_rounds += 1
                client.round = round
                client.source = ""
                self.num_lists += 1
            case RoundEnded():
                pass  # its segments are counted as they are taken
            case PeerChosen(peer=peer):
                client.source = f"peer {peer}"
            case SeedChosen(seed=seed):
                client.source = f"seed {seed}"
            case ConnectionOpened(num_open=num_open):
                client.num_open = num_open
                client.most_connections = max(client.most_connections, num_open)
            case ConnectionClosed(num_segments=num_segments, num_open=num_open):
                client.num_open = num_open
                client.num_uploaded += num_segments
            case DownloadStarted(file, num_segments, num_present):
                client.state = "downloading"
                client.downloading = file
                client.files[file] = _begun(num_segments, num_present)
            case FileWritten(file):
                client.written_s[file] = record.time_s
                client.downloading = None
                client.source = ""
            case _:
                self._add_stage(client, record)

    def _add_segments(
        self, client: ClientStatistics, file: str, uploader: int, is_seed: bool, segments: tuple[int, ...]
    ) -> None:
        if is_seed:
            client.num_from_seeds += len(segments)
        else:
            client.num_from_peers += len(segments)
        progress = client.files.get(file)
        if progress is not None:
            present = progress.present
            for segment in segments:
                if 0 <= segment < len(present):
                    progress.num_present += not present[segment]
                    present[segment] = FROM_SEED if is_seed else FROM_PEER
        if segments and 1 <= uploader <= len(self.clients):
            self.given[uploader, client.rank] += len(segments)
            self.clients[uploader - 1].num_given += len(segments)

    def _add_stage(self, client: ClientStatistics, record: Record) -> None:
        """The stations of a client's life: P1 … P4, D2, D8, U5."""
        match record.event:
            case Reported():
                self.num_reported += 1
                client.state = "waiting at barrier 1"
            case BarrierPassed(number):
                client.state = "waiting at barrier 2" if number == 1 else "downloading"
            case DownloadsFinished():
                client.state = "finished, uploading"
            case ThreadStarted() if record.thread == "main":
                client.state = "reading its input"
            case ThreadEnded() if record.thread == "main":
                client.state = "ended"
            case ThreadFailed():
                client.state = f"failed in its {record.thread} thread"


def _begun(num_segments: int, num_present: int) -> Progress:
    if not 0 <= num_segments <= MAX_MAPPED:
        return Progress(bytearray())
    num_present = min(max(num_present, 0), num_segments)
    return Progress(bytearray([OWNED]) * num_present + bytearray(num_segments - num_present), num_present)


def jain_index(shares: Sequence[float]) -> float:
    """How evenly shares are spread: 1 for all equal, 1/n for one that has everything (Jain, Chiu and Hawe, 1984).

    1 where there is nothing to share.
    """
    squares = sum(share * share for share in shares)
    return 1.0 if squares == 0 else sum(shares) ** 2 / (len(shares) * squares)
