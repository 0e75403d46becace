"""When the faults of a plan happen: the engine tells the injector what goes on, and the injector uses its hands."""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from heapq import heappop, heappush
from itertools import count
from typing import Protocol

from emulator.faults.fault import Blow, Fault, Trait
from emulator.faults.hands import Hands
from emulator.faults.triggers import AfterSegments, AtMessage, AtShare, AtTime
from emulator.protocol.events import FaultBegan, FaultEnded
from emulator.protocol.messages import TRACKER

Action = Callable[[], None]


class Clockwork(Protocol):
    """What does things at their time."""

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
    """Makes each fault of a plan happen once; some triggers come for each rank at a time of its own."""

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
            case AtTime(time_s):
                begin_s = 0.0 if isinstance(fault, Trait) else time_s
                self._timers.at(begin_s, partial(self._begin, index, fault, fault.ranks))
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

    def count_segments(self, rank: int, num: int) -> None:
        """Do what is due when this rank has got `num` more segments."""
        self._num_taken += num
        self._taken_by[rank] += num
        self._at_share = _do_reached(self._at_share, self._num_taken)
        if rank in self._after_segments:
            self._after_segments[rank] = _do_reached(self._after_segments[rank], self._taken_by[rank])

    def count_message(self, rank: int) -> None:
        """Do what is due just before the next message of this rank."""
        self._num_sent[rank] += 1
        for action in self._at_message.pop((rank, self._num_sent[rank]), ()):
            action()

    def _begin(self, index: int, fault: Fault, ranks: Sequence[int]) -> None:
        match fault:
            case Blow():
                for rank in filter(self._hands.is_running, ranks):
                    self._strike(fault, rank)
            case Trait():  # which its clients have been told at their start
                self._hands.record(_only(ranks), FaultBegan(str(fault)))
            case _:
                # Recorded first: what comes of it in another process comes later in the trace, too.
                self._hands.record(_only(ranks), FaultBegan(str(fault)))
                self._hands.switch(index, True)
                if fault.for_s is not None:
                    end = partial(self._end_condition, index, fault, ranks)
                    self._timers.at(self._hands.now_s() + fault.for_s, end)

    def _strike(self, blow: Blow, rank: int) -> None:
        self._hands.record(rank, FaultBegan(str(blow)))
        blow.strike(rank, self._hands)
        if blow.for_s is not None:
            self._timers.at(self._hands.now_s() + blow.for_s, partial(self._relieve, blow, rank))

    def _relieve(self, blow: Blow, rank: int) -> None:
        if self._hands.is_running(rank):
            blow.relieve(rank, self._hands)
            self._hands.record(rank, FaultEnded(str(blow)))

    def _end_condition(self, index: int, fault: Fault, ranks: Sequence[int]) -> None:
        self._hands.switch(index, False)
        self._hands.record(_only(ranks), FaultEnded(str(fault)))


def _do_reached(waiting: list[tuple[float, Action]], reached: float) -> list[tuple[float, Action]]:
    """Do what waits for a number that is reached, and return what still waits."""
    due = [action for least, action in waiting if least <= reached]
    left = [(least, action) for least, action in waiting if least > reached]
    for action in due:
        action()
    return left


def _only(ranks: Sequence[int]) -> int:
    """The rank that it happens to; the tracker's where it is not one."""
    return ranks[0] if len(ranks) == 1 else TRACKER
