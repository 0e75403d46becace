"""Perfetto and Chrome's tracing: a process for each rank, a track for each thread, an arrow for each message.

All slices and counters come from the messages, so that a trace with nothing else in it can be looked at too; the other
events make them more exact, and add instants. `docs/exports.md` says what is shown as what.
"""

from collections.abc import Iterator

import msgspec

from emulator.protocol.events import (
    AnyEvent,
    Arrived,
    BarrierOpened,
    ClientFinished,
    ClientLeft,
    Died,
    DownloadStarted,
    FaultBegan,
    FaultEnded,
    FileUnavailable,
    FileWritten,
    MessageFaulted,
    PeerChosen,
    Received,
    Restarted,
    RoleChanged,
    RoundEnded,
    SeedChosen,
    SegmentRejected,
    SegmentsTaken,
    Sent,
    ThreadEnded,
    ThreadFailed,
    ThreadStarted,
)
from emulator.protocol.files import FileMetadata
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
from emulator.trace.exports.arrows import Arrows
from emulator.trace.exports.counters import Client
from emulator.trace.exports.fields import fields, kind
from emulator.trace.exports.trace_events import LIFE, MESSAGE, ROUND, STAGE, VISIT, Args, Process, Track
from emulator.trace.reader import Entry, Trace
from emulator.trace.records import ThreadName

Request = MetadataRequest | SwarmRequest | SegmentRequest | ConnectionCountRequest | HoldingsRequest | Stuck
Answer = MetadataAnswer | SwarmAnswer | Hit | Miss | ConnectionCount | Holdings | StuckAnswer
Awaited = Answer | Barrier
"""What a client waits for; a thread that receives anything else serves it."""
Told = Lost | Returned
"""What nobody has sent, and nobody serves."""


def export(trace: Trace) -> Iterator[bytes]:
    """The JSON object, a record a line."""
    timeline = _Timeline()
    yield b'{"traceEvents":[\n'
    separator = b""
    for entry in trace.entries():
        timeline.add(entry)
        for record in timeline.take():
            yield separator + record
            separator = b",\n"
    timeline.finish()
    for record in timeline.take():
        yield separator + record
        separator = b",\n"
    about = msgspec.to_builtins(trace.header) | {"end": trace.end.outcome if trace.end else "cut"}
    yield b'\n],"otherData":' + msgspec.json.encode(about) + b"}\n"


class _Timeline:
    """Takes events, and makes records of them."""

    def __init__(self) -> None:
        self._records: list[bytes] = []
        self._processes: dict[int, Process] = {}
        self._tracks: dict[tuple[int, ThreadName], Track] = {}
        self._clients: dict[int, Client] = {}
        self._num_rounds: dict[tuple[int, str], int] = {}
        self._completed: set[tuple[int, str]] = set()
        self._metadata: dict[str, FileMetadata] = {}
        """Kept once for all clients."""
        self._arrows: Arrows[tuple[int, float]] = Arrows()
        """Each with the line and the time of its sending."""
        self._latest_us = 0.0

    def take(self) -> list[bytes]:
        """The records made since the last call."""
        taken, self._records = self._records, []
        return taken

    def _put(self, record: Args) -> None:
        self._records.append(msgspec.json.encode(record))

    def _process(self, rank: int) -> Process:
        if rank not in self._processes:
            self._processes[rank] = Process(self._put, rank)
        return self._processes[rank]

    def _client(self, rank: int) -> Client:
        return self._clients.setdefault(rank, Client())

    def add(self, entry: Entry) -> None:
        line, stamp, event = entry
        rank = stamp.rank
        self._process(rank)
        if (rank, stamp.thread) not in self._tracks:
            self._tracks[rank, stamp.thread] = Track(self._put, rank, stamp.thread)
        track = self._tracks[rank, stamp.thread]
        found = self._arrows.received(rank, event) if isinstance(event, Received) else None
        arrow, sent_us = found or (None, None)
        track.go_on(stamp.t, sent_us)
        self._latest_us = max(self._latest_us, track.now_us)
        match event:
            case Sent(_, to, message):
                self._arrows.sent(rank, event, (line, track.now_us))
                self._before_sending(track, rank, to, message)
                track.point(kind(message), "flow_out", line, to=to, step=stamp.step, **fields(message))
                self._after_sending(track, rank, to, message)
            case Received(_, source, message):
                if not isinstance(message, Awaited | Told):
                    said = fields(message)
                    track.begin(MESSAGE, f"serve {kind(message)}", is_served=True, source=source, **said)
                track.point(kind(message), "flow_in", arrow, source=source)
                self._after_receiving(track, rank, source, message)
            case _:
                self._add_other(track, rank, entry)

    # Messages

    def _before_sending(self, track: Track, rank: int, to: int, message: AnyMessage) -> None:
        """Begin, and end, the slices that a message shows."""
        match message:
            case Metadata():
                track.begin(STAGE, _wait(1))
            case MetadataRequest():
                track.begin(STAGE, _wait(2))
            case SwarmRequest(file):
                self._begin_round(track, rank, file)
            case SegmentRequest():
                if not track.is_in(VISIT, _visit(to)):
                    track.begin(VISIT, _visit(to))
            case ConnectionCountRequest():
                track.end_before(VISIT)
            case FileCompleted(file):
                track.end_before(STAGE)
                self._complete(track, rank, file)
            case Finished():
                track.end_before(STAGE)
        if isinstance(message, Request):
            track.begin(MESSAGE, kind(message), to=to, **fields(message))

    def _begin_round(self, track: Track, rank: int, file: str) -> None:
        if not track.is_in(STAGE, file):
            track.begin(STAGE, file)
        number = self._num_rounds[rank, file] = self._num_rounds.get((rank, file), 0) + 1
        track.begin(ROUND, f"round {number}", file=file)

    def _after_sending(self, track: Track, rank: int, to: int, message: AnyMessage) -> None:
        match message:
            case Metadata(files):
                self._client(rank).declare(files)
                self._draw_held(track, rank)
                self._draw_connections(track, rank)
            case Close():
                if track.is_in(VISIT, _visit(to)):
                    track.end(VISIT)
            case Hit():
                if self._client(rank).connect(to):
                    self._draw_connections(track, rank)

    def _after_receiving(self, track: Track, rank: int, source: int, message: AnyMessage) -> None:
        if isinstance(message, Answer):
            track.end(MESSAGE, answer=kind(message))
        match message:
            case Barrier(number):
                if track.is_in(STAGE, _wait(number)):
                    track.end(STAGE)
            case MetadataAnswer(files):
                for metadata in files:
                    self._client(rank).want(self._metadata.setdefault(metadata.name, metadata))
            case SwarmAnswer(_, seeds, peers):
                track.tell(ROUND, seeds=seeds, peers=peers)
            case Hit():
                track.add_up("hits")
                if self._client(rank).take(message):
                    self._draw_held(track, rank)
            case Miss():
                track.add_up("misses")
                track.instant("miss", uploader=source, **fields(message))
            case Close():
                if self._client(rank).disconnect(source):
                    self._draw_connections(track, rank)
            case Stop():
                if self._client(rank).stop():
                    self._draw_connections(track, rank)

    def _draw_held(self, track: Track, rank: int) -> None:
        self._process(rank).count(track.now_us, "segments", "held", self._client(rank).num_held)

    def _draw_connections(self, track: Track, rank: int) -> None:
        self._process(rank).count(track.now_us, "connections", "open", len(self._client(rank).connections))

    def _complete(self, track: Track, rank: int, file: str) -> None:
        """Once for each file: told by the event where there is one, else by the message."""
        if (rank, file) not in self._completed:
            self._completed.add((rank, file))
            self._process(rank).instant(track.now_us, f"{file} complete", file=file)

    # Other events

    def _add_other(self, track: Track, rank: int, entry: Entry) -> None:
        event = entry.event
        match event:
            case ThreadStarted(pid):
                track.begin(LIFE, f"{entry.stamp.thread} thread", pid=pid)
            case ThreadEnded():
                track.end(LIFE)
            case ThreadFailed(error):
                self._process(rank).instant(track.now_us, "failed", error=error)
                track.end(LIFE, error=error)
            case BarrierOpened(number):
                self._process(TRACKER).instant(track.now_us, f"barrier {number} opens")
            case RoleChanged(client, file, role):
                self._process(client).instant(track.now_us, f"{role} of {file}", file=file)
            case ClientFinished(client):
                self._process(client).instant(track.now_us, "finished")
            case DownloadStarted(file, num_segments, num_present):
                track.begin(STAGE, file, num_segments=num_segments, num_present=num_present)
            case RoundEnded():
                track.end(ROUND)
            case SegmentsTaken():
                track.end(VISIT)
            case FileWritten(file):
                self._complete(track, rank, file)
                track.end(STAGE)
            case PeerChosen() | SeedChosen() | SegmentRejected():
                track.instant(kind(event), **fields(event))
            case _:
                self._add_fate(track, rank, event)

    def _add_fate(self, track: Track, rank: int, event: AnyEvent) -> None:
        """Who comes and goes, and what goes wrong."""
        match event:
            case FileUnavailable(file):
                self._process(rank).instant(track.now_us, f"{file} unavailable", **fields(event))
                track.end(STAGE)
            case Arrived():
                self._process(rank).instant(track.now_us, "arrived")
            case ClientLeft(client):
                self._process(client).instant(track.now_us, "left")
            case Died(cause):
                self._process(rank).instant(track.now_us, "died", cause=cause)
                self._end_life(track, rank)
            case Restarted(is_state_kept):
                self._process(rank).instant(track.now_us, "restarted", is_state_kept=is_state_kept)
            case FaultBegan(fault):
                self._process(rank).instant(track.now_us, f"begins: {fault}")
            case FaultEnded(fault):
                self._process(rank).instant(track.now_us, f"ends: {fault}")
            case MessageFaulted(verdict, _, to, message):
                self._arrows.faulted(rank, event)
                track.instant(verdict, message=kind(message), to=to, **fields(message))

    def _end_life(self, track: Track, rank: int) -> None:
        """Everything that the rank was doing ends with its death."""
        for (other, _), each in self._tracks.items():
            if other == rank:
                each.finish(max(track.now_us, each.now_us))
        if self._client(rank).stop():
            self._draw_connections(track, rank)

    def finish(self) -> None:
        """Nothing more is known."""
        for track in self._tracks.values():
            track.finish(self._latest_us)


def _wait(number: int) -> str:
    return f"wait for barrier {number}"


def _visit(uploader: int) -> str:
    return f"visit to client {uploader}"
