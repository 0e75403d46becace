"""Traces for the tests of exports: read, changed, and drawn by Hypothesis."""

import types
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from emulator.protocol.events import AnyEvent, Received, Sent
from emulator.protocol.files import FileMetadata
from emulator.protocol.messages import AnyMessage
from emulator.trace.format import Header, encode, encode_record
from emulator.trace.reader import Entry, Trace
from emulator.trace.records import Record, ThreadName

CLIENTS = 3


def entries(path: Path) -> list[Entry]:
    return list(Trace(path).entries())


def header_of(path: Path) -> Header:
    with Trace(path) as trace:
        return trace.header


def write(path: Path, records: Sequence[Record], clients: int = CLIENTS) -> Path:
    """A trace of these events, which no last line says to be complete."""
    header = Header(format="swarm-trace", version=1, clients=clients)
    path.write_bytes(b"".join(line + b"\n" for line in [encode(header), *map(encode_record, records)]))
    return path


def as_foreign(trace: Path, path: Path, digits: int) -> Path:
    """The same run by a program that records only messages, by a clock with so many digits after the point."""
    records = [
        Record(round(stamp.t, digits), stamp.rank, stamp.thread, "", event)
        for _, stamp, event in entries(trace)
        if isinstance(event, Sent | Received)
    ]
    return write(path, records, header_of(trace).clients)


def _values(kind: Any) -> st.SearchStrategy[Any]:
    """Values of the types that the fields of events and messages have."""
    if get_origin(kind) in (Union, types.UnionType):
        return st.one_of(*map(_values, get_args(kind)))
    if get_origin(kind) is Literal:
        return st.sampled_from(get_args(kind))
    if get_origin(kind) is tuple:
        return st.lists(_values(get_args(kind)[0]), max_size=3).map(tuple)
    if kind is FileMetadata:
        hashes = st.integers(0, 3).map(lambda number: "0123456789abcdef" * 2 * number)
        return st.builds(FileMetadata, st.sampled_from(NAMES), hashes)
    if kind is bytes:
        return st.binary(max_size=3)
    if kind in (str, bool, int):
        return {str: st.sampled_from(NAMES), bool: st.booleans(), int: st.sampled_from(NUMBERS)}[kind]
    return st.builds(kind, **{name: _values(each) for name, each in get_type_hints(kind).items() if name != "event"})


NAMES = ("file1", "file2", 'a "b", c', "two\nlines\r\n", "{x} {}", "ünï ✓", "", "\x1b[0m\u2028")
NUMBERS = (0, 1, 2, 3, -1, 10**30)

messages: st.SearchStrategy[AnyMessage] = _values(AnyMessage)
events: st.SearchStrategy[AnyEvent] = _values(AnyEvent)
ranks = st.integers(0, CLIENTS)
threads: st.SearchStrategy[ThreadName] = st.sampled_from(("main", "download", "upload"))


@st.composite
def histories(draw: st.DrawFn) -> list[Record]:
    """Any events of any threads in any order, by a coarse clock; only that some messages arrive is certain."""
    records: list[Record] = []
    time_s = 0.0
    for _ in range(draw(st.integers(0, 12))):
        time_s += draw(st.sampled_from((0.0, 0.0, 0.001)))
        if draw(st.booleans()):
            records.append(Record(time_s, draw(ranks), draw(threads), "D4", draw(events)))
            continue
        source, to = draw(ranks), draw(ranks)
        on: Literal["download", "upload"] = draw(st.sampled_from(("download", "upload")))
        message = draw(messages)
        records.append(Record(time_s, source, draw(threads), "D4", Sent(on, to, message)))
        if draw(st.booleans()):
            records.append(Record(time_s, to, draw(threads), "", Received(on, source, message)))
    return records
