"""The fold: it takes record after record and brings the figures up to date.

It depends on the records alone, so that it is the same for a run that is going on and for a trace of it, and it keeps
each client's part apart. Another program's trace may name clients and segments that cannot be: they are passed over.
"""

from collections import deque
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
    FileNotWritten,
    FileUnavailable,
    FileWritten,
    MessageFaulted,
    PeerChosen,
    Received,
    Reported,
    Restarted,
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
from emulator.protocol.messages import Hit
from emulator.trace.records import Record
from emulator.trace.statistics import downloads, lives, roles
from emulator.trace.statistics.client import ClientStatistics
from emulator.trace.statistics.figures import Figures

NUM_RECENT = 60
"""Records that are kept for a feed of what happened last."""
QUIET: frozenset[type] = frozenset(
    {Sent, Received, MessageFaulted, ThreadStarted, RoundEnded, ConnectionOpened, ConnectionClosed}
)
"""Events that a feed leaves out: single messages, and routine that other events imply."""


class SwarmStatistics(Figures):
    """The figures of one run; give it every record, in any order that keeps each rank's own."""

    def __init__(self, num_clients: int) -> None:
        super().__init__(num_clients)
        self.recent: deque[Record] = deque(maxlen=NUM_RECENT)
        """What happened last."""

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
            if rank and type(event) is Received and type(event.message) is Hit:
                self._receive(record, event.message, event.source)
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

    def _receive(self, record: Record, hit: Hit, uploader: int) -> None:
        client = self.clients[record.rank - 1]
        self.latest_s = max(self.latest_s, record.time_s)
        client.latest_s = record.time_s
        downloads.receive(self, client, hit.file, hit.segment, uploader)


NOBODY = ClientStatistics(0)
"""The client that is passed to the folds of the tracker's events, which look their client up themselves."""

_Fold = Callable[[Figures, ClientStatistics, Any, Record], None]


def _pass_over(_: Figures, _client: ClientStatistics, _event: AnyEvent, _record: Record) -> None:
    """An event that changes no figure."""


_OF_ALL: dict[type, _Fold | None] = {
    Sent: None,  # of single messages, only segments count; the end of a visit has the last word on them
    Received: None,
    MessageFaulted: None,
    FaultBegan: lives.begin_fault,
    FaultEnded: lives.end_fault,
}
_OF_TRACKER: dict[type, _Fold | None] = {
    **_OF_ALL,
    BarrierOpened: roles.open_barrier,
    RoleChanged: roles.change_role,
    ClientFinished: roles.finish,
    ClientLeft: roles.leave,
}
_OF_CLIENTS: dict[type, _Fold | None] = {
    **_OF_ALL,
    SegmentsTaken: downloads.take_segments,
    SegmentRejected: downloads.reject,
    RoundBegan: downloads.begin_round,
    RoundEnded: _pass_over,  # its segments are counted as they are taken
    PeerChosen: downloads.choose_peer,
    SeedChosen: downloads.choose_seed,
    ConnectionOpened: downloads.open_connection,
    ConnectionClosed: downloads.close_connection,
    DownloadStarted: downloads.begin_file,
    FileWritten: downloads.write,
    FileNotWritten: downloads.fail_to_write,
    FileUnavailable: downloads.give_up,
    Reported: lives.report,
    BarrierPassed: lives.pass_barrier,
    Arrived: lives.arrive,
    DownloadsFinished: lives.end_downloads,
    ThreadStarted: lives.start_thread,
    ThreadEnded: lives.end_thread,
    ThreadFailed: lives.fail,
    Died: lives.die,
    Restarted: lives.restart,
}


def jain_index(shares: Sequence[float]) -> float:
    """How evenly shares are spread: 1 where all are equal or 0, 1/n where one has everything.

    Jain, Chiu and Hawe, 1984.
    """
    squares = sum(share * share for share in shares)
    return 1.0 if squares == 0 else sum(shares) ** 2 / (len(shares) * squares)
