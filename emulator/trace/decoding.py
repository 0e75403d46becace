"""The lines of a trace as typed values, and what is wrong with a line that is none."""

import msgspec

from emulator.protocol.events import AnyEvent
from emulator.trace.format import FORMAT, VERSION, AnyLine, Header, Stamp, TraceEnded
from emulator.trace.lines import MAX_QUOTE, Lines

MAX_CLIENTS = 1_000_000
AFTER_END = "a line after the end of the trace"
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What a line can make a decoder raise."""

Block = tuple[list[Stamp], list[AnyEvent], TraceEnded | None]
"""Consecutive events with their stamps, and the end of the trace where it follows them."""

_decode_header = msgspec.json.Decoder(Header).decode
_stamps = msgspec.json.Decoder(Stamp)
_events = msgspec.json.Decoder(AnyLine)


def decode_header(lines: Lines, line: bytes) -> Header:
    """Raises `InputError` for what is no header of a trace that this program reads."""
    try:
        header = _decode_header(line)
    except UNREADABLE as error:
        if is_event(line):
            text = "an event, and no header before it; if this is one part of a trace, give all its parts"
            raise lines.problem(1, text) from None
        raise lines.problem(1, f"not the header of a trace ({_cut(error)})") from None
    if header.version != VERSION:
        raise lines.problem(1, f"version {header.version} of {FORMAT}; this program reads version {VERSION}")
    numwant = 1 if header.numwant is None else header.numwant
    if not 1 <= header.clients <= MAX_CLIENTS or header.quota < 1 or numwant < 1:
        raise lines.problem(1, f"clients, quota and numwant are numbers from 1 on, clients up to {MAX_CLIENTS:,}")
    return header


def decode_block(lines: Lines, first: int, block: bytes, num_clients: int) -> Block:
    """The events of whole lines, the first of which has this number.

    Raises `InputError` for the first line that is no event of a run of so many clients.
    """
    try:
        stamps = _stamps.decode_lines(block)
        events = _events.decode_lines(block)
    except UNREADABLE:
        _find_problem(lines, first, block, num_clients)
        raise
    if len(events) != block.count(b"\n"):  # a line may be blank, or hold two
        _find_problem(lines, first, block, num_clients)
    end = None
    if isinstance(events[-1], TraceEnded):
        end = events.pop()
        stamps.pop()
    if any(stamp.rank < 0 or stamp.rank > num_clients for stamp in stamps) or any(map(_is_end, events)):
        _find_problem(lines, first, block, num_clients)
    return stamps, events, end


def is_event(line: bytes) -> bool:
    """Whether this is an event's whole object."""
    try:
        _stamps.decode(line)
    except UNREADABLE:
        return False
    return True


def _find_problem(lines: Lines, first: int, block: bytes, num_clients: int) -> None:
    """Raise for the first line of a block that is wrong."""
    problem = lines.problem
    each = block.removesuffix(b"\n").split(b"\n")
    for number, line in enumerate(each, first):
        if not line.strip():
            raise problem(number, "a blank line; each line is an event")
        try:
            stamp, event = _stamps.decode(line), _events.decode(line)
        except UNREADABLE as error:
            raise problem(number, f"not an event ({_cut(error)})") from None
        if not 0 <= stamp.rank <= num_clients:
            raise problem(number, f"rank {stamp.rank!r:.20}, where the header says {num_clients} clients")
        if isinstance(event, TraceEnded) and number < first + len(each) - 1:
            raise problem(number + 1, AFTER_END)


def _cut(error: Exception) -> str:
    """What a decoder says, without the middle of a long word that it quotes."""
    text = str(error)
    return text if len(text) <= MAX_QUOTE else f"{text[: MAX_QUOTE // 2]}…{text[-MAX_QUOTE // 2 :]}"


def _is_end(event: AnyLine) -> bool:
    return isinstance(event, TraceEnded)
