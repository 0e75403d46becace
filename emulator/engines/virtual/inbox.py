"""One inbox of a rank in virtual time: what has arrived, and who reads it."""

from collections.abc import Callable

import greenlet

from emulator.protocol.messages import AnyMessage

React = Callable[[int, AnyMessage], None]


NOTHING_DUE: dict[int, float] = {}


class RankGreenlet(greenlet.greenlet):
    """A client's download thread, with what comes before and after it."""

    def __init__(self, rank: int, body: Callable[[], None], loop: greenlet.greenlet) -> None:
        super().__init__(body, loop)
        self.rank = rank


class Inbox:
    """Messages that have arrived for one reader: a handler that reacts to each, or a greenlet that waits for one."""

    __slots__ = ("_held", "due_s", "messages", "react", "waiting")

    def __init__(self) -> None:
        self.react: React | None = None
        self.waiting: greenlet.greenlet | None = None
        self.messages: list[tuple[int, AnyMessage]] = []
        self.due_s: dict[int, float] = NOTHING_DUE
        """When the latest segment of each sender arrives that is on its way: what it sends later comes after it."""
        self._held: tuple[React | None, greenlet.greenlet | None] | None = None

    def deliver(self, source: int, message: AnyMessage) -> None:
        if self.react is not None:
            self.react(source, message)
        elif self.waiting is not None:
            waiting, self.waiting = self.waiting, None
            waiting.switch((source, message))
        else:
            self.messages.append((source, message))

    def expect(self, source: int, arrival_s: float, now_s: float) -> None:
        """A segment is on its way here."""
        self.due_s = {other: due_s for other, due_s in self.due_s.items() if due_s > now_s}
        self.due_s[source] = arrival_s

    def recall(self, source: int, after_s: float) -> None:
        """What is on its way here from this sender does not arrive if it would arrive later than that."""
        if self.due_s.get(source, 0.0) > after_s:
            self.due_s = {other: due_s for other, due_s in self.due_s.items() if other != source}

    def serve(self, react: React) -> None:
        """From now on, react at once; first to what is here already."""
        if self._held is not None:
            self._held = (react, None)
            return
        self.react = react
        messages, self.messages = self.messages, []
        for source, message in messages:
            self.deliver(source, message)

    def take(self, reader: greenlet.greenlet) -> tuple[int, AnyMessage] | None:
        """The next message; None where the reader has to wait for it, as it is noted to do."""
        if self._held is not None:
            self._held = (None, reader)
            return None
        if self.messages:
            return self.messages.pop(0)
        self.waiting = reader
        return None

    def close(self) -> None:
        """The reader is dead: what is here, and what is on its way, is read by nobody."""
        self.messages.clear()
        self.waiting = self._held = None
        self.react = _drop

    def hold(self) -> None:
        """The reader stands still: what arrives waits for it."""
        if self._held is None:
            self._held = (self.react, self.waiting)
            self.react = self.waiting = None

    def give_up(self, reader: greenlet.greenlet) -> bool:
        """Whether this reader was waiting here; it does so no longer."""
        if self.waiting is reader:
            self.waiting = None
            return True
        if self._held is not None and self._held[1] is reader:
            self._held = (None, None)
            return True
        return False

    def resume(self) -> None:
        """The reader goes on, with all that has arrived meanwhile."""
        if self._held is None:
            return
        (react, waiting), self._held = self._held, None
        if react is not None:
            self.serve(react)
        elif waiting is not None:
            self.waiting = waiting
            if self.messages:
                self.deliver(*self.messages.pop(0))


def _drop(_source: int, _message: AnyMessage) -> None:
    pass
