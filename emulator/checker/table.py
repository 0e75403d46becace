"""Which check looks at which message and event: one row for each kind.

`protocol/messages.py` has the same table of messages in words. The checks of a row are called in the order in which
they stand there.
"""

from collections.abc import Callable
from enum import Enum
from typing import Any, NamedTuple

from emulator.checker.checks.answers import AnswerCheck
from emulator.checker.checks.asking import AskCheck
from emulator.checker.checks.availability import AvailabilityCheck
from emulator.checker.checks.barriers import BarrierCheck
from emulator.checker.checks.closing import CloseCheck
from emulator.checker.checks.completion import CompletionCheck
from emulator.checker.checks.deaths import DeathCheck
from emulator.checker.checks.declarations import InputCheck, MetadataCheck
from emulator.checker.checks.delivery import DeliveryCheck
from emulator.checker.checks.ends import EndCheck
from emulator.checker.checks.faults import FaultCheck
from emulator.checker.checks.omissions import OmissionCheck
from emulator.checker.checks.places import PlaceCheck
from emulator.checker.checks.requests import RequestCheck
from emulator.checker.checks.rounds import RoundCheck
from emulator.checker.checks.serving import ServeCheck
from emulator.checker.checks.swarms import SwarmCheck
from emulator.checker.checks.uploads import UploadCheck
from emulator.checker.known import Known
from emulator.protocol.events import (
    Channel,
    ClientLeft,
    Died,
    DownloadStarted,
    Event,
    FaultBegan,
    FaultEnded,
    FileNotWritten,
    FileUnavailable,
    FileWritten,
    MessageFaulted,
    Restarted,
    RoleChanged,
    ThreadEnded,
)
from emulator.protocol.messages import (
    Barrier,
    Close,
    ConnectionCount,
    ConnectionCountRequest,
    FileCompleted,
    Finished,
    Hit,
    Holdings,
    HoldingsRequest,
    Leave,
    Lost,
    Message,
    Metadata,
    MetadataAnswer,
    MetadataRequest,
    Miss,
    Returned,
    SegmentRequest,
    Stop,
    Stuck,
    StuckAnswer,
    SwarmAnswer,
    SwarmRequest,
)

Handler = Callable[[int, int, int, Any], None]
"""Takes the line, the rank that it happens at, the other rank, and the message."""
EventHandler = Callable[[int, int, str, Any], None]
"""Takes the line, the rank and the thread that it happens at, and the event."""


class Side(Enum):
    """The threads that send and receive messages."""

    TRACKER = "the tracker"
    DOWNLOADER = "a client's download thread"
    UPLOADER = "a client's upload thread"
    ENGINE = "the engine"


TRACKER, DOWNLOADER, UPLOADER, ENGINE = Side


class Row(NamedTuple):
    """One kind of message: its route, and the checks that look at it when it is sent and when it is received."""

    kind: type[Message]
    source: Side
    dest: Side
    sent: tuple[Handler, ...]
    received: tuple[Handler, ...]

    @property
    def on(self) -> Channel:
        """The communicator that it travels on: the one that its reader reads."""
        return "upload" if self.dest is UPLOADER else "download"


class Checks:
    """All checks of one run."""

    def __init__(self, known: Known) -> None:
        requests = RequestCheck(known)
        self.rounds = RoundCheck(known, requests)
        self.asking = AskCheck(known, requests, self.rounds)
        self.answers = AnswerCheck(known, requests, self.rounds)
        self.closing = CloseCheck(known, requests)
        self.completion = CompletionCheck(known)
        self.uploads = UploadCheck(known)
        self.barriers = BarrierCheck(known)
        self.swarms = SwarmCheck(known)
        self.inputs = InputCheck(known)
        self.metadata = MetadataCheck(known, self.swarms)
        self.availability = AvailabilityCheck(known, self.swarms)
        self.serving = ServeCheck(known)
        self.ends = EndCheck(known)
        self.omissions = OmissionCheck(known)
        self.places = PlaceCheck(known)
        self.deaths = DeathCheck(known)
        self.delivery = DeliveryCheck(known, self.deaths)
        self.faults = FaultCheck(known)


def message_rows(c: Checks) -> tuple[Row, ...]:
    """The table of messages."""
    # fmt: off
    return (
        # P2 ... D2, T1 ... T4: the barriers
        Row(Metadata, DOWNLOADER, TRACKER,
            sent=(c.barriers.report, c.metadata.declare, c.inputs.declared),
            received=(c.barriers.reported, c.metadata.declared, c.swarms.reported)),
        Row(MetadataRequest, DOWNLOADER, TRACKER,
            sent=(c.barriers.check_passed, c.asking.metadata_request, c.inputs.requested),
            received=(c.barriers.asked, c.metadata.requested, c.serving.asked)),
        Row(MetadataAnswer, TRACKER, DOWNLOADER,
            sent=(c.metadata.answer, c.serving.answer), received=(c.answers.metadata_answer,)),
        Row(Barrier, TRACKER, DOWNLOADER, sent=(c.barriers.signal,), received=(c.barriers.signalled,)),
        # D3, T6: a fresh list
        Row(SwarmRequest, DOWNLOADER, TRACKER,
            sent=(c.asking.swarm_request,), received=(c.swarms.requested, c.serving.asked)),
        Row(SwarmAnswer, TRACKER, DOWNLOADER,
            sent=(c.swarms.answer, c.serving.answer), received=(c.answers.swarm_answer,)),
        Row(Stuck, DOWNLOADER, TRACKER, sent=(c.asking.stuck,), received=(c.serving.asked,)),
        Row(StuckAnswer, TRACKER, DOWNLOADER,
            sent=(c.swarms.answer_stuck, c.availability.answer_stuck, c.serving.answer),
            received=(c.answers.stuck_answer,)),
        # D4 ... D6, U1 ... U4: segments
        Row(SegmentRequest, DOWNLOADER, UPLOADER,
            sent=(c.asking.segment_request,), received=(c.uploads.segment_request,)),
        Row(Hit, UPLOADER, DOWNLOADER, sent=(c.uploads.hit,), received=(c.answers.hit,)),
        Row(Miss, UPLOADER, DOWNLOADER, sent=(c.uploads.miss,), received=(c.answers.miss,)),
        Row(ConnectionCountRequest, DOWNLOADER, UPLOADER,
            sent=(c.asking.count_request,), received=(c.uploads.count_request,)),
        Row(ConnectionCount, UPLOADER, DOWNLOADER,
            sent=(c.uploads.connection_count,), received=(c.answers.connection_count,)),
        Row(HoldingsRequest, DOWNLOADER, UPLOADER,
            sent=(c.asking.holdings_request,), received=(c.uploads.holdings_request,)),
        Row(Holdings, UPLOADER, DOWNLOADER, sent=(c.uploads.holdings,), received=(c.answers.holdings,)),
        Row(Close, DOWNLOADER, UPLOADER, sent=(c.closing.close,), received=(c.uploads.close,)),
        # D7, D8, T7 ... T9, U5: ends
        Row(FileCompleted, DOWNLOADER, TRACKER,
            sent=(c.rounds.end_at, c.completion.completed), received=(c.swarms.completed,)),
        Row(Finished, DOWNLOADER, TRACKER,
            sent=(c.rounds.end_at, c.ends.finish, c.completion.finish),
            received=(c.ends.finished,)),
        Row(Leave, DOWNLOADER, TRACKER, sent=(c.ends.leave,), received=(c.swarms.left,)),
        Row(Stop, TRACKER, UPLOADER, sent=(c.ends.stop,), received=(c.uploads.stop,)),
        # Deaths, as the engine tells of them
        Row(Lost, ENGINE, TRACKER,
            sent=(), received=(c.barriers.lost, c.metadata.lost, c.swarms.lost, c.serving.lost, c.ends.lost)),
        Row(Lost, ENGINE, DOWNLOADER, sent=(), received=(c.answers.lost,)),
        Row(Lost, ENGINE, UPLOADER, sent=(), received=(c.uploads.lost,)),
        Row(Returned, ENGINE, TRACKER, sent=(), received=(c.barriers.returned, c.swarms.returned, c.ends.returned)),
        Row(Returned, ENGINE, DOWNLOADER, sent=(), received=(c.answers.returned,)),
        Row(Returned, ENGINE, UPLOADER, sent=(), received=()),
    )
    # fmt: on


def event_rows(c: Checks) -> dict[type[Event], tuple[EventHandler, ...]]:
    """The table of all other events. Those that are missing here are not checked, except that the dead have none."""
    return {
        RoleChanged: (c.swarms.role_changed,),
        ClientLeft: (c.swarms.client_left,),
        DownloadStarted: (c.answers.began,),
        FileWritten: (c.completion.written,),
        FileNotWritten: (c.completion.not_written,),
        FileUnavailable: (c.availability.given_up,),
        ThreadEnded: (c.ends.thread_ended,),
        Died: (c.deaths.died,),
        Restarted: (c.deaths.restarted, c.uploads.restarted, c.answers.restarted),
        FaultBegan: (c.faults.began,),
        FaultEnded: (),
        MessageFaulted: (c.faults.faulted, c.delivery.faulted),
    }


def chained(handlers: tuple[Any, ...]) -> Callable[[int, int, Any, Any], None]:
    """All of these as one."""
    if len(handlers) == 1:
        only: Callable[[int, int, Any, Any], None] = handlers[0]
        return only

    def handle(line: int, rank: int, where: Any, what: Any) -> None:
        for each in handlers:
            each(line, rank, where, what)

    return handle
