"""Watching a run on a terminal: the dashboard, drawn again and again. All figures come from the statistics."""

import time
from collections.abc import Callable, Sequence

from rich.console import Console, Group
from rich.live import Live

from emulator.scenario.setup import Setup
from emulator.trace.records import Observer, Record
from emulator.trace.statistics import SwarmStatistics
from emulator.trace.statistics.rates import RateMeter
from emulator.view.console import is_screen
from emulator.view.dashboard.dashboard import dashboard
from emulator.view.dashboard.facts import Facts, facts_of
from emulator.view.dashboard.log import LineView
from emulator.view.terminal import UNDO_SCREEN, KeptTerminal

FRAME_S = 0.1
FINAL_LINES = 24
"""Lines of the last screen that stay above the summary."""


def watch_on(console: Console, setup: Setup) -> Callable[[SwarmStatistics], Observer]:
    """A factory for the observer of a run: the dashboard on a terminal, lines elsewhere."""

    def watch(statistics: SwarmStatistics) -> Observer:
        if is_screen(console):
            return LiveView(console, facts_of(setup), statistics)
        return LineView(console, setup.scenario, statistics)

    return watch


class LiveView:
    """The dashboard while the run lasts. Its last frame stays on the terminal."""

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
        # A terminal that takes nothing now, as after Ctrl-S, must not hold the run up.
        if self._terminal.is_ready():
            self._live.update(self.frame(self._clock()), refresh=True)

    def end(self) -> None:
        try:
            self._live.stop()
        finally:
            self._terminal.give_back()
        if self._statistics.began_s is not None:
            self._console.print(self.frame(self._clock(), FINAL_LINES))

    def frame(self, now: float, most_lines: int | None = None) -> Group:
        """The whole screen, or `most_lines` of it."""
        elapsed_s = now - self._began_s
        width, height = self._console.size
        rates = self._meter.sample(elapsed_s, self._statistics)
        lines = min(height, most_lines or height)
        return dashboard(self._statistics, self._facts, rates, elapsed_s, width, lines)
