"""Perfetto and Chrome's tracing: a process for each rank, a track for each thread, an arrow for each message.

All slices and curves come from the messages, so that a trace of messages alone can be looked at too. The other events
make them more exact and add instants. `docs/exports.md` says what is shown as what.
"""

from collections.abc import Iterator

import msgspec

from emulator.protocol.events import (
    BarrierOpened,
    ClientFinished,
    ClientLeft,
    MessageFaulted,
    PeerChosen,
    Received,
    RoleChanged,
    SeedChosen,
    SegmentRejected,
    Sent,
)
from emulator.trace.derived.derivation import filled
from emulator.trace.exports.arrows import Arrows
from emulator.trace.exports.fields import fields, kind
from emulator.trace.exports.perfetto.events import show_event
from emulator.trace.exports.perfetto.messages import after_receiving, after_sending, before_sending, is_served
from emulator.trace.exports.perfetto.slices import MESSAGE
from emulator.trace.exports.perfetto.timeline import Timeline
from emulator.trace.reader import Entry, Trace

Joined = Arrows[tuple[int, float]]
"""The tag of a message is the line and the time of its sending."""
Instant = BarrierOpened | RoleChanged | ClientFinished | ClientLeft | PeerChosen | SeedChosen | SegmentRejected
"""What is shown of derived events: messages show the slices themselves."""


def export(trace: Trace) -> Iterator[bytes]:
    """The JSON object, a record a line."""
    timeline, arrows = Timeline(), Joined()
    yield b'{"traceEvents":[\n'
    separator = b""
    began_s: float | None = None
    for entry, is_derived in filled(trace):
        if began_s is None:  # engines count from the beginning of the run; the clock of another program from any moment
            began_s = 0.0 if trace.header.engine else entry.stamp.t
        if not is_derived or isinstance(entry.event, Instant):
            _add(timeline, arrows, entry, began_s)
        for record in timeline.take():
            yield separator + record
            separator = b",\n"
    timeline.finish()
    for record in timeline.take():
        yield separator + record
        separator = b",\n"
    about = msgspec.to_builtins(trace.header) | {"end": trace.end.outcome if trace.end else "cut"}
    yield b'\n],"otherData":' + msgspec.json.encode(about) + b"}\n"


def _add(timeline: Timeline, arrows: Joined, entry: Entry, began_s: float) -> None:
    line, stamp, event = entry
    rank = stamp.rank
    timeline.process(rank)
    track = timeline.track(rank, stamp.thread)
    arrow, sent_us = (arrows.received(rank, event) if isinstance(event, Received) else None) or (None, None)
    track.go_on(stamp.t - began_s, sent_us)
    timeline.latest_us = max(timeline.latest_us, track.now_us)
    match event:
        case Sent(_, to, message):
            arrows.sent(rank, event, (line, track.now_us))
            before_sending(timeline, track, to, message)
            track.point(kind(message), "flow_out", line, to=to, step=stamp.step, **fields(message))
            after_sending(timeline, track, to, message)
        case Received(_, source, message):
            if is_served(message):
                track.begin(MESSAGE, f"serve {kind(message)}", is_served=True, source=source, **fields(message))
            track.point(kind(message), "flow_in", arrow, source=source)
            after_receiving(timeline, track, source, message)
        case _:
            if isinstance(event, MessageFaulted):
                arrows.faulted(rank, event)
            show_event(timeline, track, event)
