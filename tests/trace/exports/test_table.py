"""The table: RFC 4180, stable columns, and every event back from its row."""

import csv
import io
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_args, get_type_hints

import msgspec
from hypothesis import given

from emulator.protocol import events, messages
from emulator.protocol.events import (
    AnyEvent,
    ConnectionOpened,
    MessageFaulted,
    Received,
    RoleChanged,
    SeedChosen,
    Sent,
)
from emulator.protocol.messages import Hit, Metadata
from emulator.trace.exports.table import COLUMNS, OTHER_RANK, export
from emulator.trace.reader import Trace
from emulator.trace.records import Record
from tests.protocol.scripted import file_of
from tests.trace.exports.traces import entries, histories, write

Row = dict[str, str]
HEADING = (
    "line,time_s,rank,thread,step,event,communicator,other_rank,message,file,segment,"
    "barrier,round,role,num_segments,num_open,details,derived\r\n"
)


def table_of(path: Path) -> str:
    return b"".join(export(Trace(path))).decode()


def rows_of(path: Path) -> list[Row]:
    """The rows of the events in the trace itself."""
    rows = csv.DictReader(io.StringIO(table_of(path), newline=""), strict=True)
    return [row for row in rows if not row["derived"]]


def event_of(row: Row) -> Any:
    """The event that a row is about."""
    kind = getattr(events, row["event"])
    if kind in (Sent, Received, MessageFaulted):
        message = _build(getattr(messages, row["message"]), row)
        verdict = [json.loads(row["details"])["verdict"]] if kind is MessageFaulted else []
        return kind(*verdict, row["communicator"], int(row["other_rank"]), message)
    return _build(kind, row)


def _build(kind: Any, row: Row) -> Any:
    """A struct from the cells that its fields are in."""
    details = json.loads(row["details"] or "{}")
    told: dict[str, Any] = {}
    for name, type_ in get_type_hints(kind).items():
        column = {"number": "barrier", "count": "num_open"}.get(name, "other_rank" if name in OTHER_RANK else name)
        if name in details:
            told[name] = bytes.fromhex(details[name]) if type_ is bytes else details[name]
        elif name in kind.__struct_fields__ and column in COLUMNS:
            told[name] = int(row[column]) if type_ is int else row[column]
    if isinstance(told.get("files"), dict):
        told["files"] = [[name, "-" * 32 * num] for name, num in told["files"].items()]
    if kind is Hit:
        told["data"] = ""
    if not issubclass(kind, messages.Message):
        return msgspec.convert(told, kind)
    in_order = [told[name] for name in kind.__struct_fields__ if name in told]
    return msgspec.convert([kind.__name__, *in_order], kind)


def without_contents(event: AnyEvent) -> AnyEvent:
    """An event as the table tells it: of a segment that it is there, of a file how many it has."""
    if not isinstance(event, Sent | Received | MessageFaulted):
        return event
    message = event.message
    if isinstance(message, Hit):
        message = msgspec.structs.replace(message, data="")
    elif isinstance(message, Metadata | messages.MetadataAnswer):
        files = {file.name: msgspec.structs.replace(file, hashes="-" * len(file.hashes)) for file in message.files}
        message = msgspec.structs.replace(message, files=tuple(files.values()))
    return msgspec.structs.replace(event, message=message)


def check_reads_back(path: Path) -> None:
    traced, rows = entries(path), rows_of(path)
    assert len(rows) == len(traced)
    for row, (line, stamp, event) in zip(rows, traced, strict=True):
        assert (int(row["line"]), float(row["time_s"]), int(row["rank"])) == (line, stamp.t, stamp.rank)
        assert (row["thread"], row["step"]) == (stamp.thread, stamp.step)
        assert event_of(row) == without_contents(event)


def test_a_real_run_reads_back_event_by_event(sample_trace: Path) -> None:
    check_reads_back(sample_trace)


@given(histories())
def test_any_history_reads_back_event_by_event(records: list[Record]) -> None:
    with TemporaryDirectory() as folder:
        check_reads_back(write(Path(folder) / "trace.jsonl", records))


def test_no_event_and_no_message_names_two_other_ranks_or_loses_a_field_to_another() -> None:
    for kind in (*get_args(AnyEvent), *get_args(messages.AnyMessage)):
        assert sum(name in OTHER_RANK for name in kind.__struct_fields__) <= 1
        assert not {"line", "time_s", "rank", "thread", "step", "event", "details"} & set(kind.__struct_fields__)
    for kind in get_args(messages.AnyMessage):
        assert not {"on", *OTHER_RANK} & set(kind.__struct_fields__)


def test_the_table_looks_like_this(tmp_path: Path) -> None:
    path = write(
        tmp_path / "trace.jsonl",
        [
            Record(0.25, 1, "main", "P2", Sent("download", 0, Metadata((file_of(3), file_of(1, "b"))))),
            Record(0.5, 0, "main", "T1", RoleChanged(1, 'say "hi", file', "seed")),
            Record(0.75, 2, "download", "D5", SeedChosen("file1", 1, (1, 3), (0, 2))),
            Record(1.0, 1, "upload", "U2", ConnectionOpened(2, 1)),
            Record(1.0, 2, "download", "", Received("download", 1, Hit("file1", 0, "ab" * 16))),
        ],
    )
    assert table_of(path) == HEADING + "".join(
        f"{row}\r\n"
        for row in (
            '2,0.25,1,main,P2,Sent,download,0,Metadata,,,,,,,,"{""files"":{""file1"":3,""b"":1}}",',
            '2,0.25,1,main,P2,Reported,,,,,,,,,,,"{""num_files"":2}",yes',
            '3,0.5,0,main,T1,RoleChanged,,1,,"say ""hi"", file",,,,seed,,,,',
            '4,0.75,2,download,D5,SeedChosen,,1,,file1,,,,,,,"{""asked"":[1,3],""counts"":[0,2]}",',
            "5,1.0,1,upload,U2,ConnectionOpened,,2,,,,,,,,1,,",
            "6,1.0,2,download,,Received,download,1,Hit,file1,0,,,,,,,",
            "6,1.0,2,download,,SegmentRejected,,1,,file1,0,,,,,,,yes",
        )
    )


def test_a_trace_without_events_gives_the_heading_alone(tmp_path: Path) -> None:
    assert table_of(write(tmp_path / "trace.jsonl", [])) == HEADING


def test_the_manual_names_every_column() -> None:
    manual = (Path(__file__).parents[3] / "docs" / "exports.md").read_text()
    described = [line.split("`")[1] for line in manual.split("## CSV")[1].splitlines() if line.startswith("| `")]
    assert described == list(COLUMNS)
