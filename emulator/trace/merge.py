"""Merging the parts that ranks recorded separately into one trace, by cause and effect alone.

The events of a part keep their order. The k-th receipt of a kind of message, from one rank to another on one
communicator, waits for the k-th sending. Clocks only decide between events that may happen in either order, so they
need not agree. Each part is read once, and a few blocks of lines are in memory at a time.
"""

from array import array
from collections.abc import Callable, Sequence
from heapq import heappop, heappush
from typing import NamedTuple

from emulator.protocol.events import Received, Sent
from emulator.protocol.messages import AnyMessage
from emulator.trace.causes import Cause, Causes, cause_of, kind
from emulator.trace.clocks import Clocks
from emulator.trace.parts import Part, Recorded

MAX_TOLD = 5
"""Contradictions that are told one by one."""


class Merge:
    """Puts the events of all parts into one order."""

    def __init__(self, parts: Sequence[Part], hear: Callable[[Recorded], None]) -> None:
        """`hear` is told of each event in that order."""
        self.clocks = Clocks(len(parts))
        self.parts_of: dict[int, list[int]] = {}
        """The numbers of the parts in which each rank has recorded something."""
        self.contradictions: list[str] = []
        """The first of them, with their places."""
        self.num_contradictions = 0
        self._parts = parts
        self._hear = hear
        self._ready: list[tuple[float, int]] = []
        """A heap of parts whose next event can happen, by its time."""
        self._waiting: dict[Cause, list[int]] = {}
        """Parts whose next event is a receipt without a cause so far."""
        self._causes = Causes()
        self._forced: int | None = None
        """The part whose next event happens without its cause."""

    def run(self) -> "array[int]":
        """Go through all parts. Returns two numbers for each event in order: its part, and its line there."""
        places = array("L")
        for index in range(len(self._parts)):
            self._look_at(index)
        while self._ready or self._waiting:
            index = heappop(self._ready)[1] if self._ready else self._force()
            recorded = self._parts[index].head
            if recorded is not None and self._use_cause(index, recorded):
                places.extend((index, recorded.number))
                self._happen(index, recorded)
        return places

    def _use_cause(self, index: int, recorded: Recorded) -> bool:
        """Whether the event can still happen: another part may have used its cause up since."""
        cause = cause_of(recorded.stamp, recorded.event)
        if cause is None or index == self._forced:
            self._forced = None
            return True
        if not self._causes.has(cause):
            self._look_at(index)
            return False
        self._causes.use(cause)
        return True

    def _look_at(self, index: int) -> None:
        """Find out whether a part's next event can happen."""
        head = self._parts[index].head
        if head is None:
            return
        indices = self.parts_of.setdefault(head.stamp.rank, [])
        if index not in indices:
            indices.append(index)
        cause = cause_of(head.stamp, head.event)
        if cause is None or self._causes.has(cause):
            heappush(self._ready, (head.stamp.t, index))
        else:
            self._waiting.setdefault(cause, []).append(index)

    def _happen(self, index: int, recorded: Recorded) -> None:
        """A part's next event is the next one of the trace."""
        stamp, event = recorded.stamp, recorded.event
        if isinstance(event, Sent):
            self.clocks.sent((event.on, stamp.rank, event.to, kind(event.message)), index, stamp.t)
        elif isinstance(event, Received):
            self.clocks.received((event.on, event.source, stamp.rank, kind(event.message)), index, stamp.t)
        self._hear(recorded)
        self._parts[index].advance()
        self._look_at(index)
        caused = self._causes.add(stamp.rank, event)
        if caused is not None:
            for waiting in self._waiting.pop(caused, ()):
                self._look_at(waiting)

    # Contradictions

    def _force(self) -> int:
        """All parts wait: let one receipt happen without its cause, and say where. Returns its part."""
        blocked = {index: self._blocked(index) for indices in self._waiting.values() for index in indices}
        first = min(blocked, key=lambda index: blocked[index].time_s)
        lonely = [index for index in blocked if self._sender(blocked[index]) is None]
        if lonely:
            forced, why = min(lonely, key=lambda index: blocked[index].time_s), "no part has a sending for it"
        else:
            cycle = self._cycle(blocked, first)
            forced = min(cycle, key=lambda index: blocked[index].time_s)
            others = " and ".join(blocked[index].place for index in cycle if index != forced)
            why = f"it is sent later, after {others or 'this line'}"
        each = blocked[forced]
        self._tell(f"{each.place}: {each.text} is received too early: {why}")
        self._waiting[each.cause].remove(forced)
        if not self._waiting[each.cause]:
            del self._waiting[each.cause]
        self._causes.do_without(each.cause, each.message)
        self._forced = forced
        return forced

    def _blocked(self, index: int) -> "_Blocked":
        """The receipt that a part waits with."""
        part = self._parts[index]
        match part.head:
            case Recorded(number, stamp, Received() as event) as head if (cause := cause_of(stamp, event)) is not None:
                return _Blocked(cause, event.source, event.message, head.stamp.t, part.place(number))
        raise AssertionError(f"{part.name} waits with {part.head}")

    def _sender(self, blocked: "_Blocked") -> int | None:
        """The part that can still have the cause; None where there is none."""
        parts = self.parts_of.get(blocked.source, ())
        return next((index for index in parts if self._parts[index].head is not None), None)

    def _cycle(self, blocked: dict[int, "_Blocked"], start: int) -> list[int]:
        """Parts that wait for each other in a circle."""
        path = [start]
        while (following := self._sender(blocked[path[-1]])) is not None and following not in path:
            path.append(following)
        return path if following is None else path[path.index(following) :]

    def _tell(self, contradiction: str) -> None:
        self.num_contradictions += 1
        if self.num_contradictions <= MAX_TOLD:
            self.contradictions.append(contradiction)


class _Blocked(NamedTuple):
    """A receipt without a cause so far."""

    cause: Cause
    source: int
    message: AnyMessage
    time_s: float
    place: str

    @property
    def text(self) -> str:
        return f"a {type(self.message).__name__} from rank {self.source}"
