"""Checking who sends what to whom, and on which communicator: the table of `protocol/messages.py`."""

from emulator.checker import rules
from emulator.checker.checks.places import PlaceCheck
from emulator.checker.known import Known
from emulator.checker.table import DOWNLOADER, ENGINE, TRACKER, UPLOADER, Handler, Row, Side, chained
from emulator.checker.words import in_words
from emulator.protocol import messages
from emulator.protocol.events import Channel
from emulator.protocol.messages import AnyMessage
from emulator.trace.records import ThreadName

Routes = dict[Channel, dict[type, Handler]]
"""Which checks look at a message of each kind, by the communicator that it is sent on, or received from."""
RoutesByThread = dict[ThreadName, Routes]
"""What each thread of a client sends or receives. The thread `main` stands for a program with one thread for both."""


class Switchboard:
    """Hands each message to the checks of its row, and finds messages that are not on their route."""

    def __init__(self, known: Known, rows: tuple[Row, ...], places: PlaceCheck) -> None:
        self._known = known
        self._add = known.add
        self._places = places
        sent = [(row, self._noted("Sent", row, self._sent(row))) for row in rows if row.source is not ENGINE]
        received = [
            (row, self._noted("Received", row, chained(row.received))) for row in rows if row.source is not ENGINE
        ]
        self.sent_by_tracker = _routes([(row, handle) for row, handle in sent if row.source is TRACKER])
        self.sent_by_client = _by_thread([(row.source, row, handle) for row, handle in sent])
        self.received_by_tracker = _routes([(row, handle) for row, handle in received if row.dest is TRACKER])
        self.received_by_client = _by_thread([(row.dest, row, handle) for row, handle in received])
        self._told_by_engine = {(row.kind, row.dest): chained(row.received) for row in rows if row.source is ENGINE}

    def _sent(self, row: Row) -> Handler:
        handle = chained(row.sent)
        if row.dest is TRACKER:
            return self._to_tracker(handle)
        return self._from_tracker(handle) if row.source is TRACKER else handle

    def _noted(self, event: str, row: Row, handle: Handler) -> Handler:
        """Note that a kind occurs when its first message comes; the others go past this without any cost."""

        def note(line: int, rank: int, other: int, message: AnyMessage) -> None:
            self._known.seen.add(event)
            if event == "Sent":
                self._known.seen.add(row.kind.__name__)
            for routes in self._all_routes():
                if routes[row.on].get(row.kind) is note:
                    routes[row.on][row.kind] = handle
            handle(line, rank, other, message)

        return note

    def _all_routes(self) -> tuple[Routes, ...]:
        clients = (*self.sent_by_client.values(), *self.received_by_client.values())
        return self.sent_by_tracker, self.received_by_tracker, *clients

    def _to_tracker(self, handle: Handler) -> Handler:
        def check(line: int, rank: int, to: int, message: AnyMessage) -> None:
            if to != messages.TRACKER:
                text = f"client {rank} sends {in_words(message)} to rank {to}"
                self._add(rules.CHANNELS, (line,), text, "it is sent to the tracker")
            handle(line, rank, to, message)

        return check

    def _from_tracker(self, handle: Handler) -> Handler:
        def check(line: int, rank: int, to: int, message: AnyMessage) -> None:
            if to == messages.TRACKER:
                text = f"the tracker sends {in_words(message)} to itself"
                self._add(rules.CHANNELS, (line,), text, "it is sent to a client")
            handle(line, rank, to, message)

        return check

    def send_off_route(
        self, line: int, rank: int, on: Channel, to: int, message: AnyMessage, thread: ThreadName
    ) -> None:
        """A message that has no place on this communicator, or with this thread; perhaps it has one elsewhere."""
        other: Channel = "download" if on == "upload" else "upload"
        routes = self.sent_by_client["main"] if rank else self.sent_by_tracker
        handle = routes[on].get(type(message))
        if handle is not None:
            self._places.sent(line, rank, thread, message)
            handle(line, rank, to, message)
            return
        handle = routes[other].get(type(message))
        who = f"client {rank}" if rank else "the tracker"
        text = f"{who} sends {in_words(message)} to rank {to} on {on}"
        self._known.seen.add("Sent")
        if handle is not None:
            self._add(rules.CHANNELS, (line,), text, f"it travels on {other}")
            handle(line, rank, to, message)
        elif (type(message), TRACKER) in self._told_by_engine:
            self._add(rules.CHANNELS, (line,), text, "no rank sends it: the engine tells it")
        else:
            only = "the tracker" if rank else "a client"
            self._add(rules.CHANNELS, (line,), text, f"only {only} sends it")

    def tell(self, line: int, rank: int, on: Channel, about: int, message: AnyMessage) -> None:
        """A message that was not sent: if the engine tells such messages, its receiver looks at it."""
        dest = TRACKER if rank == messages.TRACKER else UPLOADER if on == "upload" else DOWNLOADER
        handle = self._told_by_engine.get((type(message), dest))
        if handle is not None:
            self._known.seen.add(type(message).__name__)
            handle(line, rank, about, message)

    def receive_off_route(
        self, line: int, rank: int, on: Channel, source: int, message: AnyMessage, thread: ThreadName
    ) -> None:
        """Its receiver looks at it all the same: that it was sent off its route has been told."""
        self._known.seen.add("Received")
        other: Channel = "download" if on == "upload" else "upload"
        routes = self.received_by_client["main"] if rank else self.received_by_tracker
        handle = routes[on].get(type(message))
        if handle is not None:
            self._places.received(line, rank, thread, message)
        else:
            handle = routes[other].get(type(message))
        if handle is not None:
            handle(line, rank, source, message)


def _routes(handlers: list[tuple[Row, Handler]]) -> Routes:
    routes: Routes = {"download": {}, "upload": {}}
    for row, handle in handlers:
        routes[row.on][row.kind] = handle
    return routes


def _by_thread(handlers: list[tuple[Side, Row, Handler]]) -> RoutesByThread:
    of_clients = [(side, row, handle) for side, row, handle in handlers if side in (DOWNLOADER, UPLOADER)]
    return {
        "main": _routes([(row, handle) for _, row, handle in of_clients]),
        "download": _routes([(row, handle) for side, row, handle in of_clients if side is DOWNLOADER]),
        "upload": _routes([(row, handle) for side, row, handle in of_clients if side is UPLOADER]),
    }
