"""The parent's one loop: it waits for ends, reports, signals and times at once, and does what is due.

A worker's end is seen on its sentinel, at once and for certain, however slow or stopped it was before. The end of a
client is told to all that are left, and the run goes on without it; that of the tracker ends the run.
"""

import selectors
import time
from functools import partial

from emulator.engines.lives import TOO_LATE, WAITING_STEPS, Comeback, Death, Lives, State
from emulator.engines.names import name_of
from emulator.engines.processes.crew import Crew, End
from emulator.engines.processes.plan import WorkerPlan
from emulator.engines.processes.posts import Posts
from emulator.engines.processes.wiring import channels_of
from emulator.engines.workers.reports import Reports
from emulator.errors import RunTimedOut, WorkerDied
from emulator.faults import AtShare
from emulator.faults.injector import Injector, Timers
from emulator.protocol.events import AnyEvent, Died, Restarted, SegmentsTaken, ThreadEnded
from emulator.protocol.messages import TRACKER, AnyMessage, Lost, Returned
from emulator.scenario.scenario import read_scenario
from emulator.trace.records import Observer
from emulator.trace.writer import TraceWriter

MAX_REPORTS_A_TURN = 32
"""No stream of reports may keep the loop from signals, ends and the screen."""


class Supervisor:
    """Watches the workers of one run until all that live have ended well; raises a `RunError` where they will not."""

    def __init__(self, crew: Crew, observer: Observer, trace: TraceWriter | None) -> None:
        plan, options = crew.plan, crew.plan.options
        self.lives = Lives(plan.size, is_restarting=options.restart)
        self._crew = crew
        self._wiring = plan.wiring
        self._events = plan.wiring.events()
        self._steps = plan.wiring.board()
        self._switches = plan.wiring.fault_board()
        self._observer = observer
        self._reports = Reports(observer, trace, self._read_report)
        self._ends_s = None if options.timeout_s is None else plan.began_s + options.timeout_s
        self._ticks_s = 0.0
        self._selector = selectors.DefaultSelector()
        self._posts = Posts(plan.wiring, self._selector)
        self._timers = Timers()
        self._injector = Injector(plan.faults, num_wanted(plan), self._timers, self) if plan.faults else None

    def watch(self) -> None:
        signals = self._crew.signals
        with self._selector as selector:
            selector.register(signals.fileno(), selectors.EVENT_READ, signals.drain)
            selector.register(self._events.fileno(), selectors.EVENT_READ, self._take_some_reports)
            for rank in self._crew.ranks:
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
        sentinel = self._crew.sentinel(rank)
        self._selector.register(sentinel, selectors.EVENT_READ, partial(self._take_end, rank, sentinel))

    def _loop(self) -> None:
        while self._crew.ranks:
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

    # Reports

    def _take_some_reports(self) -> None:
        for _ in range(MAX_REPORTS_A_TURN):
            data = self._events.get_nowait()
            if data is None:
                return
            self._take_report(data)

    def _read_report(self, timeout_s: float) -> bytes | None:
        try:
            return self._events.get(timeout_s)
        except TimeoutError:
            return None

    def _take_report(self, data: bytes) -> None:
        records = self._reports.take(data)
        for record in records:
            match record.event:
                case ThreadEnded() if record.thread == "main":
                    self._note_end(record.rank)
                case SegmentsTaken(segments=segments) if self._injector is not None:
                    self._injector.count_segments(record.rank, len(segments))

    def _note_end(self, rank: int) -> None:
        """The rank's main function has returned. Its process can exit only if it is not stopped."""
        state = self.lives.state(rank)
        if self.lives.is_running(rank):
            self.lives.end(rank)
        if state is State.STOPPED and rank in self._crew.ranks:
            self._crew.let_go_on(rank)

    # Ends

    def _take_end(self, rank: int, sentinel: int) -> None:
        self._selector.unregister(sentinel)
        end, ended_s = self._crew.take_end(rank), self.now_s()
        self._posts.drop(rank)
        if self._crew.plan.may_restart:
            self._drain_from_now_on(rank)
        # A status says it for certain, and waiters need not wait until all that was recorded before is read.
        death = self._take_death(rank, end) if end.status else None
        for data in self._events.get_waiting():
            self._take_report(data)  # what it told last: an exception says more than an exit status
        if death is None and self.lives.state(rank) is not State.ENDED:
            death = self._take_death(rank, end)
        if death is not None:
            self._follow(rank, death, ended_s)
        elif rank == TRACKER:
            self._end_with_tracker()
        self._reports.end_life(rank)

    def _take_death(self, rank: int, end: End) -> Death:
        """Enter a death, and wake the ranks that wait for this one."""
        death = self.lives.die(rank, end.how, self._where(rank), end.pid)
        if rank != TRACKER:
            self._tell_all(rank, Lost(death.comeback is not None), end.pid)
        return death

    def _follow(self, rank: int, death: Death, died_s: float) -> None:
        if rank == TRACKER:
            raise WorkerDied(death.text)
        self._add(died_s, rank, Died(death.how))
        self._steps.clear(rank)
        if death.comeback is not None:
            self._timers.at(self.now_s() + death.comeback.after_s, partial(self._bring_back, rank, death.comeback))

    def _end_with_tracker(self) -> None:
        """The tracker has ended. A client that came back too late for the tracker to hear of it waits for nothing."""
        for rank in self.lives.returned():
            if WAITING_STEPS.issuperset(self._steps.read(rank).values()):
                self.lives.doom(rank, how=TOO_LATE)
                self._crew.kill(rank)

    # Returns

    def _drain_from_now_on(self, rank: int) -> None:
        """No writer may wait for room in an inbox that no process reads: the parent keeps it open for a later life."""
        for channel in channels_of(rank):
            inbox = self._wiring.inbox(channel, rank)
            self._selector.register(inbox.fileno(), selectors.EVENT_READ, inbox.drain)

    def _bring_back(self, rank: int, comeback: Comeback) -> None:
        """Start a rank again, and tell all others. What was meant for its life before ends where its inbox says so."""
        if self.lives.state(rank) is not State.RETURNING:
            return  # the tracker has ended since
        life = self.lives.come_back(rank)
        self._fill_inboxes(rank)
        # Recorded first: the new life's own events come after it.
        self.record(rank, Restarted(comeback.is_state_kept))
        self._reports.begin_life(rank, self.now_s())
        self._crew.start_again(rank, life, is_state_kept=comeback.is_state_kept)
        self._tell_all(rank, Returned())
        self._await_end(rank)

    def _fill_inboxes(self, rank: int) -> None:
        """Empty the inboxes that the new life will read, and put in what it has to know first."""
        for channel in channels_of(rank):
            inbox = self._wiring.inbox(channel, rank)
            self._selector.unregister(inbox.fileno())
            inbox.drain()
            self._posts.post((channel, rank), rank, Returned())
            for other, is_returning in self.lives.gone():
                self._posts.post((channel, rank), other, Lost(is_returning))

    # What faults do

    def now_s(self) -> float:
        return (time.monotonic_ns() - round(self._crew.plan.began_s * 1e9)) / 1e9

    def is_running(self, rank: int) -> bool:
        return self.lives.is_running(rank) and rank in self._crew.ranks

    def record(self, rank: int, event: AnyEvent) -> None:
        self._add(self.now_s(), rank, event)

    def kill(self, rank: int, restart_s: float | None, is_state_kept: bool) -> None:
        if restart_s is not None:
            self.lives.doom(rank, Comeback(restart_s, is_state_kept))
        self._crew.kill(rank)

    def pause(self, rank: int) -> None:
        self.lives.stop(rank)
        self._crew.stop(rank)

    def resume(self, rank: int) -> None:
        if self.lives.state(rank) is State.STOPPED and self.lives.go_on(rank):
            self._crew.let_go_on(rank)

    def switch(self, index: int, is_on: bool) -> None:
        self._switches.switch(index, is_on)

    # What is told

    def _tell_all(self, rank: int, message: AnyMessage, lost: int | None = None) -> None:
        """Tell all other ranks that take part, as if `rank` itself had sent it."""
        for other in self.lives.running():
            if other != rank:
                for channel in channels_of(other):
                    self._posts.post((channel, other), rank, message, lost)

    def _add(self, time_s: float, rank: int, event: AnyEvent) -> None:
        step = next(reversed(self._steps.read(rank).values()), "")
        self._reports.add(time_s, rank, step, event)

    def _where(self, rank: int) -> str:
        steps = self._steps.read(rank)
        places = [f"{thread} thread at {step}" for thread, step in steps.items() if thread != "main" or len(steps) == 1]
        return ", ".join(places) or "it had not begun"

    def _still_running(self) -> str:
        ranks = sorted(self._crew.ranks)
        shown = [f"{name_of(rank)} ({self._where(rank)})" for rank in ranks[:3]]
        num_more = len(ranks) - len(shown)
        return ", ".join(shown) + (f" and {num_more} more" if num_more else "")


def num_wanted(plan: WorkerPlan) -> int:
    """How many segments all clients want; looked up only where a fault waits for a share of them."""
    if not any(isinstance(fault.when, AtShare) for fault in plan.faults):
        return 0
    return sum(read_scenario(plan.inputs, plan.size - 1).wanted_segments())
