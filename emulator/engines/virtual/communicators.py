"""The communicators of the virtual engine: plain, traced, or with faults on the way."""

from collections.abc import Callable
from typing import Protocol

from emulator.engines.virtual.faults import Killed, VirtualFaults
from emulator.engines.virtual.journal import Journal, Teller
from emulator.engines.virtual.simulation import Simulation
from emulator.errors import WorkerFailed
from emulator.protocol.events import Channel
from emulator.protocol.messages import AnyMessage
from emulator.protocol.node import Handler


class Owner(Teller, Protocol):
    """The thread that a communicator belongs to."""

    def failure(self, error: BaseException) -> WorkerFailed:
        """Record that this thread has failed; the error that ends the run."""


class VirtualCommunicator:
    """A communicator of one thread."""

    __slots__ = ("_inbox", "_inboxes", "_rank", "_simulation", "channel", "owner")

    def __init__(self, channel: Channel, owner: Owner, simulation: Simulation) -> None:
        self.channel = channel
        self.owner = owner
        self._rank = owner.rank
        self._simulation = simulation
        self._inboxes = simulation.inboxes[channel]
        self._inbox = self._inboxes[owner.rank]

    def send(self, message: AnyMessage, dest: int) -> None:
        self._simulation.send(self._inboxes[dest], self._rank, dest, message)

    def recv(self, timeout_s: float | None = None) -> tuple[int, AnyMessage]:
        if timeout_s is None:
            return self._simulation.take(self._inbox)
        return self._simulation.take_in_time(self._inbox, timeout_s)

    def serve(self, handler: Handler, end: Callable[[], None]) -> None:
        """React to every message with `handler`; call `end` when it stops running."""
        handle, owner, inbox = handler.handle, self.owner, self._inbox

        def react(source: int, message: AnyMessage) -> None:
            try:
                handle(source, message)
            except Killed:
                return
            except Exception as error:
                raise owner.failure(error) from error
            if not handler.is_running:
                inbox.close()
                end()

        inbox.serve(react)


class TracedCommunicator(VirtualCommunicator):
    """A communicator that records every message: before it is sent, and after it was taken."""

    __slots__ = ("_journal",)

    def __init__(self, channel: Channel, owner: Owner, simulation: Simulation, journal: Journal) -> None:
        super().__init__(channel, owner, simulation)
        self._journal = journal

    def send(self, message: AnyMessage, dest: int) -> None:
        self._journal.sent(self._simulation.now_s, self.owner, self.channel, dest, message)
        super().send(message, dest)

    def recv(self, timeout_s: float | None = None) -> tuple[int, AnyMessage]:
        source, message = super().recv(timeout_s)
        self.note(source, message)
        return source, message

    def serve(self, handler: Handler, end: Callable[[], None]) -> None:
        super().serve(_Noting(handler, self.note), end)

    def note(self, source: int, message: AnyMessage) -> None:
        """Record a message that was taken."""
        self._journal.received(self._simulation.now_s, self.owner, self.channel, source, message)


class FaultyCommunicator(TracedCommunicator):
    """A traced communicator whose messages pass the rules of a fault plan, and whose rank may die."""

    __slots__ = ("_faults",)

    def __init__(
        self, channel: Channel, owner: Owner, simulation: Simulation, journal: Journal, faults: VirtualFaults
    ) -> None:
        super().__init__(channel, owner, simulation, journal)
        self._faults = faults

    def send(self, message: AnyMessage, dest: int) -> None:
        self._faults.prepare_send(self._rank)
        self._journal.sent(self._simulation.now_s, self.owner, self.channel, dest, message)
        self._faults.road.send(self.owner, self.channel, dest, message)

    def recv(self, timeout_s: float | None = None) -> tuple[int, AnyMessage]:
        self._faults.check(self._rank)
        return super().recv(timeout_s)


class _Noting:
    """A handler whose messages are noted before it handles them."""

    def __init__(self, handler: Handler, note: Callable[[int, AnyMessage], None]) -> None:
        self._handler = handler
        self._note = note

    @property
    def is_running(self) -> bool:
        return self._handler.is_running

    def handle(self, source: int, message: AnyMessage) -> None:
        self._note(source, message)
        self._handler.handle(source, message)
