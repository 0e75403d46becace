"""The checker: one pass over a trace, whoever wrote it, and a verdict for every rule of the protocol."""

from collections import deque
from collections.abc import Callable, Iterable
from itertools import count
from typing import Any, Literal

import msgspec

from emulator.protocol.events import (
    FileWritten,
    Received,
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
    Metadata,
    MetadataAnswer,
    MetadataRequest,
    Miss,
    SegmentRequest,
    Stop,
    SwarmAnswer,
    SwarmRequest,
)
from emulator.trace import rules
from emulator.trace.checks.clients import Client
from emulator.trace.checks.download import DownloadCheck
from emulator.trace.checks.findings import Findings, Violation
from emulator.trace.checks.tracker import TrackerCheck
from emulator.trace.checks.upload import UploadCheck
from emulator.trace.format import Header
from emulator.trace.reader import Trace

Verdict = Literal["valid", "invalid", "unknown"]
_Handler = Callable[[int, int, int, Any], None]
_Way = tuple[str, int, int]
"""A communicator, who sends, and who receives."""


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
    """Takes the events of one run in an order in which nothing is received before it was sent."""

    def __init__(self, header: Header, inputs: tuple[ClientInput, ...] | None = None) -> None:
        self._header = header
        self._inputs = inputs
        self._findings = Findings()
        self._clients = [Client(rank) for rank in range(header.clients + 1)]
        self._metadata: dict[str, FileMetadata] = {}
        self._in_flight: dict[_Way, AnyMessage | deque[AnyMessage]] = {}
        """What was sent and is not received yet. Almost always that is one message or none between two ranks."""
        self._kinds: set[type] = set()
        self._num_events = 0
        download = DownloadCheck(header, self._clients, self._metadata, self._findings)
        upload = UploadCheck(self._clients, self._metadata, self._findings)
        self._upload = upload
        self._tracker = tracker = TrackerCheck(header, self._clients, self._metadata, self._findings)
        self._sent: dict[type, _Handler] = {
            Metadata: self._declared,
            MetadataRequest: self._metadata_requested,
            SwarmRequest: download.swarm_request,
            SegmentRequest: download.segment_request,
            ConnectionCountRequest: download.count_request,
            Close: download.close,
            FileCompleted: download.file_completed,
            Finished: download.finished,
            Hit: upload.hit,
            Miss: upload.miss,
            ConnectionCount: upload.connection_count,
            Barrier: _without_rank(tracker.barrier),
            MetadataAnswer: _without_rank(tracker.metadata_answer),
            SwarmAnswer: _without_rank(tracker.swarm_answer),
            Stop: _without_rank(tracker.stop),
        }
        self._received: dict[type, _Handler] = {
            Metadata: _without_rank(tracker.reported),
            MetadataRequest: _without_rank(tracker.metadata_request),
            SwarmRequest: _without_rank(tracker.swarm_request),
            FileCompleted: _without_rank(tracker.file_completed),
            Finished: _without_rank(tracker.finished),
            SegmentRequest: upload.segment_request,
            ConnectionCountRequest: upload.count_request,
            Close: upload.close,
            Stop: upload.stop,
            Barrier: download.barrier,
            MetadataAnswer: download.metadata_answer,
            SwarmAnswer: download.swarm_answer,
            Hit: download.hit,
            Miss: download.miss,
            ConnectionCount: download.connection_count,
        }
        self._metadata_request = download.metadata_request
        if inputs is not None and len(inputs) != header.clients:
            text = f"the trace is of {header.clients} clients, and there are inputs for {len(inputs)}"
            self._findings.add(rules.INPUTS, (1,), text, "each client has one input (P1)")

    def add(self, first: int, stamps: list[Any], events: list[Any]) -> None:
        """Take the next events, which stand in consecutive lines of the trace, from line `first` on."""
        self._num_events += len(events)
        self._kinds.update(set(map(type, events)))
        sent, received, in_flight = self._sent, self._received, self._in_flight
        for line, stamp, event in zip(count(first), stamps, events, strict=False):
            kind = type(event)
            if kind is Sent:
                rank, to, message = stamp.rank, event.to, event.message
                key = (event.on, rank, to)
                if key in in_flight:
                    self._follow(key, message)
                else:
                    in_flight[key] = message
                sent[type(message)](line, rank, to, message)
            elif kind is Received:
                rank, source, message = stamp.rank, event.source, event.message
                key = (event.on, source, rank)
                waiting = in_flight.pop(key, None)
                if waiting != message:
                    self._deliver(line, key, event, waiting)
                received[type(message)](line, rank, source, message)
            elif kind is RoleChanged:
                self._tracker.role_changed(line, event)
            elif kind is FileWritten:
                self._clients[stamp.rank].written[event.file] = line
            elif kind is ThreadEnded and stamp.thread == "upload":
                self._upload.thread_ended(line, stamp.rank)

    def _follow(self, key: _Way, message: AnyMessage) -> None:
        """Another message is in flight already between these two."""
        before = self._in_flight[key]
        if isinstance(before, deque):
            before.append(message)
        else:
            self._in_flight[key] = deque((before, message))

    def _deliver(self, line: int, key: _Way, event: Received, flying: AnyMessage | deque[AnyMessage] | None) -> None:
        """Take a message out of those that were in flight, or say why it cannot be."""
        waiting = flying if isinstance(flying, deque) else deque(() if flying is None else (flying,))
        if waiting and waiting[0] == event.message:
            waiting.popleft()
        else:
            text = f"rank {key[2]} receives {event.message!r:.80} from rank {event.source} on {event.on}"
            if not waiting:
                expected = "nothing is received that was not sent before"
            elif event.message in waiting:
                expected = f"{waiting[0]!r:.80} was sent earlier and comes first"
                waiting.remove(event.message)
            else:
                expected = f"{waiting[0]!r:.80} was sent, and comes next"
                if type(waiting[0]) is type(event.message):
                    waiting.popleft()  # it was altered on its way: those behind it are in order
            self._findings.add(rules.DELIVERY, (line,), text, expected)
        if waiting:
            self._in_flight[key] = waiting if len(waiting) > 1 else waiting[0]

    def _declared(self, line: int, rank: int, _to: int, message: Metadata) -> None:
        self._tracker.declared(line, rank, message)
        if self._inputs is not None and 0 < rank <= len(self._inputs):
            due = self._inputs[rank - 1].owned
            if message.files != due:
                text = f"client {rank} declares {_names(message.files)}, not what its input says"
                self._findings.add(rules.INPUTS, (line,), text, f"it declares {_names(due)}, with their hashes (P2)")

    def _metadata_requested(self, line: int, rank: int, to: int, message: MetadataRequest) -> None:
        self._metadata_request(line, rank, to, message)
        if self._inputs is not None and 0 < rank <= len(self._inputs):
            due = self._inputs[rank - 1].wanted
            if message.files != due:
                text = f"client {rank} asks for {', '.join(message.files) or 'nothing'}"
                self._findings.add(rules.INPUTS, (line,), text, f"its input wants {', '.join(due) or 'nothing'} (D1)")

    def report(self, is_cut: bool, end: str) -> Report:
        """The verdicts. `is_cut` says that the run went on after the last event, `end` how the trace ends."""
        if not is_cut and self._recorded() >= rules.MESSAGES:
            self._check_end()
        verdicts = tuple(self._judge(rule, is_cut) for rule in rules.RULES if self._applies(rule))
        said = {judged.verdict for judged in verdicts}
        worst: Verdict = "invalid" if "invalid" in said else "unknown" if "unknown" in said else "valid"
        return Report(worst, verdicts, self._num_events, is_cut, end)

    def _applies(self, rule: rules.Rule) -> bool:
        if rule.needs_inputs and self._inputs is None:
            return False
        return not rule.is_strategy or self._header.strategy == rules.PEERS_FIRST

    def _recorded(self) -> set[str]:
        """The kinds of events that the program records, by its own word or by what is there."""
        return self._seen() | set(self._header.events or ())

    def _seen(self) -> set[str]:
        return {kind.__name__ for kind in self._kinds}

    def _check_end(self) -> None:
        self._tracker.check_end("RoleChanged" in self._recorded())
        for (channel, source, rank), flying in self._in_flight.items():
            waiting = flying if isinstance(flying, deque) else [flying]
            left = self._missed(channel, source, rank, waiting)
            if left:
                text = f"rank {rank} never receives {left[0]!r:.80} from rank {source} on {channel}"
                self._findings.add(rules.DELIVERY, (), text, "all that is sent arrives")
        for client in self._clients[TRACKER + 1 :]:
            missing = [file for file in client.wanted if not client.is_whole(file)]
            expected = "all clients come to their end"
            if client.outstanding is not None:
                line, to, request = client.outstanding
                text = f"client {client.rank} waits for ever for rank {to} to answer {request!r:.80}"
                self._findings.add(rules.EVERYTHING_COMPLETE, (line,), text, expected)
            elif missing:
                text = f"client {client.rank} never completes {missing[0]!r}"
                self._findings.add(rules.EVERYTHING_COMPLETE, (client.asked,), text, expected)
            elif not client.finished:
                text = f"client {client.rank} is never finished"
                self._findings.add(rules.EVERYTHING_COMPLETE, (client.asked,), text, expected)

    def _missed(self, channel: str, source: int, rank: int, waiting: Iterable[AnyMessage]) -> list[AnyMessage]:
        """What should have been received of these, and never was."""
        if channel == "upload":
            # Where order holds between two ranks only, another client's stop can overtake a close (U5). Whoever else
            # sends something to a thread that has ended breaks another rule.
            return [] if self._upload.has_ended(rank) else [sent for sent in waiting if not isinstance(sent, Close)]
        if rank == TRACKER and self._tracker.has_finished(source):
            return [sent for sent in waiting if not isinstance(sent, Finished)]
        return list(waiting)

    def _judge(self, rule: rules.Rule, is_cut: bool) -> RuleVerdict:
        num = self._findings.counts[rule.name]
        reason = ""
        # A program may record kinds of events that do not occur, but no run is without messages.
        missing = rule.needs - self._recorded() | (rule.needs & rules.MESSAGES) - self._seen()
        if missing:
            reason = f"the trace has no {' and no '.join(sorted(missing))} events"
        elif is_cut:
            reason = "the trace ends before the run did"
        if missing & rules.MESSAGES:
            num = 0  # whatever was found may come from what is not there
        verdict: Verdict = "invalid" if num else "unknown" if reason else "valid"
        violations = tuple(self._findings.kept.get(rule.name, ())) if num else ()
        return RuleVerdict(rule.name, rule.steps, rule.text, verdict, num, violations, "" if num else reason)


def _without_rank(handle: Callable[[int, int, Any], None]) -> _Handler:
    """The tracker's handlers: there is only one tracker."""
    return lambda line, _rank, other, message: handle(line, other, message)


def _names(files: tuple[FileMetadata, ...]) -> str:
    return ", ".join(f"{metadata.name!r} with {metadata.num_segments} segments" for metadata in files) or "nothing"
