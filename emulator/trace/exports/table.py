"""CSV (RFC 4180): one row an event, for spreadsheets and data frames. `docs/exports.md` describes the columns."""

import csv
from collections.abc import Iterator

import msgspec

from emulator.protocol.events import MessageFaulted, Received, Sent
from emulator.trace.derived.derivation import filled
from emulator.trace.exports.fields import fields, kind
from emulator.trace.reader import Entry, Trace

COLUMNS = (
    "line",
    "time_s",
    "rank",
    "thread",
    "step",
    "event",
    "communicator",
    "other_rank",
    "message",
    "file",
    "segment",
    "barrier",
    "round",
    "role",
    "num_segments",
    "num_open",
    "details",
    "derived",
)
OTHER_RANK = ("to", "source", "client", "peer", "seed", "uploader")
"""The fields that name the other rank; no event has two of them."""
RENAMED = {"on": "communicator", "number": "barrier", "count": "num_open"} | dict.fromkeys(OTHER_RANK, "other_rank")


class _Line:
    """A file for `csv.writer`, whose `writerow` returns what `write` returns: the line."""

    def write(self, text: str) -> str:
        return text


def export(trace: Trace) -> Iterator[bytes]:
    """The table, line by line, with a heading."""
    write = csv.writer(_Line()).writerow
    yield write(COLUMNS).encode()
    for entry, is_derived in filled(trace):
        cells = _cells(entry)
        if is_derived:
            cells["derived"] = "yes"
        yield write([cells.get(column, "") for column in COLUMNS]).encode()


def _cells(entry: Entry) -> dict[str, object]:
    """The cells of a row that are not empty. Fields without a column of their own go into `details` as JSON."""
    line, stamp, event = entry
    said = fields(event)
    if isinstance(event, Sent | Received | MessageFaulted):
        said |= {"message": kind(event.message), **fields(event.message)}
    cells: dict[str, object] = {
        "line": line,
        "time_s": stamp.t,
        "rank": stamp.rank,
        "thread": stamp.thread,
        "step": stamp.step,
        "event": kind(event),
    }
    details = {}
    for name, value in said.items():
        column = RENAMED.get(name, name)
        if column in COLUMNS:
            cells[column] = value
        else:
            details[name] = value
    if details:
        cells["details"] = msgspec.json.encode(details).decode()
    return cells
