"""ShiViz's log: two lines an event, the second with a vector clock. ShiViz draws from it what happened before what.

A host is a rank, not a thread. The threads of a client share its library: the upload thread can serve a segment because
the download thread has stored it. No message says so, but the order of a process's events does. With a host for each
thread, causes would be missing from the clocks. With one for each rank, at worst two events of a process appear ordered
that might have happened in either order.
"""

from collections.abc import Iterator

import msgspec

from emulator.protocol.events import AnyEvent, MessageFaulted, Received, Sent
from emulator.protocol.messages import TRACKER, AnyMessage
from emulator.trace.exports.arrows import Arrows
from emulator.trace.exports.fields import fields, kind
from emulator.trace.reader import Entry, Trace

REGULAR_EXPRESSION = r"(?<event>.*)\n(?<host>\S*) (?<clock>{.*})"
"""The log's first line: how ShiViz finds an event. This is its default."""
DELIMITER = ""
"""The second line: what separates the runs in one log. There is one run."""

Clock = dict[str, int]


def export(trace: Trace) -> Iterator[bytes]:
    """The log, event by event."""
    yield f"{REGULAR_EXPRESSION}\n{DELIMITER}\n".encode()
    clocks: dict[int, Clock] = {}
    arrows: Arrows[Clock] = Arrows()
    for entry in trace.entries():
        clock = _tick(clocks, arrows, entry)
        text = f"{_describe(entry)}\n{host(entry.stamp.rank)} ".encode()
        yield text + msgspec.json.encode(clock) + b"\n"


def host(rank: int) -> str:
    """A rank's name in the log, without blanks."""
    return "tracker" if rank == TRACKER else f"client{rank}"


def _tick(clocks: dict[int, Clock], arrows: Arrows[Clock], entry: Entry) -> Clock:
    """Advance the clock of the event's rank: its own count by one, and to all that the sender of a message knew."""
    _, stamp, event = entry
    me = host(stamp.rank)
    clock = clocks.setdefault(stamp.rank, {})
    clock[me] = clock.get(me, 0) + 1
    if isinstance(event, Sent):
        arrows.sent(stamp.rank, event, clock.copy())
    elif isinstance(event, MessageFaulted):
        arrows.faulted(stamp.rank, event)
    elif isinstance(event, Received):
        for other, time in (arrows.received(stamp.rank, event) or {}).items():
            clock[other] = max(clock.get(other, 0), time)
    return clock


def _describe(entry: Entry) -> str:
    _, stamp, event = entry
    match event:
        case Sent(_, to, message):
            text = f"send {_say(message)} to {host(to)}"
        case Received(_, source, message):
            text = f"receive {_say(message)} from {host(source)}"
        case MessageFaulted(verdict, _, to, message):
            text = f"{verdict}: {_say(message)} to {host(to)}"
        case _:
            text = _say(event)
    return f"{stamp.thread} {stamp.step}: {text}"


def _say(struct: AnyEvent | AnyMessage) -> str:
    """`SegmentRequest file=file1 segment=3`, on one line whatever characters a name has."""
    words = [f"{name}={_value(value)}" for name, value in fields(struct).items()]
    return " ".join((kind(struct), *words))


def _value(value: object) -> str:
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)
