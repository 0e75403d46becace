"""Checking what is between the ranks: what is sent arrives, once and in order, and nothing else does."""

from collections.abc import Callable

from emulator.checker import rules
from emulator.checker.checks.deaths import DeathCheck
from emulator.checker.checks.flights import Flight, Waiting, Way
from emulator.checker.known import Known
from emulator.checker.words import in_words
from emulator.protocol.events import MessageFaulted
from emulator.protocol.messages import AnyMessage, Lost, Returned

IsDue = Callable[[Way, Flight], bool]
"""Whether this message, which was never received, should have been."""
UNSENT = "nothing is received that was not sent before"
IN_ORDER = "messages between two ranks arrive in the order in which they were sent"
NEXT = "what arrives is what was sent"


class Unsent:
    """Receipts of what was not sent: a violation, unless the sender dies with its part of the trace.

    It stands in the place of messages in flight, so that it costs nothing where there is none.
    """

    def __init__(self, line: int, message: AnyMessage) -> None:
        self.line = line
        self.message = message
        self.count = 1


InFlight = tuple[int, AnyMessage] | Waiting | Unsent
"""Line and message, where there is only one and nothing is special in it: almost always."""


class DeliveryCheck:
    """What was sent and is not received yet."""

    def __init__(self, known: Known, deaths: DeathCheck) -> None:
        self._known = known
        self._deaths = deaths
        self.in_flight: dict[Way, InFlight] = {}

    def follow(self, line: int, way: Way, message: AnyMessage) -> None:
        """A message is sent, and something is in its place already."""
        before = self.in_flight[way]
        if isinstance(before, Unsent):
            if not self._deaths.may_be_missing(way, before.message, before.line):
                self._condemn(way, before)
            self.in_flight[way] = (line, message)
            return
        waiting = _waiting(before)
        waiting.add(Flight(line, message))
        self.in_flight[way] = waiting

    def deliver(self, line: int, way: Way, message: AnyMessage, flying: InFlight | None) -> None:
        """What is received is not the one message that is in flight."""
        if isinstance(message, Lost | Returned) and not (isinstance(flying, Waiting) and flying.has(message)):
            self._tell(line, way, message, flying)
        elif flying is None or isinstance(flying, Unsent):
            self._receive_unsent(line, way, message, flying)
        else:
            waiting = _waiting(flying)
            self._take(line, way, message, waiting)
            self._put_back(way, waiting)

    def _tell(self, line: int, way: Way, message: Lost | Returned, flying: InFlight | None) -> None:
        """The engine tells of a death or a return. A death comes after all that the dead has sent."""
        if isinstance(message, Returned):
            self._deaths.tell_returned(line, way)
        else:
            self._deaths.tell_lost(line, way)
            if isinstance(flying, tuple | Waiting):
                flying = _waiting(flying)
                loosened, heard = self._deaths.loosened(way), self._deaths.heard_until(way)
                flying.keep(lambda flight: flight.may_be_late or flight.line >= loosened or flight.line > heard)
        if isinstance(flying, Waiting):
            self._put_back(way, flying)
        elif flying is not None:
            self.in_flight[way] = flying

    def _put_back(self, way: Way, waiting: Waiting) -> None:
        only = waiting.only()
        if only is not None:
            self.in_flight[way] = only
        elif waiting:
            self.in_flight[way] = waiting

    def _take(self, line: int, way: Way, message: AnyMessage, waiting: Waiting) -> None:
        loosened = self._deaths.loosened(way)
        due = waiting.due(loosened)
        life = self._deaths.life_of(way)
        place = waiting.place_of(message, None if due is None else due[0], *life)
        text = f"rank {way[2]} receives {in_words(message)} from rank {way[1]} on {way[0]}"
        if place is not None:
            if due is not None and due[0] < place:
                first = due[1]
                expected = f"{in_words(first.message)} was sent earlier and comes first"
                self._known.add(rules.DELIVERY, (first.line, line), text, expected, IN_ORDER)
            waiting.take(place, loosened)
        elif due is not None:
            number, first = due
            expected = f"{in_words(first.message)} was sent, and comes next"
            self._known.add(rules.DELIVERY, (first.line, line), text, expected, NEXT)
            if type(first.message) is type(message):
                waiting.take(number, loosened)  # it was altered on its way: those behind it are in order
        elif not self._deaths.may_be_missing(way, message, line):
            self._known.add(rules.DELIVERY, (line,), text, UNSENT)

    # What was not sent

    def _receive_unsent(self, line: int, way: Way, message: AnyMessage, before: Unsent | None) -> None:
        if self._deaths.is_answer_of_the_dead(line, way, message) or self._deaths.may_be_missing(way, message, line):
            if before is not None:
                self.in_flight[way] = before
        elif before is None:
            self.in_flight[way] = Unsent(line, message)
        else:
            before.count += 1
            self.in_flight[way] = before

    def _condemn(self, way: Way, unsent: Unsent) -> None:
        text = f"rank {way[2]} receives {in_words(unsent.message)} from rank {way[1]} on {way[0]}"
        self._known.add(rules.DELIVERY, (unsent.line,), text, UNSENT, count=unsent.count)

    # Faults

    def faulted(self, line: int, rank: int, _thread: str, event: MessageFaulted) -> None:
        """Something happens to the message that this rank has just sent."""
        way: Way = (event.on, rank, event.to)
        flying = self.in_flight.pop(way, None)
        waiting = Waiting() if flying is None or isinstance(flying, Unsent) else _waiting(flying)
        last = waiting.last()
        if last is None or (last.message != event.message and event.verdict != "corrupted"):
            text = f"{in_words(event.message)} from rank {rank} to rank {event.to} is {event.verdict}"
            self._known.add(rules.DELIVERY, (line,), text, "that happens to what the rank has sent just before")
        else:
            waiting.drop_last()
            for flight in _becomes(last, event):
                waiting.add(flight)
        self._put_back(way, waiting)

    # The end

    def check_end(self, is_due: IsDue) -> None:
        """Everything that was sent has arrived, except what may vanish."""
        for way, flying in self.in_flight.items():
            if isinstance(flying, Unsent):
                continue
            loosened = self._deaths.loosened(way)
            flights = [Flight(*flying)] if isinstance(flying, tuple) else flying.flights()
            left = [flight for flight in flights if flight.line >= loosened and is_due(way, flight)]
            if left:
                text = f"rank {way[2]} never receives {in_words(left[0].message)} from rank {way[1]} on {way[0]}"
                self._known.add(rules.DELIVERY, (left[0].line,), text, "all that is sent arrives", count=len(left))

    def is_anything_due(self) -> bool:
        """Whether a message is on its way that a rank which is alive may still receive."""
        return any(
            not isinstance(flying, Unsent) and way[2] not in self._known.dead for way, flying in self.in_flight.items()
        )

    def condemn_all(self) -> None:
        """Nobody dies any more: what was received and not sent is wrong."""
        for way, flying in list(self.in_flight.items()):
            if isinstance(flying, Unsent):
                if not self._deaths.has_died_since(way[1], flying.line):
                    self._condemn(way, flying)
                del self.in_flight[way]


def _waiting(flying: tuple[int, AnyMessage] | Waiting) -> Waiting:
    if isinstance(flying, Waiting):
        return flying
    waiting = Waiting()
    waiting.add(Flight(*flying))
    return waiting


def _becomes(flight: Flight, event: MessageFaulted) -> tuple[Flight, ...]:
    """What is on its way after the fault."""
    late = Flight(flight.line, event.message, may_be_late=True)
    match event.verdict:
        case "dropped":
            return ()
        case "delayed":
            return (late,)
        case "duplicated":
            return (flight, late)
        case "corrupted":
            return (flight._replace(message=event.message),)
