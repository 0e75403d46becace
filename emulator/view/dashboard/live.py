"""Watching a run: a screen that is drawn again on a terminal, or lines that are good in a log.

Both are observers that hold only when they last drew; all figures come from the statistics.
"""

import math
import time
from bisect import bisect_left
from collections.abc import Callable, Sequence
from itertools import count
from operator import itemgetter

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from emulator.faults import kind_of
from emulator.protocol.events import (
    BarrierOpened,
    ClientFinished,
    Died,
    FaultBegan,
    FaultEnded,
    FileUnavailable,
    FileWritten,
    Restarted,
)
from emulator.scenario.options import Options
from emulator.scenario.scenario import Scenario
from emulator.trace.records import Observer, Record
from emulator.trace.statistics import SwarmStatistics
from emulator.view.console import is_screen
from emulator.view.dashboard.dashboard import RateMeter, dashboard
from emulator.view.dashboard.facts import Facts, facts_of, lacking, progress
from emulator.view.sentences import sentence
from emulator.view.terminal import UNDO_SCREEN, KeptTerminal
from emulator.view.text import plural, printable

FRAME_S = 0.1
FINAL_LINES = 24
"""As much of the last screen is left standing above the summary."""
LINE_EVERY_S = 0.5
PROGRESS_EVERY_S = 2.0
MANY_CLIENTS = 20
"""Beyond so many clients, a log gets no line for each of them."""


TOLD = (BarrierOpened, FileWritten, ClientFinished, Died, Restarted, FaultBegan, FaultEnded, FileUnavailable)
"""Events that a log may have a line for."""


def watch_on(console: Console, scenario: Scenario, options: Options) -> Callable[[SwarmStatistics], Observer]:
    """What makes the observer of a run: the dashboard on a terminal, lines elsewhere."""

    def watch(statistics: SwarmStatistics) -> Observer:
        if is_screen(console):
            return LiveView(console, facts_of(scenario, options), statistics)
        return LineView(console, scenario, statistics)

    return watch


class LiveView:
    """The dashboard, while the run lasts, on a terminal; what it showed last stays."""

    interval_s: float | None = FRAME_S
    undo = UNDO_SCREEN

    def __init__(
        self,
        console: Console,
        facts: Facts,
        statistics: SwarmStatistics,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._console = console
        self._facts = facts
        self._statistics = statistics
        self._clock = clock
        self._meter = RateMeter()
        self._live = Live(
            console=console, screen=True, auto_refresh=False, redirect_stdout=False, redirect_stderr=False
        )
        self._terminal = KeptTerminal()
        self._began_s = clock()

    def begin(self) -> None:
        self._terminal.take()
        self._live.start()

    def observe(self, records: Sequence[Record]) -> None:
        pass

    def tick(self) -> None:
        # A terminal that takes nothing now, as after Ctrl-S, must not keep the run waiting.
        if self._terminal.is_ready():
            self._live.update(self.frame(self._clock()), refresh=True)

    def end(self) -> None:
        try:
            self._live.stop()
        finally:
            self._terminal.give_back()
        if self._statistics.barrier == 2:
            self._console.print(self.frame(self._clock(), FINAL_LINES))

    def frame(self, now: float, most_lines: int | None = None) -> Group:
        """The whole screen, or as much of it as is worth keeping."""
        elapsed_s = now - self._began_s
        width, height = self._console.size
        rates = self._meter.sample(elapsed_s, self._statistics)
        lines = min(height, most_lines or height)
        return dashboard(self._statistics, self._facts, rates, elapsed_s, width, lines)


class LineView:
    """A line for each thing worth a line, in the order in which they happened, for logs and pipes."""

    interval_s: float | None = LINE_EVERY_S
    undo = b""

    def __init__(self, console: Console, scenario: Scenario, statistics: SwarmStatistics) -> None:
        self._console = console
        self._statistics = statistics
        self._goals = scenario.wanted_segments()
        self._is_small = len(scenario.clients) <= MANY_CLIENTS
        self._waiting: list[tuple[float, int, Record | str]] = []
        """To be put in order: what different processes did at one time does not arrive at one time."""
        self._sequence = count()
        self._next_progress_s = PROGRESS_EVERY_S
        self._given_up: set[str] = set()
        """Files of which it was told that somebody has given them up."""

    def begin(self) -> None:
        pass

    def observe(self, records: Sequence[Record]) -> None:
        told = (record for record in records if type(record.event) in TOLD)
        self._waiting.extend((record.time_s, next(self._sequence), record) for record in told)

    def _describe(self, record: Record) -> str:
        """Empty for what is not worth a line in this swarm."""
        match record.event:
            case BarrierOpened(number):
                what = "reported their files" if number == 1 else "got their metadata"
                return f"all clients have {what}: barrier {number} opens"
            case FileWritten(file, num_segments) if self._is_small:
                return f"client {record.rank} has {file}, {plural(num_segments, 'segment')}"
            case ClientFinished(client) if self._is_small:
                is_lacking = client in lacking(self._statistics)
                return f"client {client} has everything it {'can get' if is_lacking else 'wanted'}"
            case Died() | Restarted():
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
        """Print, in order, what happened before this time."""
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
