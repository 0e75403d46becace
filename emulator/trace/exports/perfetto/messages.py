"""The slices, instants and curves that single messages show."""

from emulator.protocol.messages import (
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
from emulator.trace.exports.fields import fields, kind
from emulator.trace.exports.perfetto.slices import MESSAGE, ROUND, STAGE, VISIT, Track
from emulator.trace.exports.perfetto.timeline import Timeline

Request = MetadataRequest | SwarmRequest | SegmentRequest | ConnectionCountRequest | HoldingsRequest | Stuck
Answer = MetadataAnswer | SwarmAnswer | Hit | Miss | ConnectionCount | Holdings | StuckAnswer
Unserved = Answer | Barrier | Lost | Returned
"""What a client waits for, and what the engine tells. A thread that receives anything else serves it."""


def before_sending(timeline: Timeline, track: Track, to: int, message: AnyMessage) -> None:
    """Begin and end the slices that a message stands for."""
    match message:
        case Metadata():
            track.begin(STAGE, _wait(1))
        case MetadataRequest():
            track.begin(STAGE, _wait(2))
        case SwarmRequest(file):
            _begin_round(timeline, track, file)
        case SegmentRequest():
            if not track.is_in(VISIT, _visit(to)):
                track.begin(VISIT, _visit(to))
        case ConnectionCountRequest():
            track.end_before(VISIT)
        case FileCompleted(file):
            track.end_before(STAGE)
            timeline.complete(track, file)
        case Finished():
            track.end_before(STAGE)
    if isinstance(message, Request):
        track.begin(MESSAGE, kind(message), to=to, **fields(message))


def is_served(message: AnyMessage) -> bool:
    """Whether a receiver of this message does something for the sender."""
    return not isinstance(message, Unserved)


def _begin_round(timeline: Timeline, track: Track, file: str) -> None:
    if not track.is_in(STAGE, file):
        track.begin(STAGE, file)
    number = timeline.num_rounds[track.rank, file] = timeline.num_rounds.get((track.rank, file), 0) + 1
    track.begin(ROUND, f"round {number}", file=file)


def after_sending(timeline: Timeline, track: Track, to: int, message: AnyMessage) -> None:
    """End a visit with its close, and draw the curves of what is held and of who is connected."""
    match message:
        case Metadata(files):
            timeline.client(track.rank).declare(files)
            timeline.draw_held(track)
            timeline.draw_connections(track)
        case Close():
            if track.is_in(VISIT, _visit(to)):
                track.end(VISIT)
        case Hit():
            if timeline.client(track.rank).connect(to):
                timeline.draw_connections(track)


def after_receiving(timeline: Timeline, track: Track, source: int, message: AnyMessage) -> None:
    """End what waited for this message, and draw what came of it."""
    if isinstance(message, Answer):
        track.end(MESSAGE, answer=kind(message))
    match message:
        case Barrier(number):
            if track.is_in(STAGE, _wait(number)):
                track.end(STAGE)
        case MetadataAnswer(files):
            for metadata in files:
                timeline.client(track.rank).want(timeline.metadata.setdefault(metadata.name, metadata))
        case SwarmAnswer(_, seeds, peers):
            track.tell(ROUND, seeds=seeds, peers=peers)
        case Hit():
            track.add_up("hits")
            if timeline.client(track.rank).take(message):
                timeline.draw_held(track)
        case Miss():
            track.add_up("misses")
            track.instant("miss", uploader=source, **fields(message))
        case Close():
            if timeline.client(track.rank).disconnect(source):
                timeline.draw_connections(track)
        case Stop():
            if timeline.client(track.rank).stop():
                timeline.draw_connections(track)


def _wait(number: int) -> str:
    return f"wait for barrier {number}"


def _visit(uploader: int) -> str:
    return f"visit to client {uploader}"
