"""Traces to replay: of a real run, and written by hand."""

from pathlib import Path
from typing import get_args

from emulator.protocol.events import (
    AnyEvent,
    BarrierOpened,
    ClientFinished,
    ClientLeft,
    Died,
    DownloadStarted,
    FaultBegan,
    FaultEnded,
    FileUnavailable,
    FileWritten,
    PeerChosen,
    Restarted,
    RoundBegan,
    SeedChosen,
    SegmentRejected,
    SegmentsTaken,
)
from emulator.protocol.files import FileMetadata
from emulator.protocol.messages import Close
from emulator.replay.player import Player
from emulator.replay.recording import Recording
from emulator.running.run import run
from emulator.scenario.options import Options
from emulator.scenario.scenario import read_scenario
from emulator.trace.reader import Trace
from emulator.trace.records import Record
from emulator.trace.statistics import SwarmStatistics
from emulator.view.sentences import is_told
from tests.checker.histories import HandWritten
from tests.conftest import SAMPLES

EVERY_KIND = tuple(kind.__name__ for kind in get_args(AnyEvent))
"""A program that records all of these leaves nothing to be derived."""
FILE = FileMetadata("file1", "ab" * 16 * 4)
PAUSE = "pause client 2 at 2ms for 1ms"


def trace_samples(folder: Path) -> Path:
    """The trace of a real run of the samples."""
    run(read_scenario(SAMPLES), folder / "out", Options(), trace=folder / "run.jsonl")
    return folder / "run.jsonl"


def read(trace: Path) -> Recording:
    return Recording(trace, is_told)


def records_of(path: Path) -> list[Record]:
    with Trace(path) as trace:
        return [Record(stamp.t, stamp.rank, stamp.thread, stamp.step, event) for _, stamp, event in trace.entries()]


def written_by_hand() -> HandWritten:
    """Client 2 wants a file of client 1, misses at client 3, and closes a connection that it never had."""
    history = HandWritten(3, events=EVERY_KIND)
    history.begin({1: [FILE]}, {2: ["file1"], 3: []})
    history.record(0, BarrierOpened(2))
    history.record(2, DownloadStarted("file1", 4, 0), "download")
    history.record(2, RoundBegan("file1", 1, (1,), (3,)), "download")
    history.record(2, PeerChosen("file1", 3, (3,), 0), "download")
    history.record(2, SegmentsTaken("file1", 3, False, (), True), "download")
    history.record(2, SeedChosen("file1", 1, (1,), (5,)), "download")
    history.record(2, SegmentRejected("file1", 2, 1), "download")
    history.record(2, SegmentsTaken("file1", 1, True, (0, 1, 2, 3), False), "download")
    history.record(2, FileWritten("file1", 4), "download")
    history.message(2, 1, Close())
    return history


def gone_wrong() -> HandWritten:
    """Client 2 of `written_by_hand` stands still, dies with half of its file, comes back, and gives the file up."""
    history = HandWritten(3, events=EVERY_KIND)
    history.begin({1: [FILE]}, {2: ["file1"], 3: []})
    history.record(0, BarrierOpened(2))
    history.record(2, DownloadStarted("file1", 4, 0), "download")
    history.record(2, FaultBegan(PAUSE))
    history.record(2, FaultEnded(PAUSE))
    history.record(2, SegmentsTaken("file1", 1, True, (0, 1), False), "download")
    history.record(2, FaultBegan("kill client 2 at 50%"))
    history.record(2, Died("was killed"))
    history.record(2, Restarted(True))
    history.record(2, DownloadStarted("file1", 4, 2), "download")
    history.record(2, FileUnavailable("file1", 2, 2), "download")
    history.record(0, ClientFinished(2))
    history.record(0, ClientLeft(2))
    return history


def folded(num_clients: int, records: list[Record]) -> dict[str, object]:
    """The statistics after these records, without a replay."""
    statistics = SwarmStatistics(num_clients)
    statistics.add_all(records)
    return vars(statistics)


def player_of(history: HandWritten, folder: Path) -> Player:
    return Player(read(history.write(folder / "hand.jsonl")))


def position_of(history: HandWritten, event: type) -> int:
    """When the first event of a kind has just happened."""
    return next(at for at, record in enumerate(history.records, 1) if isinstance(record.event, event))
