"""The virtual engine: the same protocol in simulated time, deterministic and without a process.

The clock, the network and who waits for what are `simulation.py`; the network model is that of all engines
(`engines/lines.py`). What a network says nothing about takes no time.
"""

import contextlib
import gc
import time
from collections.abc import Iterator
from pathlib import Path

from emulator.engines.outcome import Outcome
from emulator.engines.signals import SignalWatch
from emulator.engines.virtual.journal import Ear, Journal
from emulator.engines.virtual.run import VirtualRun
from emulator.errors import RunTimedOut
from emulator.scenario.setup import Setup
from emulator.trace.records import Observer
from emulator.trace.writer import TraceWriter

BATCH = 1_024
"""Things that happen between two looks at signals, at the clock on the wall and at the screen."""


def run_virtual(setup: Setup, output: Path | None, observer: Observer, trace: TraceWriter | None = None) -> Outcome:
    """Run a swarm in virtual time, in this process and thread.

    Outputs are written to the folder `output`; where there is none, they are compared with what they should be, and
    inputs are not read again. The same setup gives the same events at the same times. Raises `RunError`
    where a client fails, the time limit (of the wall) is reached, or a signal comes.
    """
    journal = Journal(observer, trace, None)
    run = VirtualRun(setup, output, journal)
    signals = SignalWatch()
    timeout_s = setup.options.timeout_s
    ends_s = None if timeout_s is None else time.monotonic() + timeout_s
    with signals.installed(), _few_collections():
        observer.begin()
        try:
            run.start()
            _loop(run, signals, observer, ends_s)
            run.check_end()
        finally:
            journal.flush()
            observer.end()
    return run.outcome()


def simulate(setup: Setup, ear: Ear, most_events: int) -> Outcome:
    """Run a swarm in virtual time and in memory, for an ear alone; quick to begin and to end.

    Raises `RunTimedOut` after `most_events`, which stands for a swarm that never comes to an end, and otherwise what
    `run_virtual` raises. Takes no notice of signals.
    """
    run = VirtualRun(setup, None, Journal(None, None, ear))
    run.start()
    simulation, num_left = run.world.simulation, most_events
    while not run.is_over and simulation.run(BATCH):
        num_left -= BATCH
        if num_left <= 0:
            raise RunTimedOut(f"no end after {most_events:,} events, at {simulation.now_s:.6f} s of virtual time")
    run.check_end()
    return run.outcome()


@contextlib.contextmanager
def _few_collections() -> Iterator[None]:
    """A swarm is millions of objects without a cycle: to look for one again and again costs a third of the time."""
    thresholds = gc.get_threshold()
    gc.set_threshold(1_000_000, 100, 100)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)


def _loop(run: VirtualRun, signals: SignalWatch, observer: Observer, ends_s: float | None) -> None:
    tick_s = time.monotonic()
    simulation, journal = run.world.simulation, run.world.journal
    while not run.is_over and simulation.run(BATCH):
        journal.flush()
        signals.check()
        now_s = time.monotonic()
        if ends_s is not None and now_s >= ends_s:
            raise RunTimedOut(f"the time limit was reached at {simulation.now_s:.6f} s of virtual time")
        if observer.interval_s is not None and now_s >= tick_s:
            observer.tick()
            tick_s = now_s + observer.interval_s
