"""Watching a run without a terminal: lines for a log."""

import math
from bisect import bisect_left
from collections.abc import Sequence
from itertools import count
from operator import itemgetter

from rich.console import Console
from rich.text import Text

from emulator.faults import kind_of
from emulator.protocol.events import (
    BarrierOpened,
    ClientFinished,
    Died,
    FaultBegan,
    FaultEnded,
    FileNotWritten,
    FileUnavailable,
    FileWritten,
    Restarted,
)
from emulator.scenario.scenario import Scenario
from emulator.trace.records import Record
from emulator.trace.statistics import SwarmStatistics
from emulator.view.dashboard.facts import lacking, progress
from emulator.view.sentences import sentence
from emulator.view.text import plural, printable

LINE_EVERY_S = 0.5
PROGRESS_EVERY_S = 2.0
MANY_CLIENTS = 20
"""Clients beyond which a log has no line for each of them."""


TOLD = (
    BarrierOpened,
    FileWritten,
    ClientFinished,
    Died,
    Restarted,
    FaultBegan,
    FaultEnded,
    FileNotWritten,
    FileUnavailable,
)
"""Events that a log may have a line for."""


class LineView:
    """A line for each important event, in the order in which they happened."""

    interval_s: float | None = LINE_EVERY_S
    undo = b""

    def __init__(self, console: Console, scenario: Scenario, statistics: SwarmStatistics) -> None:
        self._console = console
        self._statistics = statistics
        self._goals = scenario.wanted_segments()
        self._is_small = len(scenario.clients) <= MANY_CLIENTS
        self._waiting: list[tuple[float, int, Record | str]] = []
        """Events of different processes do not arrive in order: they wait here to be sorted."""
        self._sequence = count()
        self._next_progress_s = PROGRESS_EVERY_S
        self._given_up: set[str] = set()
        """Files that have had their line about being given up."""

    def begin(self) -> None:
        pass

    def observe(self, records: Sequence[Record]) -> None:
        told = (record for record in records if type(record.event) in TOLD)
        self._waiting.extend((record.time_s, next(self._sequence), record) for record in told)

    def _describe(self, record: Record) -> str:
        """The event in words; empty for one that is not worth a line in this swarm."""
        match record.event:
            case BarrierOpened(number):
                what = "reported their files" if number == 1 else "got their metadata"
                return f"all clients have {what}: barrier {number} opens"
            case FileWritten(file, num_segments) if self._is_small:
                return f"client {record.rank} has {file}, {plural(num_segments, 'segment')}"
            case ClientFinished(client) if self._is_small:
                is_lacking = client in lacking(self._statistics)
                return f"client {client} has everything it {'can get' if is_lacking else 'wanted'}"
            case Died() | Restarted() | FileNotWritten():
                return sentence(record)
            case FaultBegan(fault) | FaultEnded(fault) if not kind_of(fault).is_fatal:
                return sentence(record)
            case FileUnavailable(file) if self._is_small or file not in self._given_up:
                self._given_up.add(file)
                return sentence(record)
        return ""

    def tick(self) -> None:
        now = self._statistics.latest_s
        if now >= self._next_progress_s:
            got, goal = progress(self._statistics, self._goals)
            finished = f"{self._statistics.num_finished} of {plural(len(self._goals), 'client')} finished"
            died = f", {self._statistics.num_dead:,} died" if self._statistics.num_dead else ""
            told = f"{got:,} of {plural(goal, 'segment')}, {finished}{died}"
            self._waiting.append((now, next(self._sequence), told))
            self._next_progress_s = now + PROGRESS_EVERY_S
        self._print(now - LINE_EVERY_S)

    def end(self) -> None:
        self._print(math.inf)

    def _print(self, before_s: float) -> None:
        """Print what happened before this time, in order."""
        self._waiting.sort()
        num_due = bisect_left(self._waiting, before_s, key=itemgetter(0))
        due, self._waiting = self._waiting[:num_due], self._waiting[num_due:]
        for time_s, _, told in due:
            text = told if isinstance(told, str) else self._line(told)
            if text:
                self._console.print(Text(f"{time_s:9.4f} s  {text}"), soft_wrap=True)

    def _line(self, record: Record) -> str:
        text = printable(self._describe(record))
        return f"{text} ({record.step})" if text and record.step else text
