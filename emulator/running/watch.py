"""Watching a run: the statistics, and an observer that can do the run no harm."""

import contextlib
import sys
from collections.abc import Callable, Sequence
from functools import partial

from emulator.trace.records import Observer, Record
from emulator.trace.statistics import SwarmStatistics

ObserverFactory = Callable[[SwarmStatistics], Observer]
"""Makes an observer of a run. The statistics that it gets are updated before it is told of the same records."""


class GuardedObserver:
    """Keeps the statistics, then passes everything on to another observer, if there is one.

    When that observer raises, it is ended and told nothing more; the run goes on, and a line on stderr says so when the
    run is over.
    """

    def __init__(self, statistics: SwarmStatistics, observer: Observer | None) -> None:
        self.interval_s = observer.interval_s if observer else None
        self.undo = observer.undo if observer else b""
        self._statistics = statistics
        self._observer = observer
        self._failure: Exception | None = None

    def begin(self) -> None:
        if self._observer:
            self._guard(self._observer.begin)

    def observe(self, records: Sequence[Record]) -> None:
        self._statistics.add_all(records)
        if self._observer:
            self._guard(partial(self._observer.observe, records))

    def tick(self) -> None:
        if self._observer:
            self._guard(self._observer.tick)

    def end(self) -> None:
        self._end_observer()
        # A broken pipe needs no line: its reader closed it.
        if self._failure is not None and not isinstance(self._failure, BrokenPipeError):
            text = f"emulator: the view failed ({self._failure!r}); the run went on without it"
            with contextlib.suppress(Exception):  # stderr may be a terminal that was hung up
                sys.stderr.write(text + "\n")
                sys.stderr.flush()

    def _end_observer(self) -> None:
        observer, self._observer = self._observer, None
        if observer:
            self._guard(observer.end)

    def _guard(self, call: Callable[[], None]) -> None:
        try:
            call()
        except Exception as error:  # an observer may be the user's own code
            self._failure = self._failure or error
            self._end_observer()
