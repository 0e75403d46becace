"""The checker: one pass over a trace, whoever wrote it, and a verdict for every rule of the protocol."""

from typing import Any

from emulator.checker import rules
from emulator.checker.course import WHOLE_PROTOCOL, Course
from emulator.checker.findings import Violation
from emulator.checker.known import Known
from emulator.checker.report import Evidence, Outcome, Report, judge, verdict_of
from emulator.checker.routes import Switchboard
from emulator.checker.rule import MESSAGES
from emulator.checker.table import Checks, chained, event_rows, message_rows
from emulator.checker.waits import waits_of
from emulator.protocol.events import AnyEvent, Channel, Received, Sent
from emulator.protocol.files import ClientInput
from emulator.protocol.messages import AnyMessage
from emulator.trace.format import Header
from emulator.trace.reader import Trace
from emulator.trace.records import ThreadName


def check_trace(trace: Trace, inputs: tuple[ClientInput, ...] | None = None, course: Course = WHOLE_PROTOCOL) -> Report:
    """Check a whole trace; `inputs`, the clients' input files, show also that it is about them.

    Raises `InputError` for a line that is no event.
    """
    checker = Checker(trace.header, inputs, course)
    for first, stamps, events in trace:
        checker.add(first, stamps, events)
    return checker.report(trace.end is None or trace.end.outcome != "complete", _end_of(trace))


def _end_of(trace: Trace) -> str:
    if trace.end is not None:
        return f"{trace.end.outcome}: {trace.end.reason}" if trace.end.reason else trace.end.outcome
    return "cut, in the middle of a line, which is left out" if trace.is_torn else "cut, without a last line"


class Checker:
    """Takes the events of one run in an order in which nothing is received before it was sent.

    Blocks of a trace come by `add`; a run that is going on is told event by event, by `sent`, `received` and `event`.
    """

    def __init__(
        self, header: Header, inputs: tuple[ClientInput, ...] | None = None, course: Course = WHOLE_PROTOCOL
    ) -> None:
        self._known = known = Known(header, inputs, course)
        self._dead = known.dead
        self._places: set[tuple[type, str, bool]] = set()
        """What each thread, of the tracker or of a client, has recorded so far where it should."""
        self._line = 1
        """The line of the latest event; the header is line 1."""
        self._checks = checks = Checks(known)
        self._delivery = checks.delivery
        self._deaths = checks.deaths
        self._in_flight = checks.delivery.in_flight
        self._routes = routes = Switchboard(known, message_rows(checks), checks.places)
        self._sent_by_client, self._sent_by_tracker = routes.sent_by_client, routes.sent_by_tracker
        self._received_by_client, self._received_by_tracker = routes.received_by_client, routes.received_by_tracker
        self._events = {kind: chained(handlers) for kind, handlers in event_rows(checks).items()}

    def add(self, first: int, stamps: list[Any], events: list[Any]) -> None:
        """Take the next events, which stand in consecutive lines of the trace, from line `first` on."""
        self._line = first - 1
        sent, received, other = self.sent, self.received, self.event
        for stamp, event in zip(stamps, events, strict=False):
            kind = type(event)
            if kind is Sent:
                sent(stamp.rank, event.on, event.to, event.message, stamp.thread)
            elif kind is Received:
                received(stamp.rank, event.on, event.source, event.message, stamp.thread)
            else:
                other(stamp.rank, stamp.thread, event)

    def sent(self, rank: int, on: Channel, to: int, message: AnyMessage, thread: ThreadName = "main") -> None:
        """Take the next event: `rank` hands a message for rank `to` over to a communicator."""
        self._line = line = self._line + 1
        way = (on, rank, to)
        flight = (line, message)
        if self._in_flight.setdefault(way, flight) is not flight:
            self._delivery.follow(line, way, message)
        if self._dead and rank in self._dead:
            self._deaths.act(line, rank)
        try:
            handle = (self._sent_by_client[thread] if rank else self._sent_by_tracker)[on][type(message)]
        except KeyError:
            self._routes.send_off_route(line, rank, on, to, message, thread)
        else:
            handle(line, rank, to, message)

    def received(self, rank: int, on: Channel, source: int, message: AnyMessage, thread: ThreadName = "main") -> None:
        """Take the next event: `rank` takes a message of rank `source` from a communicator."""
        self._line = line = self._line + 1
        way = (on, source, rank)
        flying = self._in_flight.pop(way, None)
        if type(flying) is not tuple or flying[1] != message:
            self._delivery.deliver(line, way, message, flying)
            self._routes.tell(line, rank, on, source, message)
        if self._dead and rank in self._dead:
            self._deaths.act(line, rank)
        try:
            handle = (self._received_by_client[thread] if rank else self._received_by_tracker)[on][type(message)]
        except KeyError:
            self._routes.receive_off_route(line, rank, on, source, message, thread)
        else:
            handle(line, rank, source, message)

    def event(self, rank: int, thread: str, event: AnyEvent) -> None:
        """Take the next event, of any other kind than these two."""
        kind = type(event)
        self._line = line = self._line + 1
        place = (kind, thread, not rank)
        if place not in self._places and self._checks.places.is_right(line, rank, thread, event):
            self._places.add(place)
        handle = self._events.get(kind)
        if handle is not None:
            handle(line, rank, thread, event)
        elif rank in self._dead:
            self._deaths.act(line, rank)

    def violations(self, is_cut: bool = False) -> list[Violation]:
        """All that is wrong with the run, which ends here, or goes on where it `is_cut`: less work than a report."""
        if not is_cut:
            self._check_end()
        self._delivery.condemn_all()
        return list(self._known.findings.all(self._known.course.left_out()))

    def report(self, is_cut: bool, end: str) -> Report:
        """The verdicts. `is_cut` says that the run went on after the last event, `end` how the trace ends."""
        known = self._known
        if not is_cut and known.is_everybody_dead():
            is_cut, end = True, f"{end}, it says, but every client is dead"
        if not is_cut and known.seen >= MESSAGES:
            self._check_end()
        self._delivery.condemn_all()
        evidence = Evidence(known, is_cut=is_cut)
        applied = [rule for rule in rules.RULES if known.inputs is not None or not rule.needs_inputs]
        verdicts = tuple(judge(rule, evidence) for rule in applied)
        due = frozenset(rule.name for rule in applied if evidence.has_to_exercise(rule))
        waits = waits_of(known) if is_cut else ()
        outcome = self._outcome(len(waits)) if is_cut else "complete"
        return Report(verdict_of(verdicts, due), verdicts, self._line - 1, is_cut, end, outcome, waits)

    def _outcome(self, num_waits: int) -> Outcome:
        """How a run that has not come to its end stands."""
        num_alive = self._known.num_silent + sum(1 for _ in self._known.alive())
        return "hung" if 0 < num_alive == num_waits and not self._delivery.is_anything_due() else "cut"

    def _check_end(self) -> None:
        recorded = self._known.seen | set(self._known.header.events or ())
        self._checks.swarms.check_end(recorded)
        self._checks.omissions.check_end(recorded)
        self._delivery.check_end(self._checks.ends.is_due)
