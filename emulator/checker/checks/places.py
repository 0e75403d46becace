"""Checking that every thread does its own work: who records each kind of event, and which thread sends and receives."""

from emulator.checker import rules
from emulator.checker.known import Known
from emulator.checker.words import in_words
from emulator.protocol.events import (
    AnyEvent,
    Arrived,
    BarrierOpened,
    BarrierPassed,
    ClientFinished,
    ClientLeft,
    ConnectionClosed,
    ConnectionOpened,
    DownloadsFinished,
    DownloadStarted,
    FileUnavailable,
    FileWritten,
    PeerChosen,
    Reported,
    RoleChanged,
    RoundBegan,
    RoundEnded,
    SeedChosen,
    SegmentRejected,
    SegmentsTaken,
)
from emulator.protocol.messages import TRACKER, AnyMessage

_BY_TRACKER = frozenset({RoleChanged, ClientLeft, BarrierOpened, ClientFinished})
_BY_DOWNLOADER = frozenset(
    {
        Arrived,
        BarrierPassed,
        DownloadStarted,
        DownloadsFinished,
        FileUnavailable,
        FileWritten,
        PeerChosen,
        Reported,
        RoundBegan,
        RoundEnded,
        SeedChosen,
        SegmentRejected,
        SegmentsTaken,
    }
)
_BY_UPLOADER = frozenset({ConnectionOpened, ConnectionClosed})


class PlaceCheck:
    """Where things happen. The thread `main` is taken for either: a program may have one thread for both."""

    def __init__(self, known: Known) -> None:
        self._known = known

    def sent(self, line: int, rank: int, thread: str, message: AnyMessage) -> None:
        """A client's `thread` sends what the other one has to send."""
        text = f"the {thread} thread of client {rank} sends {in_words(message)}"
        self._known.add(
            rules.CHANNELS, (line,), text, "the upload thread answers clients, the download thread does the rest"
        )

    def received(self, line: int, rank: int, thread: str, message: AnyMessage) -> None:
        """A client's `thread` takes what the other one has to take."""
        text = f"the {thread} thread of client {rank} receives {in_words(message)}"
        self._known.add(rules.CHANNELS, (line,), text, "each thread receives on the communicator that has its name")

    def is_right(self, line: int, rank: int, thread: str, event: AnyEvent) -> bool:
        """Whether this thread may record such an event; if not, that is told."""
        kind = type(event)
        expected = ""
        if kind in _BY_TRACKER and rank != TRACKER:
            expected = "only the tracker tells of its table and of its barriers"
        elif kind in _BY_DOWNLOADER and (rank == TRACKER or thread == "upload"):
            expected = "a client's download thread tells of its downloads"
        elif kind in _BY_UPLOADER and (rank == TRACKER or thread == "download"):
            expected = "a client's upload thread tells of its connections"
        self._known.seen.add(kind.__name__)
        if expected:
            who = "the tracker" if rank == TRACKER else f"the {thread} thread of client {rank}"
            self._known.add(rules.CHANNELS, (line,), f"{who} records {kind.__name__}", expected)
        return not expected
