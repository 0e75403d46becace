"""The checker: one pass over a trace, whoever wrote it, and a verdict for every rule of the protocol."""

from collections.abc import Callable
from typing import Any, Literal

import msgspec

from emulator.checker import rules
from emulator.checker.checks.availability import AvailabilityCheck
from emulator.checker.checks.channels import ChannelCheck, Table
from emulator.checker.checks.clients import Known
from emulator.checker.checks.delivery import DeliveryCheck, Flying, Way
from emulator.checker.checks.download import DownloadCheck
from emulator.checker.checks.faults import FaultCheck
from emulator.checker.checks.findings import Violation, shown
from emulator.checker.checks.tracker import TrackerCheck
from emulator.checker.checks.upload import UploadCheck
from emulator.protocol.events import (
    AnyEvent,
    Channel,
    ClientLeft,
    Died,
    DownloadStarted,
    FaultBegan,
    FaultEnded,
    FileUnavailable,
    FileWritten,
    MessageFaulted,
    Received,
    Restarted,
    RoleChanged,
    Sent,
    ThreadEnded,
)
from emulator.protocol.files import ClientInput, FileMetadata
from emulator.protocol.messages import (
    TRACKER,
    AnyMessage,
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
from emulator.trace.format import Header
from emulator.trace.reader import Trace

Verdict = Literal["valid", "invalid", "unknown"]

LOOKED_AT = frozenset(
    {
        RoleChanged,
        FileWritten,
        DownloadStarted,
        ThreadEnded,
        FileUnavailable,
        ClientLeft,
        Died,
        Restarted,
        FaultBegan,
        FaultEnded,
        MessageFaulted,
    }
)
"""Events, besides messages, that something is checked of; most are others."""


class RuleVerdict(msgspec.Struct, frozen=True):
    """What the checker says about one rule."""

    rule: str
    steps: tuple[str, ...]
    text: str
    verdict: Verdict
    num_violations: int
    violations: tuple[Violation, ...]
    """The first of them."""
    reason: str = ""
    """Why it is unknown."""


class Report(msgspec.Struct, frozen=True):
    """What the checker says about a trace."""

    verdict: Verdict
    """Invalid if one rule is, unknown if one is, else valid."""
    rules: tuple[RuleVerdict, ...]
    num_events: int
    is_cut: bool
    """Whether the trace ends before the run did."""
    end: str
    """How the trace ends, in words."""

    @property
    def exit_status(self) -> int:
        return {"valid": 0, "invalid": 1, "unknown": 3}[self.verdict]


def check_trace(trace: Trace, inputs: tuple[ClientInput, ...] | None = None) -> Report:
    """Check a whole trace; `inputs`, the clients' input files, show also that it is about them.

    Raises `InputError` for a line that is no event.
    """
    checker = Checker(trace.header, inputs)
    for first, stamps, events in trace:
        checker.add(first, stamps, events)
    is_cut = trace.end is None or trace.end.outcome != "complete"
    if trace.end is None:
        end = "cut, in the middle of a line" if trace.is_torn else "cut, without a last line"
    else:
        end = f"{trace.end.outcome}: {trace.end.reason}" if trace.end.reason else trace.end.outcome
    return checker.report(is_cut, end)


class Checker:
    """Takes the events of one run in an order in which nothing is received before it was sent.

    Blocks of a trace come by `add`; a run that is going on is told event by event, by `sent`, `received` and `event`.
    """

    def __init__(self, header: Header, inputs: tuple[ClientInput, ...] | None = None) -> None:
        self._header = header
        self._inputs = inputs
        self._known = known = Known(header)
        self._findings = known.findings
        self._dead = known.dead
        self._kinds: set[type] = set()
        self._has_sent = self._has_received = False
        self._line = 1
        """The line of the latest event; the header is line 1."""
        self._download = download = DownloadCheck(known)
        self._upload = upload = UploadCheck(known)
        self._tracker = tracker = TrackerCheck(known)
        self._delivery = delivery = DeliveryCheck(known)
        self._in_flight = delivery.in_flight
        self._availability = availability = AvailabilityCheck(known, tracker)
        self._faults = FaultCheck(known)
        self._channels = channels = ChannelCheck(known)
        to_tracker, from_tracker = channels.to_tracker, channels.from_tracker
        self._client_upload: Table = {
            SegmentRequest: download.segment_request,
            ConnectionCountRequest: download.count_request,
            HoldingsRequest: download.holdings_request,
            Close: download.close,
        }
        self._client_download: Table = {
            Hit: upload.hit,
            Miss: upload.miss,
            ConnectionCount: upload.connection_count,
            Holdings: upload.holdings,
            Metadata: to_tracker(self._declared),
            MetadataRequest: to_tracker(self._metadata_requested),
            SwarmRequest: to_tracker(download.swarm_request),
            FileCompleted: to_tracker(download.file_completed),
            Finished: to_tracker(download.finished),
            Stuck: to_tracker(download.stuck),
            Leave: to_tracker(download.leave),
        }
        self._tracker_upload: Table = {Stop: from_tracker(tracker.stop)}
        self._tracker_download: Table = {
            Barrier: from_tracker(tracker.barrier),
            MetadataAnswer: from_tracker(tracker.metadata_answer),
            SwarmAnswer: from_tracker(tracker.swarm_answer),
            StuckAnswer: from_tracker(tracker.stuck_answer, availability.stuck_answer),
        }
        self._received_by_client: Table = {
            SegmentRequest: upload.segment_request,
            ConnectionCountRequest: upload.count_request,
            HoldingsRequest: upload.holdings_request,
            Close: upload.close,
            Stop: upload.stop,
            Barrier: download.barrier,
            MetadataAnswer: download.metadata_answer,
            SwarmAnswer: download.swarm_answer,
            StuckAnswer: download.stuck_answer,
            Hit: download.hit,
            Miss: download.miss,
            ConnectionCount: download.connection_count,
            Holdings: download.holdings,
        }
        self._received_by_tracker: dict[type, Callable[[int, int, Any], None]] = {
            Metadata: tracker.reported,
            MetadataRequest: tracker.metadata_request,
            SwarmRequest: tracker.swarm_request,
            FileCompleted: tracker.file_completed,
            Finished: tracker.finished,
            Leave: tracker.leave,
        }
        if inputs is not None and len(inputs) != header.clients:
            text = f"the trace is of {header.clients} clients, and there are inputs for {len(inputs)}"
            self._findings.add(rules.INPUTS, (1,), text, "each client has one input (P1)")

    def add(self, first: int, stamps: list[Any], events: list[Any]) -> None:
        """Take the next events, which stand in consecutive lines of the trace, from line `first` on."""
        self._line = first - 1
        sent, received, other = self.sent, self.received, self.event
        for stamp, event in zip(stamps, events, strict=False):
            kind = type(event)
            if kind is Sent:
                sent(stamp.rank, event.on, event.to, event.message)
            elif kind is Received:
                received(stamp.rank, event.on, event.source, event.message)
            else:
                other(stamp.rank, stamp.thread, event)

    def sent(self, rank: int, on: Channel, to: int, message: AnyMessage) -> None:
        """Take the next event: `rank` hands a message for rank `to` over to a communicator."""
        self._has_sent = True
        self._line = line = self._line + 1
        way = (on, rank, to)
        if way in self._in_flight:
            self._delivery.follow(way, message)
        else:
            self._in_flight[way] = message
        if self._dead and rank in self._dead:
            self._delivery.dead_acts(line, rank)
        try:
            if rank:
                handle = (self._client_upload if on == "upload" else self._client_download)[type(message)]
            else:
                handle = (self._tracker_upload if on == "upload" else self._tracker_download)[type(message)]
        except KeyError:
            self._send_otherwise(line, rank, on, to, message)
        else:
            handle(line, rank, to, message)

    def received(self, rank: int, on: Channel, source: int, message: AnyMessage) -> None:
        """Take the next event: `rank` takes a message of rank `source` from a communicator."""
        self._has_received = True
        self._line = line = self._line + 1
        way = (on, source, rank)
        flying = self._in_flight.pop(way, None)
        if flying != message:
            self._receive_otherwise(line, way, message, flying)
        if self._dead and rank in self._dead:
            self._delivery.dead_acts(line, rank)
        if rank:
            handle = self._received_by_client.get(type(message))
            if handle is not None:
                handle(line, rank, source, message)
        else:
            react = self._received_by_tracker.get(type(message))
            if react is not None:
                react(line, source, message)

    def event(self, rank: int, thread: str, event: AnyEvent) -> None:
        """Take the next event, of any other kind than these two."""
        kind = type(event)
        self._kinds.add(kind)
        self._line = line = self._line + 1
        if kind not in LOOKED_AT:
            if rank in self._dead:
                self._delivery.dead_acts(line, rank)
            return
        match event:
            case RoleChanged():
                self._tracker.role_changed(line, event)
            case FileWritten(file):
                self._known.clients[rank].written[file] = line
            case DownloadStarted():
                self._download.began(rank, event)
            case ThreadEnded():
                if thread == "upload" and rank not in self._dead:
                    self._upload.thread_ended(line, rank)
            case FileUnavailable():
                self._availability.given_up(line, rank, event)
            case ClientLeft():
                self._tracker.client_left(line, event)
            case _:
                self._happen(line, rank, event)

    def _happen(self, line: int, rank: int, event: AnyEvent) -> None:
        """What comes from outside of the protocol: deaths, and other faults."""
        match event:
            case Died():
                self._dead.add(rank)
                self._delivery.died(line, rank)
            case Restarted(is_state_kept):
                self._dead.discard(rank)
                self._delivery.restarted(rank)
                self._upload.restarted(rank)
                self._download.restarted(rank, is_state_kept)
            case FaultBegan():
                self._faults.began(rank, event)
            case MessageFaulted():
                self._faults.faulted(rank, event)
                self._delivery.faulted(line, rank, event)
            case FaultEnded():
                pass

    def _send_otherwise(self, line: int, rank: int, on: Channel, to: int, message: AnyMessage) -> None:
        """A message that its sender does not send on this communicator: perhaps on the other one."""
        kind = type(message)
        if rank == TRACKER:
            handler = self._tracker_upload.get(kind) or self._tracker_download.get(kind)
        else:
            handler = self._client_upload.get(kind) or self._client_download.get(kind)
        self._channels.sent_otherwise(line, rank, on, to, message, handler)

    def _receive_otherwise(self, line: int, way: Way, message: AnyMessage, flying: Flying | None) -> None:
        """What is received is not the one message that is in flight."""
        on, source, rank = way
        self._delivery.deliver(line, way, Received(on, source, message), flying)
        if not isinstance(message, (Lost, Returned)):
            return
        is_lost = isinstance(message, Lost)
        if rank == TRACKER:
            if isinstance(message, Lost):
                self._tracker.lost(source, message.is_coming_back)
            else:
                self._tracker.returned(source)
        elif on == "download":
            told = self._download.lost if is_lost else self._download.returned
            told(rank, source)
        elif is_lost:
            self._upload.lost(rank, source)

    def _declared(self, line: int, rank: int, _to: int, message: Metadata) -> None:
        self._tracker.declared(line, rank, message)
        if self._inputs is not None and 0 < rank <= len(self._inputs):
            due = self._inputs[rank - 1].owned
            if message.files != due:
                text = f"client {rank} declares {_names(message.files)}, not what its input says"
                self._findings.add(rules.INPUTS, (line,), text, f"it declares {_names(due)}, with their hashes (P2)")

    def _metadata_requested(self, line: int, rank: int, to: int, message: MetadataRequest) -> None:
        self._download.metadata_request(line, rank, to, message)
        if self._inputs is not None and 0 < rank <= len(self._inputs):
            due = self._inputs[rank - 1].wanted
            if message.files != due:
                text = f"client {rank} asks for {', '.join(message.files) or 'nothing'}"
                self._findings.add(rules.INPUTS, (line,), text, f"its input wants {', '.join(due) or 'nothing'} (D1)")

    def violations(self, is_cut: bool = False) -> list[Violation]:
        """All that is wrong with the run, which ends here, or goes on where it `is_cut`: less work than a report."""
        if not is_cut:
            self._check_end()
        self._delivery.condemn_all()
        return [violation for kept in self._findings.kept.values() for violation in kept]

    def report(self, is_cut: bool, end: str) -> Report:
        """The verdicts. `is_cut` says that the run went on after the last event, `end` how the trace ends."""
        recorded = self._recorded()
        if not is_cut and recorded >= rules.MESSAGES:
            self._check_end()
        self._delivery.condemn_all()
        verdicts = tuple(self._judge(rule, is_cut, recorded) for rule in rules.RULES if self._applies(rule))
        said = {judged.verdict for judged in verdicts}
        worst: Verdict = "invalid" if "invalid" in said else "unknown" if "unknown" in said else "valid"
        return Report(worst, verdicts, self._line - 1, is_cut, end)

    def _applies(self, rule: rules.Rule) -> bool:
        if rule.needs_inputs and self._inputs is None:
            return False
        return not rule.is_strategy or self._header.strategy == rules.PEERS_FIRST

    def _recorded(self) -> set[str]:
        """The kinds of events that the program records, by its own word or by what is there."""
        return self._seen() | set(self._header.events or ())

    def _seen(self) -> set[str]:
        seen = {kind.__name__ for kind in self._kinds}
        messages = {"Sent"} if self._has_sent else set[str]()
        return seen | messages | ({"Received"} if self._has_received else set())

    def _check_end(self) -> None:
        self._tracker.check_end("RoleChanged" in self._recorded())
        self._delivery.check_end(self._missed)
        for rank in range(TRACKER + 1, self._header.clients + 1):
            if rank not in self._dead and not self._tracker.knows_lost(rank):
                self._check_client(rank)

    def _check_client(self, rank: int) -> None:
        """A client that is alive, or never heard of, has come to its end."""
        client = self._known.clients.get(rank)
        expected = "all clients come to their end"
        if client is None:
            self._findings.add(rules.EVERYTHING_COMPLETE, (), f"client {rank} is never finished", expected)
            return
        missing = [file for file in client.wanted if not client.is_done_with(file)]
        if client.outstanding is not None and not (client.finished and self._known.loses_messages):
            line, to, request = client.outstanding
            text = f"client {rank} waits for ever for rank {to} to answer {shown(request)}"
            self._findings.add(rules.EVERYTHING_COMPLETE, (line,), text, expected)
        elif missing:
            text = f"client {rank} never completes {missing[0]!r}"
            self._findings.add(rules.EVERYTHING_COMPLETE, (client.asked,), text, expected)
        elif not client.finished:
            text = f"client {rank} is never finished"
            self._findings.add(rules.EVERYTHING_COMPLETE, (client.asked,), text, expected)

    def _missed(self, on: Channel, source: int, rank: int, waiting: list[AnyMessage]) -> list[AnyMessage]:
        """What should have been received of these, and never was."""
        if rank in self._dead:
            return []
        if on == "upload":
            # Where order holds between two ranks only, another client's stop can overtake a close (U5). Whoever else
            # sends something to a thread that has ended breaks another rule.
            return [] if self._upload.has_ended(rank) else [sent for sent in waiting if not isinstance(sent, Close)]
        if rank == TRACKER and self._tracker.has_finished(source):
            # The tracker ends when it has heard of the last client, and reads no more.
            return [
                sent for sent in waiting if not (isinstance(sent, (Finished, Leave)) or self._known.disturbs_messages)
            ]
        if rank != TRACKER and self._is_over(rank):
            return []
        return waiting

    def _is_over(self, rank: int) -> bool:
        """Whether a client's download thread has ended, and may have left late answers unread."""
        client = self._known.clients.get(rank)
        return client is not None and bool(client.finished) and (self._known.disturbs_messages or client.is_again)

    def _judge(self, rule: rules.Rule, is_cut: bool, recorded: set[str]) -> RuleVerdict:
        num = self._findings.counts[rule.name]
        reason = ""
        # A program may record kinds of events that do not occur, but no run is without messages.
        missing = rule.needs - recorded | (rule.needs & rules.MESSAGES) - self._seen()
        if missing:
            reason = f"the trace has no {' and no '.join(sorted(missing))} events"
        elif is_cut:
            reason = "the trace ends before the run did"
        if missing & rules.MESSAGES:
            num = 0  # whatever was found may come from what is not there
        verdict: Verdict = "invalid" if num else "unknown" if reason else "valid"
        violations = tuple(self._findings.kept.get(rule.name, ())) if num else ()
        return RuleVerdict(rule.name, rule.steps, rule.text, verdict, num, violations, "" if num else reason)


def _names(files: tuple[FileMetadata, ...]) -> str:
    return ", ".join(f"{metadata.name!r} with {metadata.num_segments} segments" for metadata in files) or "nothing"
