"""When the faults of a plan happen: whoever runs the swarm tells what it gets to know, and does what is due."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from heapq import heappop, heappush
from itertools import count
from typing import Protocol

from emulator.faults import (
    AfterSegments,
    AtMessage,
    AtShare,
    AtTime,
    Fault,
    FlashCrowd,
    FreeRider,
    Kill,
    Pause,
)
from emulator.protocol.events import AnyEvent, FaultBegan, FaultEnded, SegmentsTaken
from emulator.trace.records import Record

Action = Callable[[], None]


class Hands(Protocol):
    """What the injector can do to a run."""

    def now_s(self) -> float:
        """Since the run began."""

    def is_running(self, rank: int) -> bool: ...

    def record(self, rank: int, event: AnyEvent) -> None: ...

    def kill(self, rank: int, restart_s: float | None, is_state_kept: bool) -> None: ...

    def pause(self, rank: int) -> None: ...

    def resume(self, rank: int) -> None: ...

    def switch(self, index: int, is_on: bool) -> None:
        """For all processes to see: the fault at this place of the plan is on, or off."""


class Clockwork(Protocol):
    """Who does things at their time."""

    def at(self, time_s: float, action: Action) -> None: ...


class Timers:
    """What is to be done when; in the order of time, and of asking."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Action]] = []
        self._sequence = count()

    def at(self, time_s: float, action: Action) -> None:
        heappush(self._heap, (time_s, next(self._sequence), action))

    @property
    def next_s(self) -> float | None:
        return self._heap[0][0] if self._heap else None

    def do_due(self, now_s: float) -> None:
        while self._heap and self._heap[0][0] <= now_s:
            heappop(self._heap)[2]()


class Injector:
    """Lets each fault of a plan happen once, to each of its ranks at its own time where the plan says so."""

    def __init__(self, faults: Sequence[Fault], num_wanted: int, timers: Clockwork, hands: Hands) -> None:
        """`num_wanted` is what 100 % of the segments are."""
        self._timers = timers
        self._hands = hands
        self._num_taken = 0
        self._taken_by: Counter[int] = Counter()
        self._at_share: list[tuple[float, Action]] = []
        self._after_segments: dict[int, list[tuple[float, Action]]] = {}
        self._at_message: dict[tuple[int, int], list[Action]] = {}
        self._num_sent: Counter[int] = Counter()
        for index, fault in enumerate(faults):
            self._arm(index, fault, num_wanted)

    def _arm(self, index: int, fault: Fault, num_wanted: int) -> None:
        match fault.when:
            case AtTime(time_s) if not isinstance(fault, FlashCrowd):
                self._timers.at(time_s, partial(self._begin, index, fault, fault.ranks))
            case AtTime():
                self._timers.at(0.0, partial(self._begin, index, fault, fault.ranks))
            case AtShare(percent):
                self._at_share.append((percent / 100 * num_wanted, partial(self._begin, index, fault, fault.ranks)))
            case AfterSegments(num):
                for rank in fault.ranks:
                    action = partial(self._begin, index, fault, (rank,))
                    self._after_segments.setdefault(rank, []).append((num, action))
            case AtMessage(number):
                for rank in fault.ranks:
                    action = partial(self._begin, index, fault, (rank,))
                    self._at_message.setdefault((rank, number), []).append(action)

    def observe(self, records: Iterable[Record]) -> None:
        """Count the segments that are told of, and do what is due after them."""
        for record in records:
            if isinstance(record.event, SegmentsTaken):
                self.count_segments(record.rank, len(record.event.segments))

    def count_segments(self, rank: int, num: int) -> None:
        """Do what is due when this rank has got so many segments more."""
        self._num_taken += num
        self._taken_by[rank] += num
        self._at_share = _do_reached(self._at_share, self._num_taken)
        if rank in self._after_segments:
            self._after_segments[rank] = _do_reached(self._after_segments[rank], self._taken_by[rank])

    def count_message(self, rank: int) -> None:
        """Do what is due just before this rank sends once more."""
        self._num_sent[rank] += 1
        for action in self._at_message.pop((rank, self._num_sent[rank]), ()):
            action()

    def _begin(self, index: int, fault: Fault, ranks: Sequence[int]) -> None:
        match fault:
            case Kill(restart_s=restart_s, is_state_kept=is_state_kept):
                for rank in filter(self._hands.is_running, ranks):
                    self._hands.record(rank, FaultBegan(str(fault)))
                    self._hands.kill(rank, restart_s, is_state_kept)
            case Pause(for_s=for_s):
                for rank in filter(self._hands.is_running, ranks):
                    self._hands.record(rank, FaultBegan(str(fault)))
                    self._hands.pause(rank)
                    self._timers.at(self._hands.now_s() + (for_s or 0.0), partial(self._end_pause, fault, rank))
            case FreeRider() | FlashCrowd():  # which the clients know from their start
                self._hands.record(_only(ranks), FaultBegan(str(fault)))
            case _:
                self._hands.switch(index, True)
                self._hands.record(_only(ranks), FaultBegan(str(fault)))
                if fault.for_s is not None:
                    end = partial(self._end_switched, index, fault, ranks)
                    self._timers.at(self._hands.now_s() + fault.for_s, end)

    def _end_pause(self, fault: Fault, rank: int) -> None:
        if self._hands.is_running(rank):
            self._hands.resume(rank)
            self._hands.record(rank, FaultEnded(str(fault)))

    def _end_switched(self, index: int, fault: Fault, ranks: Sequence[int]) -> None:
        self._hands.switch(index, False)
        self._hands.record(_only(ranks), FaultEnded(str(fault)))


def _do_reached(waiting: list[tuple[float, Action]], reached: float) -> list[tuple[float, Action]]:
    """Do what waits for a number that is reached; what is left."""
    due = [action for least, action in waiting if least <= reached]
    left = [(least, action) for least, action in waiting if least > reached]
    for action in due:
        action()
    return left


def _only(ranks: Sequence[int]) -> int:
    """The rank that it happens to; 0 where it is not one."""
    return ranks[0] if len(ranks) == 1 else 0
