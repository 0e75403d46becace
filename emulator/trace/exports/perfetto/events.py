"""The slices and instants of all events but messages."""

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
    FileNotWritten,
    FileUnavailable,
    FileWritten,
    MessageFaulted,
    PeerChosen,
    Restarted,
    RoleChanged,
    RoundEnded,
    SeedChosen,
    SegmentRejected,
    SegmentsTaken,
    ThreadEnded,
    ThreadFailed,
    ThreadStarted,
)
from emulator.protocol.messages import (
    TRACKER,
)
from emulator.trace.exports.fields import fields, kind
from emulator.trace.exports.perfetto.slices import LIFE, ROUND, STAGE, VISIT, Track
from emulator.trace.exports.perfetto.timeline import Timeline


def show_event(timeline: Timeline, track: Track, event: AnyEvent) -> None:
    """Draw an event of this track; events without a case show nothing."""
    process = timeline.process(track.rank)
    match event:
        case ThreadStarted(pid):
            track.begin(LIFE, f"{track.thread} thread", pid=pid)
        case ThreadEnded():
            track.end(LIFE)
        case ThreadFailed(error):
            process.instant(track.now_us, "failed", error=error)
            track.end(LIFE, error=error)
        case BarrierOpened(number):
            timeline.process(TRACKER).instant(track.now_us, f"barrier {number} opens")
        case RoleChanged(client, file, role):
            timeline.process(client).instant(track.now_us, f"{role} of {file}", file=file)
        case ClientFinished(client):
            timeline.process(client).instant(track.now_us, "finished")
        case DownloadStarted(file, num_segments, num_present):
            track.begin(STAGE, file, num_segments=num_segments, num_present=num_present)
        case RoundEnded():
            track.end(ROUND)
        case SegmentsTaken():
            track.end(VISIT)
        case FileWritten(file):
            timeline.complete(track, file)
            track.end(STAGE)
        case PeerChosen() | SeedChosen() | SegmentRejected():
            track.instant(kind(event), **fields(event))
        case _:
            _show_fate(timeline, track, event)


def _show_fate(timeline: Timeline, track: Track, event: AnyEvent) -> None:
    """Arrivals, departures, deaths and faults."""
    process = timeline.process(track.rank)
    match event:
        case FileUnavailable(file):
            process.instant(track.now_us, f"{file} unavailable", **fields(event))
            track.end(STAGE)
        case FileNotWritten(file):
            process.instant(track.now_us, f"{file} not written")
            track.end(STAGE)
        case Arrived():
            process.instant(track.now_us, "arrived")
        case ClientLeft(client):
            timeline.process(client).instant(track.now_us, "left")
        case Died(cause):
            process.instant(track.now_us, "died", cause=cause)
            timeline.end_life(track)
        case Restarted(is_state_kept):
            process.instant(track.now_us, "restarted", is_state_kept=is_state_kept)
        case FaultBegan(fault):
            process.instant(track.now_us, f"begins: {fault}")
        case FaultEnded(fault):
            process.instant(track.now_us, f"ends: {fault}")
        case MessageFaulted(verdict, _, to, message):
            track.instant(verdict, message=kind(message), to=to, **fields(message))
