"""Mutants of traces: each event of a right history dropped, doubled, altered, or moved past its neighbours."""

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from emulator.checker.report import Report
from emulator.protocol.events import FileWritten, Received, RoleChanged, Sent, ThreadEnded
from emulator.protocol.files import FileMetadata
from emulator.protocol.messages import (
    AnyMessage,
    Barrier,
    ConnectionCount,
    ConnectionCountRequest,
    FileCompleted,
    Finished,
    Hit,
    Holdings,
    HoldingsRequest,
    Metadata,
    MetadataAnswer,
    MetadataRequest,
    Miss,
    SegmentRequest,
    Stop,
    SwarmAnswer,
    SwarmRequest,
)
from emulator.trace.records import Record
from tests.checker.histories import HandWritten
from tests.protocol.scripted import WRONG

ELSEWHERE = "no such file"


class Mutant(NamedTuple):
    """A right history with one thing wrong in it."""

    what: str
    """`drop Sent Close`: the mutation, and the kind of event."""
    line: int
    records: list[Record]

    def judge(self, h: HandWritten) -> Report:
        mutant = h.without()
        mutant.header = h.header
        mutant.records = self.records
        return mutant.judge_whole(h.inputs())


def mutants(h: HandWritten) -> Iterator[Mutant]:
    """Every event of a history, each mutation that applies to it."""
    records = h.records
    for place, record in enumerate(records):
        kind = kind_of(record)
        yield Mutant(f"drop {kind}", place + 2, records[:place] + records[place + 1 :])
        yield Mutant(f"double {kind}", place + 2, [*records[: place + 1], record, *records[place + 1 :]])
        for changed in altered(record):
            yield Mutant(f"alter {kind}", place + 2, [*records[:place], changed, *records[place + 1 :]])
        yield from _moved(records, place, kind)


def _moved(records: list[Record], place: int, kind: str) -> Iterator[Mutant]:
    """The event comes earlier or later than one that its rank does, or that it depends on."""
    for distance in (1, 4):
        if place + distance < len(records) and any(
            records[place].rank == each.rank for each in records[place + 1 : place + 1 + distance]
        ):
            moved = records[:place] + records[place + 1 :]
            moved.insert(place + distance, records[place])
            yield Mutant(f"move {kind}", place + 2, moved)


def kind_of(record: Record) -> str:
    event = record.event
    name = type(event).__name__
    return f"{name} {type(event.message).__name__}" if isinstance(event, Sent | Received) else name


def altered(record: Record) -> Iterator[Record]:
    """The same event with another content, rank or thread."""
    event = record.event
    if isinstance(event, Sent | Received):
        for message in altered_messages(event.message):
            yield msgspec.structs.replace(record, event=msgspec.structs.replace(event, message=message))
        other = "upload" if event.on == "download" else "download"
        yield msgspec.structs.replace(record, event=msgspec.structs.replace(event, on=other))
    elif isinstance(event, RoleChanged):
        yield msgspec.structs.replace(record, event=msgspec.structs.replace(event, role="leecher"))
        yield msgspec.structs.replace(record, rank=event.client)
    elif isinstance(event, FileWritten):
        yield msgspec.structs.replace(record, event=FileWritten(event.file, event.num_segments + 1))
        yield msgspec.structs.replace(record, event=FileWritten(ELSEWHERE, event.num_segments))
    elif isinstance(event, ThreadEnded):
        yield msgspec.structs.replace(record, thread="main")
    if record.rank and isinstance(event, Sent | Received) and record.thread != "main":
        yield msgspec.structs.replace(record, thread="upload" if record.thread == "download" else "download")


def altered_messages(message: AnyMessage) -> Iterator[AnyMessage]:
    """The same kind of message, with each part of it changed."""
    other_file = FileMetadata(ELSEWHERE, WRONG)
    match message:
        case Metadata(files):
            yield Metadata((*files, other_file))
            yield Metadata(tuple(FileMetadata(each.name, WRONG + each.hashes[32:]) for each in files) or (other_file,))
        case MetadataRequest(files) as asked:
            yield msgspec.structs.replace(asked, files=(*files, ELSEWHERE))
        case MetadataAnswer(files) as answer:
            yield msgspec.structs.replace(answer, files=(*files, other_file))
        case Barrier(number):
            yield Barrier(3 - number)
        case SwarmRequest() | HoldingsRequest() | FileCompleted() | Holdings() as named:
            yield msgspec.structs.replace(named, file=ELSEWHERE)
        case SwarmAnswer(seeds=seeds, peers=peers) as listed:
            yield msgspec.structs.replace(listed, seeds=(*seeds, 99))
            yield msgspec.structs.replace(listed, peers=(*peers, 99))
            yield msgspec.structs.replace(listed, file=ELSEWHERE)
        case SegmentRequest(segment=segment) | Miss(segment=segment) as asked:
            yield msgspec.structs.replace(asked, segment=segment + 1)
            yield msgspec.structs.replace(asked, file=ELSEWHERE)
        case Hit(segment=segment) as hit:
            yield msgspec.structs.replace(hit, segment=segment + 1)
            yield msgspec.structs.replace(hit, data=WRONG)
        case ConnectionCount(count) as told:
            yield msgspec.structs.replace(told, count=count + 1)
        case ConnectionCountRequest() as asked:
            yield msgspec.structs.replace(asked, request=asked.request + 1)
        case Finished():
            yield Stop()
        case Stop():
            yield Finished()
        case _:
            yield Finished()
