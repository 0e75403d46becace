"""The ports: everything that the protocol knows about its surroundings. An engine supplies them."""

import random
from collections.abc import Callable, Iterable
from typing import Protocol

from emulator.protocol.events import AnyEvent
from emulator.protocol.files import ClientInput, FileMetadata
from emulator.protocol.messages import AnyMessage


class ProtocolError(Exception):
    """Another rank sent a message that the protocol does not allow here. The text names the rank, step and message."""


class DiskFull(Exception):
    """The disk of this one client has no room. The client goes on without the output."""


class Communicator(Protocol):
    """One of the two communicators, as one thread sees it. Order is kept between any two ranks."""

    def send(self, message: AnyMessage, dest: int) -> None:
        """Put `message` into the inbox of rank `dest`; what is sent to a dead rank is dropped."""

    def recv(self, timeout_s: float | None = None) -> tuple[int, AnyMessage]:
        """Wait for the next message, from any source, and return `(source, message)`.

        Raises `TimeoutError` if no message arrives within `timeout_s` seconds.
        """


class Clock(Protocol):
    def now(self) -> float:
        """Seconds since the run began."""

    def sleep(self, duration_s: float) -> None: ...


class Storage(Protocol):
    """A client's own disk."""

    keeps_segments: bool
    """Whether `store` keeps segments; if not, it need not be called."""

    def read_input(self) -> ClientInput:
        """P1."""

    def read_stored(self, metadata: FileMetadata) -> Iterable[tuple[int, str]]:
        """D3: the segments of this file that an earlier run left behind. The caller checks them."""

    def store(self, file: str, segment: int, data: str) -> None:
        """Keep a segment for a later run, if `keeps_segments`."""

    def write_output(self, content: FileMetadata) -> None:
        """D7: make the output appear under its final name, whole or not at all. Raises `DiskFull`."""


class Handler(Protocol):
    """A server that reacts to one message at a time, and never waits while it does."""

    @property
    def is_running(self) -> bool: ...

    def handle(self, source: int, message: AnyMessage) -> None: ...


class Node(Protocol):
    """What an engine gives one thread of one rank. There are `size` ranks, and rank 0 is the tracker."""

    rank: int
    size: int
    download: Communicator
    upload: Communicator
    clock: Clock
    storage: Storage
    step: str
    """The thread's current step, such as `D4`. It is stamped on every event, and named if the thread dies."""

    @property
    def random(self) -> random.Random:
        """The thread's generator, which makes its choices repeatable."""

    def record(self, event: AnyEvent) -> None:
        """Add an event to the run's one stream of events."""

    def run_threads(self, download: Callable[["Node"], None], upload: Callable[["Node"], Handler]) -> None:
        """P4: run both threads, each with a node of its own, and return when both have ended.

        `download` is the whole download thread; `upload` makes the handler that serves the `upload` communicator.
        """


def serve(communicator: Communicator, handler: Handler) -> None:
    """The loop around every handler: receive one message, react to it."""
    while handler.is_running:
        source, message = communicator.recv()
        handler.handle(source, message)


def unexpected(node: Node, source: int, message: object) -> ProtocolError:
    """The error for a message that has no place in the step that `node` is in."""
    return ProtocolError(f"rank {node.rank} at {node.step}: rank {source} sent an unexpected {message!r:.200}")
