"""The ports: all that the protocol knows of the world it runs in. An engine supplies them."""

import random
from collections.abc import Callable, Iterable
from typing import Protocol

from emulator.protocol.events import AnyEvent
from emulator.protocol.files import ClientInput, FileMetadata
from emulator.protocol.messages import AnyMessage


class ProtocolError(Exception):
    """Another rank sent what the protocol does not allow here; the text names it, the step and the message."""


class DiskFull(Exception):
    """The disk of this one client has no room. The client goes on without the output."""


class Communicator(Protocol):
    """One of the two communicators, as one thread sees it. Order is kept between any two ranks."""

    def send(self, message: AnyMessage, dest: int) -> None:
        """Put `message` into the inbox of rank `dest`; what is sent to a dead rank is dropped."""

    def recv(self, timeout_s: float | None = None) -> tuple[int, AnyMessage]:
        """Wait for the next message, from any source, and return `(source, message)`.

        Raises `TimeoutError` where a time limit is given and nothing has arrived within it.
        """


class Clock(Protocol):
    def now(self) -> float:
        """Seconds since the run began."""

    def sleep(self, duration_s: float) -> None: ...


class Storage(Protocol):
    """A client's own disk."""

    keeps_segments: bool
    """Whether `store` does anything; else it need not be called."""

    def read_input(self) -> ClientInput:
        """P1."""

    def read_stored(self, metadata: FileMetadata) -> Iterable[tuple[int, str]]:
        """D3: what an earlier run has left of this file, segment by segment; the caller checks it."""

    def store(self, file: str, segment: int, data: str) -> None:
        """Keep a segment for a later run, if the run is one that does that."""

    def write_output(self, content: FileMetadata) -> None:
        """D7: make the output appear under its final name, whole or not at all. Raises `DiskFull`."""


class Handler(Protocol):
    """A server that only ever reacts to one message, without waiting inside."""

    @property
    def is_running(self) -> bool: ...

    def handle(self, source: int, message: AnyMessage) -> None: ...


class Node(Protocol):
    """What one thread of one rank is given: `size` ranks in all, of which rank 0 is the tracker."""

    rank: int
    size: int
    download: Communicator
    upload: Communicator
    clock: Clock
    storage: Storage
    step: str
    """The step that the thread is in, `D4`; stamped on every event, and named if the thread dies in it."""

    @property
    def random(self) -> random.Random:
        """The thread's generator, which makes its choices repeatable."""

    def record(self, event: AnyEvent) -> None:
        """Add an event to the run's one stream of events."""

    def run_threads(self, download: Callable[["Node"], None], upload: Callable[["Node"], Handler]) -> None:
        """P4: run both threads, each with a node of its own, and return when both have ended.

        `download` is the thread's whole life; `upload` makes the handler that serves the `upload` communicator.
        """


def serve(communicator: Communicator, handler: Handler) -> None:
    """The loop around every handler: receive one message, react to it."""
    while handler.is_running:
        source, message = communicator.recv()
        handler.handle(source, message)


def unexpected(node: Node, source: int, message: object) -> ProtocolError:
    """The error for a message that has no place in the step that `node` is in."""
    return ProtocolError(f"rank {node.rank} at {node.step}: rank {source} sent an unexpected {message!r:.200}")
