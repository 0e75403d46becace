"""How a client asks: one call numbers the question, sends it, waits, and checks that the answer fits.

A client that waits never waits for ever. The engine's `Lost` ends the wait for a dead rank, and where messages can be
lost, the wait has a time limit. The number of a question tells its answer from late and duplicated ones.
"""

from collections.abc import Callable, Collection
from typing import Any, TypeVar

from emulator.protocol.messages import (
    TRACKER,
    Answer,
    AnyMessage,
    Barrier,
    Close,
    Lost,
    MetadataRequest,
    Question,
    Returned,
    is_answered,
)
from emulator.protocol.node import Node, unexpected
from emulator.protocol.terms import MoreTime

A = TypeVar("A", bound=Answer)
Kind = Callable[..., Question[A]]
"""The class of a question, called with its fields and, last, its number."""
InFlight = dict[int, tuple[int, Any]]
"""Questions that are asked at the same time: by number, the uploader and the question."""

LIFE = 1_000_000_000
"""A restarted client's numbers begin this much higher, above all numbers of its earlier lives."""


class Questions:
    """Asks questions and waits for answers; takes note of everything else that arrives meanwhile."""

    def __init__(self, node: Node, patience_s: float | None, life: int = 0, more_s: MoreTime | None = None) -> None:
        self.number = life * LIFE
        """Of the latest question."""
        self.lost: set[int] = set()
        """Ranks that are dead, or were when this client got its latest swarm list."""
        self.waited_s = 0.0
        """How long the client has waited for the latest answer that did not come."""
        self._returned: set[int] = set()
        """Lost ranks that live again. They may have lost what they held, so they stay lost until the next list."""
        self._node = node
        self._patience_s = patience_s
        self._more_s = more_s

    def moved_to(self, node: Node) -> "Questions":
        """The same questions, asked by another thread of the same client."""
        self._node = node
        return self

    def ask(self, kind: Kind[A], uploader: int, *fields: object) -> A | None:
        """Ask an uploader. None if it is lost, or has not answered in time.

        Raises `ProtocolError` for an answer that does not fit the question.
        """
        number = self.number = self.number + 1
        if uploader in self.lost:
            return None
        question: Any = kind(*fields, number)
        self._node.upload.send(question, uploader)
        answer: A | None = self._await_answer(question, uploader, self._patience_s)
        return answer

    def ask_tracker(self, kind: Kind[A], *fields: object) -> A:
        """Ask the tracker, again and again if no answer comes in time.

        The request for metadata is never lost, because the tracker counts on it (T4), and is sent only once.
        """
        number = self.number = self.number + 1
        question: Any = kind(*fields, number)
        patience_s = None if kind is MetadataRequest else self._patience_s
        self.lost -= self._returned
        self._returned.clear()
        answer: A | None = None
        while answer is None:
            self._node.download.send(question, TRACKER)
            answer = self._await_answer(question, TRACKER, patience_s)
        return answer

    def await_barrier(self, number: int) -> None:
        """P3, D2: wait for the tracker's signal that every client has got here."""
        while True:
            source, message = self._node.download.recv()
            if source == TRACKER and message == Barrier(number):
                return
            self._set_aside(source, message)

    # Several questions at the same time

    def post(self, in_flight: InFlight, kind: Kind[Any], uploader: int, *fields: object) -> None:
        """Add a question to those in flight without waiting for its answer. A lost uploader is not asked."""
        if uploader not in self.lost:
            number = self.number = self.number + 1
            question: Any = kind(*fields, number)
            self._node.upload.send(question, uploader)
            in_flight[number] = uploader, question

    def next_of(self, in_flight: InFlight) -> tuple[int, Any] | None:
        """The next answer, with its uploader; its question is taken out of `in_flight`.

        None if no answer can come any more, or none has come in time.
        """
        while self._drop_lost(in_flight):
            try:
                source, answer = self._recv([uploader for uploader, _ in in_flight.values()])
            except TimeoutError:
                return None
            if in_flight.get(answer.request, (None,))[0] == source:
                _, question = in_flight.pop(answer.request)
                if is_answered(question, answer):
                    return source, answer
                raise unexpected(self._node, source, answer)
            self._set_aside(source, answer)
        return None

    def _drop_lost(self, in_flight: InFlight) -> InFlight:
        for number in [number for number, (uploader, _) in in_flight.items() if uploader in self.lost]:
            del in_flight[number]
        return in_flight

    def leave(self, in_flight: InFlight) -> None:
        """Stop waiting for the segments still in flight, and close at once: a hit that comes later is passed over.

        Each of these uploaders has got the request before the close, so its connection, if it opens one, is closed.
        """
        for uploader, _ in self._drop_lost(in_flight).values():
            self._node.upload.send(Close(), uploader)
        in_flight.clear()

    # What arrives

    def _recv(self, sources: Collection[int]) -> tuple[int, AnyMessage]:
        """The next message. Raises `TimeoutError` when it is too late for an answer from any of `sources`."""
        waited_s, left_s = 0.0, self._patience_s
        while True:
            try:
                return self._node.download.recv(left_s)
            except TimeoutError:
                self.waited_s = waited_s = waited_s + (left_s or 0.0)
                if self._more_s is None or self._patience_s is None:
                    raise
                # In small steps, because a fault that delays answers may end before the wait does.
                left_s = min(self._patience_s, max(self._more_s(source, waited_s) for source in sources))
                if left_s <= 0:
                    raise

    def _await_answer(self, question: Any, source: int, patience_s: float | None) -> Any:
        number, recv = question.request, self._node.download.recv
        while True:
            try:
                sender, answer = recv() if patience_s is None else self._recv((source,))
            except TimeoutError:
                return None
            if answer.request == number and sender == source:
                if is_answered(question, answer):
                    return answer
                raise unexpected(self._node, source, answer)
            self._set_aside(sender, answer)
            if source in self.lost:
                return None

    def _set_aside(self, source: int, message: AnyMessage) -> None:
        """Take note of a message that is not the expected answer."""
        match message:
            case Lost():
                self.lost.add(source)
                self._returned.discard(source)
            case Returned():
                self._returned.add(source)
            case Answer() if 0 < message.request <= self.number:
                pass  # late or duplicated: its question was given up, or has been answered
            case Barrier() if self.number >= LIFE:
                pass  # sent to an earlier life of this client
            case _:
                raise unexpected(self._node, source, message)
