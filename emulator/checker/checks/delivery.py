"""Checking what is between the ranks: messages on their way, and who is dead."""

from collections import Counter, deque
from collections.abc import Callable
from typing import NamedTuple, get_args

from emulator.checker import rules
from emulator.checker.findings import MOST_KEPT, shown
from emulator.checker.known import Known
from emulator.protocol.events import Channel, Died, MessageFaulted, Restarted
from emulator.protocol.messages import AnyMessage, Lost, Returned

Way = tuple[Channel, int, int]
"""A communicator, who sends, and who receives."""
CHANNELS: tuple[Channel, ...] = get_args(Channel)
Left = Callable[[Channel, int, int, list[AnyMessage]], list[AnyMessage]]
"""Which of these messages, sent on one way and never received, should have been."""
UNSENT = "nothing is received that was not sent before"


class Astray(NamedTuple):
    """A message on its way to which something has happened."""

    message: AnyMessage
    may_vanish: bool
    """It was sent to the dead, or by the dead: it may never arrive."""
    may_be_late: bool
    """Others may overtake it."""
    life: int = 0
    """Which life of its sender it is from, counted from 1, where that life is over."""

    def may_come_after(self, num_deaths: int) -> bool:
        """Whether it may still arrive when the receiver has been told of so many deaths of the sender."""
        return not self.may_vanish or self.may_be_late or self.life > num_deaths


class _Unsent:
    """Receipts of what was not sent: violations, unless the sender dies with its part of the trace.

    It stands in the place of messages in flight, so that it costs nothing where there is none.
    """

    __slots__ = ("found", "number")

    def __init__(self) -> None:
        self.found: list[tuple[int, str]] = []
        self.number = 0

    def add(self, line: int, text: str) -> None:
        self.number += 1
        if len(self.found) < MOST_KEPT:
            self.found.append((line, text))


_Queue = deque[AnyMessage | Astray]
Flying = AnyMessage | Astray | _Queue | _Unsent


class DeliveryCheck:
    """What was sent and is not received yet, and what became of the ranks between which it flies."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self.in_flight: dict[Way, Flying] = {}
        """Almost always that is one message or none between two ranks."""
        self._died: dict[int, int] = {}
        """The line of each rank's latest death."""
        self._restarted: set[int] = set()
        self._num_deaths: Counter[int] = Counter()
        self._num_told: Counter[Way] = Counter()
        """Of how many of the sender's deaths the receiver knows."""
        self._told_lost: dict[Way, int] = {}

    def follow(self, way: Way, message: AnyMessage) -> None:
        """Another message is in flight already between these two."""
        before = self.in_flight[way]
        if isinstance(before, _Unsent):
            self._condemn(before)
            self.in_flight[way] = message
        elif isinstance(before, deque):
            before.append(message)
        else:
            self.in_flight[way] = deque((before, message))

    def deliver(self, line: int, way: Way, message: AnyMessage, flying: Flying | None) -> None:
        """Take a message out of those that were in flight, or say why it cannot be."""
        is_told = isinstance(message, Lost | Returned)
        if isinstance(flying, _Unsent) or (flying is None and not is_told):
            unsent = flying if isinstance(flying, _Unsent) else _Unsent()
            if not is_told:
                self._receive_unsent(line, way, message, unsent)
            if unsent.number:
                self.in_flight[way] = unsent
            flying = None
            if not is_told:
                return
        waiting = flying if isinstance(flying, deque) else deque(() if flying is None else (flying,))
        if isinstance(message, Lost):
            self._tell_lost(line, way, waiting)
        elif isinstance(message, Returned):
            self._tell_returned(line, way)
        else:
            self._take(line, way, message, waiting)
        if waiting:
            self.in_flight[way] = waiting if len(waiting) > 1 else waiting[0]

    def _take(self, line: int, way: Way, message: AnyMessage, waiting: _Queue) -> None:
        flights = [flying if isinstance(flying, Astray) else Astray(flying, False, False) for flying in waiting]
        place = _place_of(message, flights, self._life_of(way))
        before = flights[:place]
        due = next(
            (index for index, flight in enumerate(before) if not (flight.may_vanish or flight.may_be_late)), None
        )
        first = None if due is None else before[due].message
        """What should have come before."""
        text = f"rank {way[2]} receives {shown(message)} from rank {way[1]} on {way[0]}"
        if place is not None:
            del waiting[place]
            # What has been overtaken, and may vanish, has vanished.
            for index in reversed(range(place)):
                may_still_come = before[index].may_be_late or before[index].message == message
                if before[index].may_vanish and not may_still_come:
                    del waiting[index]
            if first is not None:
                self._known.add(rules.DELIVERY, (line,), text, f"{shown(first)} was sent earlier and comes first")
        elif due is not None:
            self._known.add(rules.DELIVERY, (line,), text, f"{shown(first)} was sent, and comes next")
            if type(first) is type(message):
                del waiting[due]  # it was altered on its way: those behind it are in order
        elif not self._is_excused(way):
            self._known.add(rules.DELIVERY, (line,), text, UNSENT)

    def _receive_unsent(self, line: int, way: Way, message: AnyMessage, unsent: _Unsent) -> None:
        if not self._is_excused(way):
            text = f"rank {way[2]} receives {shown(message)} from rank {way[1]} on {way[0]}"
            unsent.add(line, text)

    def _is_excused(self, way: Way) -> bool:
        """Whether the sender died, and the receiver has not been told: the sender's part may have died with it."""
        return self._died.get(way[1], 0) > self._told_lost.get(way, 0)

    def _life_of(self, way: Way) -> int:
        """Which of the sender's lives that are over is heard of now; 0 where it is the one that goes on."""
        num_told = self._num_told[way]
        return num_told + 1 if num_told < self._num_deaths[way[1]] else 0

    def _condemn(self, unsent: _Unsent) -> None:
        for line, text in unsent.found:
            self._known.add(rules.DELIVERY, (line,), text, UNSENT)
        self._known.findings.counts[rules.DELIVERY.name] += unsent.number - len(unsent.found)

    # Faults

    def faulted(self, line: int, rank: int, _thread: str, event: MessageFaulted) -> None:
        """Something happens to the message that this rank has just sent."""
        way: Way = (event.on, rank, event.to)
        flying = self.in_flight.pop(way, None)
        waiting = flying if isinstance(flying, deque) else deque[AnyMessage | Astray]()
        if flying is not None and not isinstance(flying, deque | _Unsent):
            waiting.append(flying)
        last = waiting.pop() if waiting else None
        message, may_vanish, may_be_late, _ = last if isinstance(last, Astray) else (last, False, False, 0)
        if message is None or (message != event.message and event.verdict != "corrupted"):
            text = f"{shown(event.message)} from rank {rank} to rank {event.to} is {event.verdict}"
            self._known.add(rules.DELIVERY, (line,), text, "that happens to what the rank has sent just before")
            waiting.extend(() if last is None else (last,))
        elif event.verdict == "duplicated":
            waiting.append(Astray(event.message, may_vanish, may_be_late))
            waiting.append(Astray(event.message, may_vanish, True))
        elif event.verdict == "delayed":
            waiting.append(Astray(event.message, may_vanish, True))
        elif event.verdict == "corrupted":
            waiting.append(Astray(event.message, may_vanish, may_be_late))
        if waiting:
            self.in_flight[way] = waiting if len(waiting) > 1 else waiting[0]

    def died(self, line: int, rank: int, _thread: str, _event: Died) -> None:
        self._known.dead.add(rank)
        self._died[rank] = line
        self._num_deaths[rank] += 1
        for way in [way for way in self.in_flight if rank in way[1:]]:
            if isinstance(self.in_flight[way], _Unsent):
                if way[1] == rank:
                    del self.in_flight[way]
            else:
                self._loosen(way, self._num_deaths[rank] if way[1] == rank else 0)

    def restarted(self, _line: int, rank: int, _thread: str, _event: Restarted) -> None:
        self._known.dead.discard(rank)
        self._restarted.add(rank)
        for source, num_deaths in self._num_deaths.items():
            num_told = num_deaths - (source in self._known.dead)  # of the latest one it is told when it begins
            for channel in CHANNELS:
                self._num_told[channel, source, rank] = num_told
        for way in [way for way in self.in_flight if way[2] == rank]:
            self._loosen(way)

    def _loosen(self, way: Way, life: int = 0) -> None:
        """What is on this way may never arrive: perhaps as the sender has died, for so many times."""
        flying = self.in_flight[way]
        if isinstance(flying, deque):
            self.in_flight[way] = deque(_vanishing(each, life) for each in flying)
        elif not isinstance(flying, _Unsent):
            self.in_flight[way] = _vanishing(flying, life)

    def _tell_lost(self, line: int, way: Way, waiting: _Queue) -> None:
        """Lost comes after all that the dead has sent: what is still on its way never arrives."""
        _, source, rank = way
        died = self._died.get(source, 0)
        text = f"rank {rank} is told on {way[0]} that rank {source} is lost"
        if not died:
            self._known.add(rules.DEATHS, (line,), text, "that is told of a rank that has died")
        else:
            self._num_told[way] = num_told = self._num_told[way] + 1
            left = [each for each in waiting if not isinstance(each, Astray) or each.may_come_after(num_told)]
            waiting.clear()
            waiting.extend(left)
        self._told_lost[way] = line

    def _tell_returned(self, line: int, way: Way) -> None:
        """What the receiver sent to the rank before it was told may have gone to the dead."""
        channel, source, rank = way
        text = f"rank {rank} is told on {channel} that rank {source} has returned"
        if source not in self._restarted:
            self._known.add(rules.DEATHS, (line,), text, "that is told of a rank that was started again")
        for back in (("download", rank, source), ("upload", rank, source)):
            if back in self.in_flight:
                self._loosen(back)

    def dead_acts(self, line: int, rank: int) -> None:
        """Something happens at a rank that is dead."""
        text = f"rank {rank} goes on after its death"
        self._known.add(rules.DEATHS, (self._died[rank], line), text, "a dead rank does nothing until it is restarted")

    # The end

    def check_end(self, missed: Left) -> None:
        for (channel, source, rank), flying in self.in_flight.items():
            if isinstance(flying, _Unsent):
                continue
            waiting = flying if isinstance(flying, deque) else [flying]
            due = [each for each in waiting if not isinstance(each, Astray) or not each.may_vanish]
            left = missed(channel, source, rank, [each.message if isinstance(each, Astray) else each for each in due])
            if left:
                text = f"rank {rank} never receives {shown(left[0])} from rank {source} on {channel}"
                self._known.add(rules.DELIVERY, (), text, "all that is sent arrives")

    def condemn_all(self) -> None:
        """Nobody dies any more: what was received and not sent is wrong."""
        for way, flying in list(self.in_flight.items()):
            if isinstance(flying, _Unsent):
                self._condemn(flying)
                del self.in_flight[way]


def _place_of(message: AnyMessage, flights: list[Astray], life: int) -> int | None:
    """Which of these is received.

    Of several that are equal, one that comes in order, and has to come at all; one that may be late only where there
    is no other: it may still come whenever it likes. Where the sender has died, and the receiver has not been told,
    it is one of that `life`.
    """
    equal = [place for place, flight in enumerate(flights) if flight.message == message]
    if life:
        equal = [place for place in equal if flights[place].life == life] or equal
    strict = next((place for place, flight in enumerate(flights) if not (flight.may_vanish or flight.may_be_late)), -1)
    in_order = [place for place in equal if strict < 0 or place <= strict] or equal[:1]
    return min(in_order, key=lambda place: (place != strict, flights[place].may_be_late), default=None)


def _vanishing(flying: AnyMessage | Astray, life: int) -> Astray:
    if isinstance(flying, Astray):
        return flying._replace(may_vanish=True, life=flying.life or life)
    return Astray(flying, may_vanish=True, may_be_late=False, life=life)
