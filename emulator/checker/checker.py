"""The checker: one pass over a trace, whoever wrote it, and a verdict for every rule of the protocol."""

from typing import Any

from emulator.checker import rules
from emulator.checker.findings import Violation
from emulator.checker.known import Known
from emulator.checker.report import Recorded, Report, judge, worst_of
from emulator.checker.routes import Switchboard
from emulator.checker.table import Checks, chained, event_rows, message_rows
from emulator.protocol.events import AnyEvent, Channel, Received, Sent
from emulator.protocol.files import ClientInput
from emulator.protocol.messages import AnyMessage
from emulator.trace.format import Header
from emulator.trace.reader import Trace


def check_trace(trace: Trace, inputs: tuple[ClientInput, ...] | None = None) -> Report:
    """Check a whole trace; `inputs`, the clients' input files, show also that it is about them.

    Raises `InputError` for a line that is no event.
    """
    checker = Checker(trace.header, inputs)
    for first, stamps, events in trace:
        checker.add(first, stamps, events)
    is_cut = trace.end is None or trace.end.outcome != "complete"
    if trace.end is None:
        end = "cut, in the middle of a line" if trace.is_torn else "cut, without a last line"
    else:
        end = f"{trace.end.outcome}: {trace.end.reason}" if trace.end.reason else trace.end.outcome
    return checker.report(is_cut, end)


class Checker:
    """Takes the events of one run in an order in which nothing is received before it was sent.

    Blocks of a trace come by `add`; a run that is going on is told event by event, by `sent`, `received` and `event`.
    """

    def __init__(self, header: Header, inputs: tuple[ClientInput, ...] | None = None) -> None:
        self._header = header
        self._inputs = inputs
        self._known = known = Known(header)
        self._dead = known.dead
        self._kinds: set[type] = set()
        self._has_sent = self._has_received = False
        self._line = 1
        """The line of the latest event; the header is line 1."""
        self._checks = checks = Checks(known, inputs)
        self._delivery = checks.delivery
        self._in_flight = checks.delivery.in_flight
        self._routes = routes = Switchboard(known, message_rows(checks))
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
                sent(stamp.rank, event.on, event.to, event.message)
            elif kind is Received:
                received(stamp.rank, event.on, event.source, event.message)
            else:
                other(stamp.rank, stamp.thread, event)

    def sent(self, rank: int, on: Channel, to: int, message: AnyMessage) -> None:
        """Take the next event: `rank` hands a message for rank `to` over to a communicator."""
        self._has_sent = True
        self._line = line = self._line + 1
        way = (on, rank, to)
        if way in self._in_flight:
            self._delivery.follow(way, message)
        else:
            self._in_flight[way] = message
        if self._dead and rank in self._dead:
            self._delivery.dead_acts(line, rank)
        try:
            handle = (self._sent_by_client if rank else self._sent_by_tracker)[on][type(message)]
        except KeyError:
            self._routes.send_off_route(line, rank, on, to, message)
        else:
            handle(line, rank, to, message)

    def received(self, rank: int, on: Channel, source: int, message: AnyMessage) -> None:
        """Take the next event: `rank` takes a message of rank `source` from a communicator."""
        self._has_received = True
        self._line = line = self._line + 1
        way = (on, source, rank)
        flying = self._in_flight.pop(way, None)
        if flying != message:
            self._delivery.deliver(line, way, message, flying)
            self._routes.tell(line, rank, on, source, message)
        if self._dead and rank in self._dead:
            self._delivery.dead_acts(line, rank)
        try:
            handle = (self._received_by_client if rank else self._received_by_tracker)[on][type(message)]
        except KeyError:
            self._routes.receive_off_route(line, rank, on, source, message)
        else:
            handle(line, rank, source, message)

    def event(self, rank: int, thread: str, event: AnyEvent) -> None:
        """Take the next event, of any other kind than these two."""
        kind = type(event)
        self._kinds.add(kind)
        self._line = line = self._line + 1
        handle = self._events.get(kind)
        if handle is not None:
            handle(line, rank, thread, event)
        elif rank in self._dead:
            self._delivery.dead_acts(line, rank)

    def violations(self, is_cut: bool = False) -> list[Violation]:
        """All that is wrong with the run, which ends here, or goes on where it `is_cut`: less work than a report."""
        if not is_cut:
            self._check_end()
        self._delivery.condemn_all()
        return [violation for kept in self._known.findings.kept.values() for violation in kept]

    def report(self, is_cut: bool, end: str) -> Report:
        """The verdicts. `is_cut` says that the run went on after the last event, `end` how the trace ends."""
        recorded = self._recorded()
        if not is_cut and all(kind in recorded for kind in rules.MESSAGES):
            self._check_end()
        self._delivery.condemn_all()
        applied = [rule for rule in rules.RULES if self._applies(rule)]
        verdicts = tuple(judge(rule, self._known.findings, recorded, is_cut) for rule in applied)
        return Report(worst_of(verdicts), verdicts, self._line - 1, is_cut, end)

    def _applies(self, rule: rules.Rule) -> bool:
        if rule.needs_inputs and self._inputs is None:
            return False
        return not rule.is_strategy or self._header.strategy == rules.PEERS_FIRST

    def _recorded(self) -> Recorded:
        seen = {kind.__name__ for kind in self._kinds}
        seen |= {"Sent"} if self._has_sent else set()
        seen |= {"Received"} if self._has_received else set()
        return Recorded(frozenset(seen), frozenset(self._header.events or ()))

    def _check_end(self) -> None:
        self._checks.swarms.check_end("RoleChanged" in self._recorded())
        self._checks.ends.check_end()
        self._delivery.check_end(self._checks.ends.missed)
