"""What one run left behind, and ways of looking at it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from emulator.checker.report import Report
from emulator.protocol.events import (
    AnyEvent,
    Event,
    PeerChosen,
    RoundBegan,
    RoundEnded,
    SeedChosen,
    SegmentsTaken,
)
from emulator.scenario.options import Options
from emulator.scenario.scenario import Scenario
from emulator.trace.records import Record

E = TypeVar("E", bound=Event)


@dataclass(frozen=True)
class PlayedRound:
    """One round of a client, D3, with what was done in it in order."""

    rank: int
    began: RoundBegan
    acts: tuple[PeerChosen | SeedChosen | SegmentsTaken, ...]
    ended: RoundEnded
    num_missing: int
    """Segments of the file that were missing when the round began."""

    @property
    def visits(self) -> list[SegmentsTaken]:
        return [act for act in self.acts if isinstance(act, SegmentsTaken)]


@dataclass(frozen=True)
class History:
    """A run that came to its end: what was asked for, what was written, and what was recorded on the way.

    Records are in order for each rank. Times of different ranks are comparable: all are from one machine's clock.
    """

    scenario: Scenario
    options: Options
    output: Path
    records: tuple[Record, ...]
    told: tuple[str, ...] = ()
    """The calls that the observer got, in order."""
    report: Report | None = None
    """What the checker says about the run's trace; None for a history that has none."""

    @property
    def ranks(self) -> range:
        """The clients."""
        return range(1, len(self.scenario.clients) + 1)

    def owned(self, rank: int) -> set[str]:
        return {metadata.name for metadata in self.scenario.clients[rank - 1].owned}

    def wanted(self, rank: int) -> tuple[str, ...]:
        return self.scenario.clients[rank - 1].wanted

    def downloaded(self, rank: int) -> list[str]:
        """The wanted files that the client has to get from others, in order."""
        return [file for file in self.wanted(rank) if file not in self.owned(rank)]

    def events(self, kind: type[E], rank: int) -> list[E]:
        return [record.event for record in self.records if record.rank == rank and isinstance(record.event, kind)]

    def times(self, event: AnyEvent, rank: int) -> list[float]:
        """When exactly this event was recorded by this rank."""
        return [record.time_s for record in self.records if record.rank == rank and record.event == event]

    def time(self, event: AnyEvent, rank: int) -> float:
        """The same, for what happens once."""
        (time_s,) = self.times(event, rank)
        return time_s

    def rounds(self, rank: int) -> Iterator[PlayedRound]:
        """The client's rounds in order. What belongs to a round is between its two ends, and nowhere else."""
        missing = {file: self.scenario.files[file].num_segments for file in self.downloaded(rank)}
        began: RoundBegan | None = None
        acts: list[PeerChosen | SeedChosen | SegmentsTaken] = []
        for record in self.records:
            if record.rank != rank:
                continue
            match record.event:
                case RoundBegan():
                    assert began is None, record
                    began, acts = record.event, []
                case PeerChosen() | SeedChosen() | SegmentsTaken():
                    assert began is not None, record
                    assert record.event.file == began.file, record
                    acts.append(record.event)
                case RoundEnded() as ended:
                    assert began is not None, record
                    assert (ended.file, ended.round) == (began.file, began.round), record
                    yield PlayedRound(rank, began, tuple(acts), ended, missing[ended.file])
                    missing[ended.file] -= ended.num_segments
                    began = None
        assert began is None, f"rank {rank} did not end its round {began}"

    def all_rounds(self) -> Iterator[PlayedRound]:
        for rank in self.ranks:
            yield from self.rounds(rank)
