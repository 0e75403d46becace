"""The state of a replay: everything that a key can change, without keys and without a screen."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from emulator.protocol.messages import TRACKER
from emulator.replay.index import MarkKind
from emulator.replay.moment import Moment
from emulator.replay.recording import Recording
from emulator.trace.records import Record
from emulator.trace.statistics import SwarmStatistics
from emulator.trace.statistics.rates import RATE_WINDOW_S, Rates, rates_between, sample

SPEEDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)
"""Seconds of the run in a second."""
PLEASANT_S = 10.0
"""A shorter run is slowed to last about as long."""
STEPS_PER_S = 5.0
"""Of a replay by steps, at speed 1."""


class Player:
    """One replay: its position, its time, its speed, and the client that it looks at."""

    def __init__(self, recording: Recording, speed: float | None = None) -> None:
        """At the beginning, and paused. Without a speed, it is one at which a person can follow a short run."""
        self.recording = recording
        self.position = 0
        """How many events have happened."""
        self.now_s = 0.0
        """Seconds since the run began."""
        self.speed = speed or _pleasant_speed(recording.duration_s)
        self.is_playing = False
        self.by_steps = False
        self.selected: int | None = None
        """The client whose story is told; 0 is the tracker."""
        self.with_messages = False
        """Whether the story includes every message."""
        self.notice = ""
        """A message about the last key, until the next one."""
        self._owed_steps = 0.0
        self._here = recording.cursor()
        self._behind = recording.cursor()

    # What there is to see

    @property
    def statistics(self) -> SwarmStatistics:
        return self._here.move(self.position)

    @property
    def rates(self) -> Rates:
        """Rates over the last second. They depend on the moment only, not on the way to it."""
        before_s = self.now_s - RATE_WINDOW_S
        then = self._behind.move(self._position_at(before_s))
        span_s = min(self.now_s, RATE_WINDOW_S) or RATE_WINDOW_S
        return rates_between(sample(before_s, then), sample(self.now_s, self.statistics), span_s)

    @property
    def last_record(self) -> Record | None:
        """The event that has just happened."""
        return self.recording.record(self.position - 1) if self.position else None

    @property
    def violation(self) -> str:
        """What the checker found at the event that has just happened; empty for nothing."""
        violations = self.recording.violations
        at = bisect_left(violations, self.position, key=lambda found: found.position)
        is_here = at < len(violations) and violations[at].position == self.position > 0
        return violations[at].text if is_here else ""

    @property
    def is_at_end(self) -> bool:
        return self.position == self.recording.num_events and self.now_s >= self.recording.duration_s

    # Time

    def advance(self, passed_s: float) -> bool:
        """Let time pass, in seconds of the viewer; return whether the screen may differ now."""
        if not self.is_playing:
            return False
        if self.by_steps:
            self._owed_steps += passed_s * self.speed * STEPS_PER_S
            num_steps = int(self._owed_steps)
            self._owed_steps -= num_steps
            for _ in range(num_steps):
                self._go(self._step_after(self.position))
        else:
            self.now_s = min(self.now_s + passed_s * self.speed, self.recording.duration_s)
            self.position = self._position_at(self.now_s)
        if self.is_at_end:
            self.is_playing = False
        return True

    def _position_at(self, time_s: float) -> int:
        return self.recording.position_at(time_s) if time_s >= 0 else 0

    def play_or_pause(self) -> None:
        self.notice = ""
        if not self.is_playing and self.is_at_end:
            self._go(0)
        self.is_playing = not self.is_playing
        self._owed_steps = 0.0

    def faster(self) -> None:
        self.notice = ""
        self.speed = next((speed for speed in SPEEDS if speed > self.speed), self.speed)

    def slower(self) -> None:
        self.notice = ""
        self.speed = next((speed for speed in reversed(SPEEDS) if speed < self.speed), self.speed)

    def toggle_steps(self) -> None:
        """Switch between the run's time and an equal time for each event worth a sentence."""
        self.by_steps = not self.by_steps
        self._owed_steps = 0.0
        self.notice = "every event takes equally long" if self.by_steps else "events take as long as they took"

    # Places

    def seek(self, moment: Moment) -> None:
        """Go to a moment; to the end if the moment is after it."""
        self.notice = ""
        time_s = self.recording.duration_s * moment.number / 100 if moment.is_share else moment.number
        self.now_s = min(time_s, self.recording.duration_s)
        self.position = self._position_at(self.now_s) if self.now_s else 0
        if moment == Moment(100.0, True):
            self.position = self.recording.num_events

    def seek_position(self, position: int) -> None:
        """Go to where `position` events have happened."""
        self._stop_at(max(0, min(position, self.recording.num_events)))

    def go_to_begin(self) -> None:
        self._stop_at(0)

    def go_to_end(self) -> None:
        self._stop_at(self.recording.num_events)
        self.now_s = self.recording.duration_s

    def step(self) -> None:
        """Go to the next event worth a sentence, and pause."""
        self._stop_at(self._step_after(self.position))

    def step_back(self) -> None:
        told = self.recording.index.told
        before = bisect_left(told, self.position)
        self._stop_at(told[before - 1] if before else 0)

    def _step_after(self, position: int) -> int:
        told = self.recording.index.told
        after = bisect_right(told, position)
        return told[after] if after < len(told) else self.recording.num_events

    def jump(self, kind: MarkKind, *, is_back: bool = False) -> None:
        """Go to the next mark of a kind, or back to the last one."""
        marks = self.marks(kind)
        at = bisect_left(marks, self.position) - 1 if is_back else bisect_right(marks, self.position)
        if 0 <= at < len(marks):
            self._stop_at(marks[at])
        else:
            self.notice = f"no {kind} {'before' if is_back else 'after'} this"

    def marks(self, kind: MarkKind) -> Sequence[int]:
        """The positions of a kind of mark."""
        if kind == "violation":
            return [found.position for found in self.recording.violations]
        return self.recording.index.marks[kind]

    def _stop_at(self, position: int) -> None:
        self.is_playing = False
        self.notice = ""
        self._go(position)

    def _go(self, position: int) -> None:
        self.position = position
        self.now_s = self.recording.time_at(position)

    # The client to look at

    def select(self, rank: int) -> None:
        """A client, or 0 for the tracker."""
        if TRACKER <= rank <= self.recording.header.clients:
            self.selected, self.notice = rank, ""
        else:
            self.notice = f"there is no client {rank}: they are 1 to {self.recording.header.clients}"

    def select_next(self, step: int) -> None:
        """The next client, or the one before; the tracker is between the last and the first."""
        size = self.recording.header.clients + 1
        self.notice = ""
        if self.selected is None:
            self.selected = 1 if step > 0 else size - 1
        else:
            self.selected = (self.selected + step) % size

    def deselect(self) -> None:
        self.selected, self.notice = None, ""

    def toggle_messages(self) -> None:
        self.with_messages = not self.with_messages
        self.notice = "the story has all messages" if self.with_messages else "the story has no messages"


def _pleasant_speed(duration_s: float) -> float:
    """The highest speed up to real time at which a run lasts `PLEASANT_S`."""
    slow = [speed for speed in SPEEDS if speed <= 1 and duration_s / speed >= PLEASANT_S]
    return max(slow, default=SPEEDS[0]) if duration_s else 1.0
