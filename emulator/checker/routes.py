"""Checking who sends what to whom, and on which communicator: the table of `protocol/messages.py`."""

from emulator.checker import rules
from emulator.checker.known import Known
from emulator.checker.table import DOWNLOADER, ENGINE, TRACKER, UPLOADER, Handler, Row, Side, chained
from emulator.checker.words import in_words
from emulator.protocol import messages
from emulator.protocol.events import Channel
from emulator.protocol.messages import AnyMessage

Routes = dict[Channel, dict[type, Handler]]
"""Who looks at a message of each kind, by the communicator that it is sent on, or received from."""


class Switchboard:
    """Hands each message to the checks of its row, and finds messages that are not on their route."""

    def __init__(self, known: Known, rows: tuple[Row, ...]) -> None:
        self._known = known
        self._add = known.add
        self.sent_by_tracker = _routes([(row, self._sent(row)) for row in rows if row.source is Side.TRACKER])
        clients = (Side.DOWNLOADER, Side.UPLOADER)
        self.sent_by_client = _routes([(row, self._sent(row)) for row in rows if row.source in clients])
        received = [(row, chained(row.received)) for row in rows if row.source is not ENGINE]
        self.received_by_tracker = _routes([(row, handle) for row, handle in received if row.dest is TRACKER])
        self.received_by_client = _routes([(row, handle) for row, handle in received if row.dest is not TRACKER])
        self._told_by_engine = {(row.kind, row.dest): chained(row.received) for row in rows if row.source is ENGINE}

    def _sent(self, row: Row) -> Handler:
        handle = chained(row.sent)
        if row.dest is TRACKER:
            handle = self._to_tracker(handle)
        elif row.source is TRACKER:
            handle = self._from_tracker(handle)
        return self._first_of(row, handle)

    def _first_of(self, row: Row, handle: Handler) -> Handler:
        """Note that a kind occurs when its first message is sent; the others go past this without any cost."""

        def note(line: int, rank: int, to: int, message: AnyMessage) -> None:
            self._known.seen.add(row.kind.__name__)
            routes = self.sent_by_tracker if row.source is TRACKER else self.sent_by_client
            routes[row.on][row.kind] = handle
            handle(line, rank, to, message)

        return note

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

    def send_off_route(self, line: int, rank: int, on: Channel, to: int, message: AnyMessage) -> None:
        """A message that has no place on this communicator; perhaps it has one on the other."""
        other: Channel = "download" if on == "upload" else "upload"
        routes = self.sent_by_client if rank else self.sent_by_tracker
        handle = routes[other].get(type(message))
        who = f"client {rank}" if rank else "the tracker"
        text = f"{who} sends {in_words(message)} to rank {to} on {on}"
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

    def receive_off_route(self, line: int, rank: int, on: Channel, source: int, message: AnyMessage) -> None:
        """It was sent off its route, which has been told; its receiver may look at it all the same."""
        other: Channel = "download" if on == "upload" else "upload"
        routes = self.received_by_client if rank else self.received_by_tracker
        handle = routes[other].get(type(message))
        if handle is not None:
            handle(line, rank, source, message)


def _routes(handlers: list[tuple[Row, Handler]]) -> Routes:
    routes: Routes = {"download": {}, "upload": {}}
    for row, handle in handlers:
        routes[row.on][row.kind] = handle
    return routes
