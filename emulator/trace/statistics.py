"""What a run is like at one moment: a fold over its records. Whoever shows a figure takes it from here.

The fold is the same for a run that is going on and for a trace of it: it depends on the records alone, keeps each
client's part apart, and ignores single messages, of which only a trace tells. A trace that somebody else wrote may
name clients and segments that cannot be: they are passed over.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any

from emulator.protocol.events import (
    AnyEvent,
    Arrived,
    BarrierOpened,
    BarrierPassed,
    ClientFinished,
    ClientLeft,
    ConnectionClosed,
    ConnectionOpened,
    Died,
    DownloadsFinished,
    DownloadStarted,
    FaultBegan,
    FaultEnded,
    FileUnavailable,
    FileWritten,
    MessageFaulted,
    PeerChosen,
    Received,
    Reported,
    Restarted,
    Role,
    RoleChanged,
    RoundBegan,
    RoundEnded,
    SeedChosen,
    SegmentRejected,
    SegmentsTaken,
    Sent,
    ThreadEnded,
    ThreadFailed,
    ThreadStarted,
)
from emulator.trace.client_statistics import FROM_PEER, FROM_SEED, ClientStatistics, begun
from emulator.trace.records import Record

NUM_RECENT = 60
"""Records that are kept for a feed of what happened last."""
QUIET: frozenset[type] = frozenset(
    {Sent, Received, MessageFaulted, ThreadStarted, RoundEnded, ConnectionOpened, ConnectionClosed}
)
"""Events that a feed leaves out: single messages, of which only a trace tells, and what others say just as well."""


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
        self.unavailable: Counter[str] = Counter()
        """How many clients have given a file up, by file."""
        self.faults: Counter[str] = Counter()
        """Faults that have begun and not ended, as the plan has them; on how many ranks."""
        self.faults_begun: set[str] = set()
        """Faults that have ever begun, as the plan has them."""
        self.recent: deque[Record] = deque(maxlen=NUM_RECENT)

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
        """From the second barrier to the end of the last client that is alive.

        None while one is not finished, and where one has given a file up: it never has everything.
        """
        ends = [None if client.unavailable else client.finished_s for client in self.clients if not client.is_dead]
        known = [self.since_start(end_s) for end_s in ends if end_s is not None]
        return max(known) if known and len(known) == len(ends) else None

    @property
    def elapsed_s(self) -> float:
        """From the second barrier to the latest record; 0 before it."""
        return 0.0 if self.began_s is None else self.since_start(self.latest_s)

    def since_start(self, time_s: float) -> float:
        """A record's time counted from the second barrier, before which nothing is downloaded."""
        return time_s - (self.began_s or 0.0)

    def add_all(self, records: Iterable[Record]) -> None:
        records = list(records)
        for record in records:
            self._fold(record)
        # Of thousands of records, a feed shows the last few.
        recent = list(islice((record for record in reversed(records) if type(record.event) not in QUIET), NUM_RECENT))
        self.recent.extend(reversed(recent))

    def add(self, record: Record) -> None:
        self._fold(record)
        if type(record.event) not in QUIET:
            self.recent.append(record)

    def _fold(self, record: Record) -> None:
        rank = record.rank
        event = record.event
        fold = (_OF_CLIENTS if rank else _OF_TRACKER).get(type(event), _pass_over)
        if fold is None:
            return
        self.num_records += 1
        time_s = record.time_s
        if time_s > self.latest_s:
            self.latest_s = time_s
        if rank:
            client = self.clients[rank - 1]
            client.latest_s = time_s
            fold(self, client, event, record)
        else:
            fold(self, NOBODY, event, record)

    # What the tracker records

    def _open_barrier(self, _: ClientStatistics, event: BarrierOpened, record: Record) -> None:
        self.barrier = event.number
        if event.number == 2:
            self.began_s = record.time_s

    def _change_role(self, _: ClientStatistics, event: RoleChanged, record: Record) -> None:
        if not 1 <= event.client <= len(self.clients):
            return
        client, file = self.clients[event.client - 1], event.file
        count = self.roles.setdefault(file, Counter())
        if record.time_s <= client.gone_s:
            return  # told before it went, and heard of after
        if file in client.roles:
            count[client.roles[file]] -= 1
        count[event.role] += 1
        client.roles[file] = event.role
        client.roles_s[file] = record.time_s

    def _finish(self, _: ClientStatistics, event: ClientFinished, record: Record) -> None:
        if 1 <= event.client <= len(self.clients):
            client = self.clients[event.client - 1]
            if client.restarted_s is None or record.time_s >= client.restarted_s:
                client.finished_s = record.time_s

    def _leave(self, _: ClientStatistics, event: ClientLeft, record: Record) -> None:
        if 1 <= event.client <= len(self.clients):
            client = self.clients[event.client - 1]
            if client.restarted_s is None or record.time_s >= client.restarted_s:
                client.left_s = record.time_s
            self._take_out(client)

    def _take_out(self, client: ClientStatistics) -> None:
        """The client is in no swarm any more in which it was before it went."""
        for file, since_s in list(client.roles_s.items()):
            if since_s <= client.gone_s:
                self.roles[file][client.roles.pop(file)] -= 1
                del client.roles_s[file]

    # What clients record

    def _take_segments(self, client: ClientStatistics, event: SegmentsTaken, _: Record) -> None:
        num_segments = len(event.segments)
        if event.is_seed:
            client.num_from_seeds += num_segments
        else:
            client.num_from_peers += num_segments
        client.num_held += num_segments
        client.num_misses += event.is_missed
        if not num_segments:
            return
        progress = client.files.get(event.file)
        if progress is not None:
            present, source = progress.present, FROM_SEED if event.is_seed else FROM_PEER
            for segment in event.segments:
                if 0 <= segment < len(present):
                    progress.num_present += not present[segment]
                    present[segment] = source
        uploader = event.uploader
        if 1 <= uploader <= len(self.clients):
            self.given[uploader, client.rank] += num_segments
            self.clients[uploader - 1].num_given += num_segments

    def _reject(self, client: ClientStatistics, _event: SegmentRejected, _: Record) -> None:
        client.num_rejected += 1

    def _begin_round(self, client: ClientStatistics, event: RoundBegan, _: Record) -> None:
        client.num_rounds += 1
        client.round = event.round
        client.source = ""
        self.num_lists += 1

    def _choose_peer(self, client: ClientStatistics, event: PeerChosen, _: Record) -> None:
        client.source = f"peer {event.peer}"

    def _choose_seed(self, client: ClientStatistics, event: SeedChosen, _: Record) -> None:
        client.source = f"seed {event.seed}"

    def _open_connection(self, client: ClientStatistics, event: ConnectionOpened, _: Record) -> None:
        client.num_open = event.num_open
        if event.num_open > client.most_connections:
            client.most_connections = event.num_open

    def _close_connection(self, client: ClientStatistics, event: ConnectionClosed, _: Record) -> None:
        client.num_open = event.num_open
        client.num_uploaded += event.num_segments

    def _begin_file(self, client: ClientStatistics, event: DownloadStarted, _: Record) -> None:
        client.state = "downloading"
        client.downloading = event.file
        progress = client.files[event.file] = begun(event.num_segments, event.num_present)
        # A file that is whole from the start of a first life is the client's own; all else it has got at some time.
        if client.num_restarts or progress.num_present < progress.num_segments:
            client.num_held += progress.num_present

    def _write(self, client: ClientStatistics, event: FileWritten, record: Record) -> None:
        client.written_s[event.file] = record.time_s
        client.downloading = None
        client.source = ""

    def _give_up(self, client: ClientStatistics, event: FileUnavailable, _: Record) -> None:
        self.unavailable[event.file] += event.file not in client.unavailable
        client.unavailable[event.file] = event.num_lost
        client.downloading = None
        client.source = ""

    # The stations of a client's life: P1 … P4, D2, D8, U5, and what is not foreseen

    def _report(self, client: ClientStatistics, _event: Reported, _: Record) -> None:
        self.num_reported += not client.num_restarts
        client.state = "waiting at barrier 1"

    def _pass_barrier(self, client: ClientStatistics, event: BarrierPassed, _: Record) -> None:
        client.state = "waiting at barrier 2" if event.number == 1 else "downloading"

    def _arrive(self, client: ClientStatistics, _event: Arrived, record: Record) -> None:
        client.arrived_s = record.time_s

    def _end_downloads(self, client: ClientStatistics, _event: DownloadsFinished, _: Record) -> None:
        client.state = "finished, uploading"

    def _start_thread(self, client: ClientStatistics, _event: ThreadStarted, record: Record) -> None:
        if record.thread == "main":
            client.state = "reading its input"

    def _end_thread(self, client: ClientStatistics, _event: ThreadEnded, record: Record) -> None:
        if record.thread == "main":
            client.state = "ended"

    def _fail(self, client: ClientStatistics, _event: ThreadFailed, record: Record) -> None:
        client.state = f"failed in its {record.thread} thread"

    def _die(self, client: ClientStatistics, _event: Died, record: Record) -> None:
        client.died_s, client.is_dead, client.state = record.time_s, True, "died"
        client.num_open, client.downloading, client.source = 0, None, ""
        if client.pause:
            self._count_fault_out(client.pause)
            client.pause = ""
        self._take_out(client)

    def _restart(self, client: ClientStatistics, event: Restarted, record: Record) -> None:
        client.restarted_s, client.is_dead, client.state = record.time_s, False, "restarted"
        client.num_restarts += 1
        client.num_held = 0  # until it says what it finds on its disk
        # The tracker may have been heard of what came after.
        if client.left_s is not None and client.left_s < record.time_s:
            client.left_s = None
        if client.finished_s is not None and client.finished_s < record.time_s:
            client.finished_s = None
        for file in client.unavailable:
            self.unavailable[file] -= 1
        client.unavailable.clear()
        client.files.clear()
        if not event.is_state_kept:
            client.written_s.clear()

    def _begin_fault(self, client: ClientStatistics, event: FaultBegan, record: Record) -> None:
        self.faults_begun.add(event.fault)
        if event.fault.startswith("kill"):  # of which deaths tell
            return
        self.faults[event.fault] += 1
        if record.rank and event.fault.startswith("pause"):
            client.pause = event.fault

    def _end_fault(self, client: ClientStatistics, event: FaultEnded, record: Record) -> None:
        if record.rank and event.fault.startswith("pause"):
            if client.pause != event.fault:
                return  # its death was the end of it
            client.pause = ""
        self._count_fault_out(event.fault)

    def _count_fault_out(self, fault: str) -> None:
        self.faults[fault] -= 1
        if not self.faults[fault]:
            del self.faults[fault]


NOBODY = ClientStatistics(0)
"""Whom an event of the tracker is about before it is looked at."""

_Fold = Callable[[SwarmStatistics, ClientStatistics, Any, Record], None]


def _pass_over(_: SwarmStatistics, _client: ClientStatistics, _event: AnyEvent, _record: Record) -> None:
    """An event that changes no figure."""


_OF_ALL: dict[type, _Fold | None] = {
    Sent: None,  # single messages: only a trace tells of them
    Received: None,
    MessageFaulted: None,
    FaultBegan: SwarmStatistics._begin_fault,
    FaultEnded: SwarmStatistics._end_fault,
}
_OF_TRACKER: dict[type, _Fold | None] = {
    **_OF_ALL,
    BarrierOpened: SwarmStatistics._open_barrier,
    RoleChanged: SwarmStatistics._change_role,
    ClientFinished: SwarmStatistics._finish,
    ClientLeft: SwarmStatistics._leave,
}
_OF_CLIENTS: dict[type, _Fold | None] = {
    **_OF_ALL,
    SegmentsTaken: SwarmStatistics._take_segments,
    SegmentRejected: SwarmStatistics._reject,
    RoundBegan: SwarmStatistics._begin_round,
    RoundEnded: _pass_over,  # its segments are counted as they are taken
    PeerChosen: SwarmStatistics._choose_peer,
    SeedChosen: SwarmStatistics._choose_seed,
    ConnectionOpened: SwarmStatistics._open_connection,
    ConnectionClosed: SwarmStatistics._close_connection,
    DownloadStarted: SwarmStatistics._begin_file,
    FileWritten: SwarmStatistics._write,
    FileUnavailable: SwarmStatistics._give_up,
    Reported: SwarmStatistics._report,
    BarrierPassed: SwarmStatistics._pass_barrier,
    Arrived: SwarmStatistics._arrive,
    DownloadsFinished: SwarmStatistics._end_downloads,
    ThreadStarted: SwarmStatistics._start_thread,
    ThreadEnded: SwarmStatistics._end_thread,
    ThreadFailed: SwarmStatistics._fail,
    Died: SwarmStatistics._die,
    Restarted: SwarmStatistics._restart,
}


def jain_index(shares: Sequence[float]) -> float:
    """How evenly shares are spread: 1 for all equal, 1/n for one that has everything (Jain, Chiu and Hawe, 1984).

    1 where there is nothing to share.
    """
    squares = sum(share * share for share in shares)
    return 1.0 if squares == 0 else sum(shares) ** 2 / (len(shares) * squares)
