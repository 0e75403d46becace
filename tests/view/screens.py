"""A console that tests can read, and runs made by hand to show on it."""

import io
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console, Group, RenderableType

from emulator.protocol.events import (
    AnyEvent,
    BarrierOpened,
    ClientFinished,
    DownloadStarted,
    FileWritten,
    SegmentsTaken,
)
from emulator.protocol.files import ClientInput, FileMetadata
from emulator.scenario.scenario import Scenario
from emulator.trace.records import Record, ThreadName
from emulator.trace.statistics import SwarmStatistics
from emulator.view.console import print_all

HOSTILE = "[red]a\x1b[2J\u202eb[/red]"
"""A name that would colour, clear or mirror a screen that obeyed it."""
HOSTILE_SHOWN = r"[red]a\x1b[2J\u202eb[/red]"


def make_console(width: int = 100, height: int = 24, is_terminal: bool = False) -> Console:
    return Console(
        file=io.StringIO(),
        width=width,
        height=height,
        force_terminal=is_terminal,
        color_system=None,
        highlight=False,
        legacy_windows=False,
        _environ={"TERM": "xterm"},
    )


def said(console: Console) -> str:
    """All that was written to a console of `make_console`."""
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def lines_of(renderables: Iterable[RenderableType], width: int = 100, height: int = 24) -> list[str]:
    """What is seen of these, line by line, without blanks at line ends."""
    console = make_console(width, height)
    print_all(console, renderables)
    return [line.rstrip() for line in said(console).removesuffix("\n").split("\n")]


def seen(drawn: Group, width: int) -> list[str]:
    """What is seen of a whole screen."""
    return lines_of([drawn], width)


def make_scenario(num_clients: int, file: str = "file1", num_segments: int = 10) -> Scenario:
    """Client 1 owns the file; all others want it."""
    metadata = FileMetadata(file, "ab" * 16 * num_segments)
    wanting = (ClientInput((), (file,)),) * (num_clients - 1)
    return Scenario(Path("inputs"), (ClientInput((metadata,), ()), *wanting))


def record(time_s: float, rank: int, event: AnyEvent, thread: ThreadName = "download", step: str = "D3") -> Record:
    return Record(time_s, rank, thread, step, event)


def barrier(time_s: float, number: int) -> Record:
    return record(time_s, 0, BarrierOpened(number), "main", "T2" if number == 1 else "T4")


def started(time_s: float, rank: int, file: str = "file1", num_segments: int = 10) -> Record:
    return record(time_s, rank, DownloadStarted(file, num_segments, 0))


def taken(time_s: float, rank: int, count: int, is_seed: bool = True, is_missed: bool = False) -> Record:
    return record(time_s, rank, SegmentsTaken("file1", 1, is_seed, tuple(range(count)), is_missed), step="D6")


def written(time_s: float, rank: int, file: str = "file1", num_segments: int = 10) -> Record:
    return record(time_s, rank, FileWritten(file, num_segments), step="D7")


def finished(time_s: float, rank: int) -> Record:
    return record(time_s, 0, ClientFinished(rank), "main", "T8")


def statistics_of(num_clients: int, *records: Record) -> SwarmStatistics:
    statistics = SwarmStatistics(num_clients)
    statistics.add_all(records)
    return statistics
