"""The lines of a trace: a header, an event a line, and an end. `docs/trace-format.md` is the specification."""

import os
from typing import Literal

import msgspec

from emulator.protocol.events import AnyEvent, Channel, Event
from emulator.protocol.messages import AnyMessage
from emulator.trace.records import Record, ThreadName

Outcome = Literal["complete", "cut"]

FORMAT: Literal["swarm-trace"] = "swarm-trace"
VERSION = 1


class HeaderZone(msgspec.Struct, frozen=True):
    """Clients that are near each other on the network that the run had."""

    name: str
    ranks: tuple[int, ...]


class Header(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The first line: what ran. Only `format`, `version` and `clients` have to be there."""

    format: Literal["swarm-trace"]
    version: int
    clients: int
    strategy: str = "peers-first"
    """D4 … D6 are checked where it is `peers-first`."""
    quota: int = 10
    """D3."""
    numwant: int | None = None
    """T6: the most seeds, and the most peers, in a list; None for all of them."""
    events: tuple[str, ...] | None = None
    """The kinds of events that the program records; None for those that occur in the trace."""
    scenario: str = ""
    engine: str = ""
    start_method: str = ""
    rng_seed: int | None = None
    faults: tuple[str, ...] = ()
    """The lines of the fault plan, including those that never take effect."""
    is_resumed: bool = False
    """Whether clients begin with segments of an earlier run on their disks."""
    zones: tuple[HeaderZone, ...] = ()
    """Empty where the network has none."""
    program: str = ""
    """The program that wrote the trace, with its version."""
    python: str = ""
    host: str = ""


class Stamp(msgspec.Struct, frozen=True, gc=False):
    """When and where an event happened: the keys that every event line has beside the event's own."""

    t: float
    rank: int
    thread: ThreadName
    step: str = ""


class TraceEnded(Event, frozen=True):
    """The last line. A trace without it was cut: its writer died."""

    outcome: Outcome
    reason: str = ""


AnyLine = AnyEvent | TraceEnded

encode = msgspec.json.Encoder().encode
encode_lines = msgspec.json.Encoder().encode_lines


def encode_record(record: Record) -> bytes:
    """An event's line without the line end; `event` is its first key, so that a reader sees the kind at once."""
    stamp = Stamp(record.time_s, record.rank, record.thread, record.step)
    return encode(record.event)[:-1] + b"," + encode(stamp)[1:]


class SentLine(msgspec.Struct, frozen=True, tag="Sent", tag_field="event", gc=False):
    """The line of a `Sent` event in one piece: most lines are messages, and this is faster than event and stamp."""

    on: Channel
    to: int
    message: AnyMessage
    t: float
    rank: int
    thread: ThreadName
    step: str


class ReceivedLine(msgspec.Struct, frozen=True, tag="Received", tag_field="event", gc=False):
    """The line of a `Received` event."""

    on: Channel
    source: int
    message: AnyMessage
    t: float
    rank: int
    thread: ThreadName
    step: str


def encode_end(outcome: Outcome, reason: str, time_s: float) -> bytes:
    """The last line, without its end."""
    return encode(TraceEnded(outcome, reason))[:-1] + b"," + encode(Stamp(time_s, 0, "main"))[1:]


def host_facts() -> str:
    """This machine in a few words."""
    system = os.uname()
    return f"{system.sysname} {system.machine}, {os.cpu_count()} cores"
