"""The parent's one loop: it waits for ends, events, signals and times at once, and does what is due.

A worker's end is seen on its sentinel, at once and for certain, however slow or stopped it was before. The end of a
client is told to all that are left, and the run goes on without it; that of the tracker ends the run.
"""

import select
import selectors
import signal
import time
from collections.abc import Sequence
from functools import partial

import msgspec

from emulator.engines.lives import MAX_RESTARTS, RESTART_S, TOO_LATE, WAITING_STEPS
from emulator.engines.names import failed_at, name_of
from emulator.engines.processes.crew import Crew, Process
from emulator.engines.processes.posts import Place, Posts
from emulator.engines.processes.worker import WorkerPlan
from emulator.errors import RunTimedOut, WorkerDied, WorkerFailed
from emulator.faults import AtShare
from emulator.faults.injector import Injector, Timers
from emulator.protocol.events import AnyEvent, Channel, Died, Restarted, SegmentsTaken, ThreadEnded, ThreadFailed
from emulator.protocol.messages import TRACKER, AnyMessage, Lost, Returned
from emulator.scenario.scenario import read_scenario
from emulator.trace.format import encode_record
from emulator.trace.records import Batch, Observer, Record
from emulator.trace.writer import TraceWriter

LONGEST_HEARING_S = 0.5
"""How long a run that has failed waits for everybody to tell what led to it."""
BATCHES_A_TURN = 32
"""Taken at once: no stream of events may keep the loop from signals, ends and the screen."""
PARENT = -1
"""Who tells the trace of deaths and faults: nobody waits for what the parent may tell later."""


class Supervisor:
    """Watches the workers of one run until all that live have ended well; raises a `RunError` where they will not."""

    def __init__(self, crew: Crew, observer: Observer, trace: TraceWriter | None) -> None:
        plan, options = crew.plan, crew.plan.options
        self.died: dict[int, str] = {}
        """Every client that has died and does not come back: how, and where it was."""
        self._crew = crew
        self._ended_well: set[int] = set()
        """Ranks whose main function has returned."""
        self._comebacks: dict[int, Comeback] = {}
        """Who is being killed to be started again."""
        self._awaited: dict[int, str] = {}
        """Every client that has died and comes back: how, and where it was."""
        self._too_late: set[int] = set()
        """Who came back when the tracker had stopped, and would wait for it for ever."""
        self._wiring = plan.wiring
        self._events = plan.wiring.events()
        self._steps = plan.wiring.board()
        self._switches = plan.wiring.fault_board()
        self._observer = observer
        self._trace = trace
        self._ends_s = None if options.timeout_s is None else plan.began_s + options.timeout_s
        self._ticks_s = 0.0
        self._decode = msgspec.msgpack.Decoder(Batch).decode
        self._selector = selectors.DefaultSelector()
        self._posts = Posts(plan.wiring, self._selector)
        self._timers = Timers()
        self._injector = Injector(plan.faults, num_wanted(plan), self._timers, self) if plan.faults else None

    def watch(self) -> None:
        signals = self._crew.signals
        with self._selector as selector:
            selector.register(signals.fileno(), selectors.EVENT_READ, signals.drain)
            selector.register(self._events.fileno(), selectors.EVENT_READ, self._take_some_events)
            for rank in self._crew.running:
                self._await_end(rank)
            try:
                self._loop()
            except OSError:
                signals.check()  # a terminal that was hung up cannot be drawn on: the signal says more
                raise
            finally:
                self._steps.close()
                self._switches.close()

    def _await_end(self, rank: int) -> None:
        sentinel = self._crew[rank].sentinel
        self._selector.register(sentinel, selectors.EVENT_READ, partial(self._take_end, rank, sentinel))

    def _loop(self) -> None:
        while self._crew.running:
            self._timers.do_due(self.now_s())
            ready = self._selector.select(self._longest_wait_s())
            self._check_limits()
            for key, _ in ready:
                key.data()
            self._tick()

    def _tick(self) -> None:
        if self._observer.interval_s is not None and time.monotonic() >= self._ticks_s:
            self._observer.tick()
            self._ticks_s = time.monotonic() + self._observer.interval_s

    def _longest_wait_s(self) -> float | None:
        times = [self._ticks_s] if self._observer.interval_s is not None else []
        times += [self._ends_s] if self._ends_s is not None else []
        times += [self._crew.plan.began_s + self._timers.next_s] if self._timers.next_s is not None else []
        return max(0.0, min(times) - time.monotonic()) if times else None

    def _check_limits(self) -> None:
        self._crew.signals.check()
        if self._ends_s is not None and time.monotonic() >= self._ends_s:
            raise RunTimedOut(f"the time limit was reached; still running: {self._still_running()}")

    # What is told

    def _take_some_events(self) -> None:
        for _ in range(BATCHES_A_TURN):
            data = self._events.get_nowait()
            if data is None:
                return
            self._take_batch(data)

    def _take_batch(self, data: bytes) -> None:
        batch = self._decode(data)
        if self._trace is not None:
            self._trace.add(batch)
        self._observer.observe(batch.records)
        for record in batch.records:
            match record.event:
                case ThreadFailed(error, text):
                    self._hear_out(record.time_s)
                    where = failed_at(record.rank, record.thread, record.step)
                    raise WorkerFailed(f"{where}: {error}", text)
                case ThreadEnded() if record.thread == "main":
                    self._ended_well.add(record.rank)
                    self._crew.release(record.rank)
        if self._injector is not None:
            for record in batch.records:
                if isinstance(record.event, SegmentsTaken):
                    self._injector.count_segments(record.rank, len(record.event.segments))

    def _hear_out(self, failed_s: float) -> None:
        """For a trace: let everybody tell what led to a failure. One that is stopped is not waited for long."""
        if self._trace is None:
            return
        readable = select.poll()
        readable.register(self._events.fileno(), select.POLLIN)
        ends_s = time.monotonic() + LONGEST_HEARING_S
        while not self._trace.has_all_before(failed_s) and (left_s := ends_s - time.monotonic()) > 0:
            readable.poll(left_s * 1000)
            if (data := self._events.get_nowait()) is not None:
                batch = self._decode(data)
                self._trace.add(batch)
                self._observer.observe(batch.records)

    def now_s(self) -> float:
        return (time.monotonic_ns() - round(self._crew.plan.began_s * 1e9)) / 1e9

    def record(self, rank: int, event: AnyEvent, time_s: float | None = None) -> None:
        """Add an event to the run's stream that no worker can tell; it happened now, where no time is given."""
        step = next(reversed(self._steps.read(rank).values()), "")
        now_s = self.now_s() if time_s is None else time_s
        record = Record(now_s, rank, "main", step, event)
        if self._trace is not None:
            self._trace.add(Batch(PARENT, now_s, [], [now_s], encode_record(record) + b"\n"))
        self._observer.observe([record])

    # Who ends

    def _take_end(self, rank: int, sentinel: int) -> None:
        self._selector.unregister(sentinel)
        process = self._crew.take_end(rank)
        ended_s = self.now_s()
        self._posts.drop(rank)
        if self._crew.plan.may_restart:
            self._drain_from_now_on(rank)
        # A status says it for certain, and waiters need not wait until all that was recorded before is read.
        comeback = self._tell_death(rank, process) if process.exitcode else None
        for data in self._events.get_waiting():
            self._take_batch(data)  # what it told last: an exception says more than an exit status
        if not process.exitcode and rank not in self._ended_well:
            comeback = self._tell_death(rank, process)
        if process.exitcode or rank not in self._ended_well:
            self._take_death(rank, process, ended_s, comeback)
        elif rank == TRACKER:
            self._end_with_tracker()
        if self._trace is not None:
            self._trace.forget(rank)

    def _tell_death(self, rank: int, process: Process) -> "Comeback | None":
        """Wake whoever waits for this rank; how it comes back, if it does."""
        if rank == TRACKER:
            return None
        comeback = self._comeback_of(rank)
        self._tell_everybody(rank, Lost(comeback is not None), process.pid)
        return comeback

    def _take_death(self, rank: int, process: Process, died_s: float, comeback: "Comeback | None") -> None:
        how = TOO_LATE if rank in self._too_late else describe_end(process.exitcode or 0)
        text = f"{name_of(rank)} (process {process.pid}) {how}; {self._where(rank)}"
        if rank == TRACKER:
            raise WorkerDied(text)
        self.record(rank, Died(how), died_s)
        self._steps.clear(rank)
        if comeback is None:
            self.died[rank] = text
        else:
            self._awaited[rank] = text
            self._timers.at(self.now_s() + comeback.after_s, partial(self._bring_back, rank, comeback))

    def _end_with_tracker(self) -> None:
        """The tracker has stopped. Whoever is to come back has nothing to come back to, or was not noticed any more."""
        self.died |= self._awaited
        for rank in sorted(self._crew.running):
            if self._crew.lives[rank] and WAITING_STEPS.issuperset(self._steps.read(rank).values()):
                self._too_late.add(rank)
                self._crew.kill(rank)

    # Who comes back

    def _comeback_of(self, rank: int) -> "Comeback | None":
        comeback = self._comebacks.pop(rank, None)
        if TRACKER not in self._crew.running:
            return None
        if comeback is None and self._crew.plan.options.restart and self._crew.lives[rank] < MAX_RESTARTS:
            return Comeback(RESTART_S, is_state_kept=True)
        return comeback

    def _drain_from_now_on(self, rank: int) -> None:
        """The parent holds readers of a rank that may come back: nobody may wait for room in what nobody reads."""
        for channel in channels_of(rank):
            inbox = self._wiring.inbox(channel, rank)
            self._selector.register(inbox.fileno(), selectors.EVENT_READ, inbox.drain)

    def _bring_back(self, rank: int, comeback: "Comeback") -> None:
        """Start a rank again, and tell everybody. What was meant for its life before ends where its inbox says so."""
        if TRACKER not in self._crew.running:
            return  # all is over
        del self._awaited[rank]
        self._ended_well.discard(rank)
        for channel in channels_of(rank):
            self._empty((channel, rank))
            self._posts.post((channel, rank), rank, Returned())
            for other in sorted({*self.died, *self._awaited}):
                self._posts.post((channel, rank), other, Lost(other in self._awaited))
        # Recorded first: the new life's own events come after it.
        self.record(rank, Restarted(comeback.is_state_kept))
        if self._trace is not None:
            self._trace.remember(rank, self.now_s())
        self._crew.start_again(rank, is_state_kept=comeback.is_state_kept)
        self._tell_everybody(rank, Returned())
        self._await_end(rank)

    def _empty(self, place: Place) -> None:
        """Nobody reads this inbox now, and somebody will: there is room in it, for the parent first."""
        inbox = self._wiring.inbox(*place)
        self._selector.unregister(inbox.fileno())
        inbox.drain()

    # What faults do

    def is_running(self, rank: int) -> bool:
        return rank in self._crew.running and rank not in self._ended_well

    def kill(self, rank: int, restart_s: float | None, is_state_kept: bool) -> None:
        if restart_s is not None:
            self._comebacks[rank] = Comeback(restart_s, is_state_kept)
        self._crew.kill(rank)

    def pause(self, rank: int) -> None:
        self._crew.pause(rank)

    def resume(self, rank: int) -> None:
        self._crew.resume(rank)

    def switch(self, index: int, is_on: bool) -> None:
        self._switches.switch(index, is_on)

    # Whom and what to tell

    def _tell_everybody(self, rank: int, message: AnyMessage, lost: int | None = None) -> None:
        """To everybody who has not ended, as if `rank` itself had sent it."""
        for other in sorted(self._crew.running - {rank}):
            for channel in channels_of(other):
                self._posts.post((channel, other), rank, message, lost)

    def _where(self, rank: int) -> str:
        steps = self._steps.read(rank)
        places = [f"{thread} thread at {step}" for thread, step in steps.items() if thread != "main" or len(steps) == 1]
        return ", ".join(places) or "it had not begun"

    def _still_running(self) -> str:
        shown = [f"{name_of(rank)} ({self._where(rank)})" for rank in sorted(self._crew.running)[:3]]
        num_more = len(self._crew.running) - len(shown)
        return ", ".join(shown) + (f" and {num_more} more" if num_more else "")


class Comeback(msgspec.Struct, frozen=True):
    """How a rank that dies is started again."""

    after_s: float
    is_state_kept: bool


def num_wanted(plan: WorkerPlan) -> int:
    """How many segments all clients want; looked up only where a fault waits for a share of them."""
    if not any(isinstance(fault.when, AtShare) for fault in plan.faults):
        return 0
    return sum(read_scenario(plan.inputs, plan.size - 1).wanted_segments())


def channels_of(rank: int) -> Sequence[Channel]:
    """On which communicators a rank is told something."""
    return ("download",) if rank == TRACKER else ("download", "upload")


def describe_end(exitcode: int) -> str:
    if exitcode >= 0:
        return f"ended with status {exitcode}"
    try:
        return f"was killed by {signal.Signals(-exitcode).name}"
    except ValueError:  # a real-time signal has no name
        return f"was killed by signal {-exitcode}"
