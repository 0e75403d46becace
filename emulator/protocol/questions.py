"""The questions of one client's download thread, and their answers.

A thread that waits is never left alone: a question to a dead rank is answered by the engine's *lost*, and where
messages can be lost, the wait has a time limit. The number of each question tells its answer from an earlier one's.
"""

from collections.abc import Collection, Mapping

from emulator.protocol.messages import (
    TRACKER,
    AnyMessage,
    Barrier,
    Close,
    ConnectionCount,
    ConnectionCountRequest,
    Hit,
    Holdings,
    HoldingsRequest,
    Lost,
    MetadataAnswer,
    MetadataRequest,
    Miss,
    Returned,
    SegmentRequest,
    Stuck,
    StuckAnswer,
    SwarmAnswer,
    SwarmRequest,
)
from emulator.protocol.node import Node, unexpected
from emulator.protocol.terms import MoreTime

LIFE = 1_000_000_000
"""Numbers of questions a client that was started again begins this much higher, above all those of its earlier life."""

UploadQuestion = SegmentRequest | ConnectionCountRequest | HoldingsRequest
TrackerQuestion = MetadataRequest | SwarmRequest | Stuck


class Questions:
    """Asks, and waits for the answer; takes note of everything else that arrives meanwhile."""

    def __init__(self, node: Node, patience_s: float | None, life: int = 0, more_s: MoreTime | None = None) -> None:
        self.number = life * LIFE
        """Of the latest question; the next one has the next number."""
        self.lost: set[int] = set()
        """Ranks that are dead, as far as this client has been told, or that were when it got its latest list."""
        self._returned: set[int] = set()
        """Those of them that live again. They are not what they were: they are asked when the tracker names them."""
        self._node = node
        self._patience_s = patience_s
        self._more_s = more_s
        self._open_late: dict[int, int] = {}
        """Questions whose answers nobody waits for any more, though a hit may come: number and uploader."""

    def moved_to(self, node: Node) -> "Questions":
        """The same questions, asked by another thread of the same client."""
        self._node = node
        return self

    def ask(self, question: UploadQuestion, uploader: int) -> AnyMessage | None:
        """An uploader's answer; None where it is lost, or has not answered in time."""
        if uploader in self.lost:
            return None
        self._node.upload.send(question, uploader)
        return self._await_answer(question.request, uploader, self._patience_s)

    def ask_tracker(self, question: TrackerQuestion) -> AnyMessage:
        """The tracker's answer, asked for again as long as none comes in time.

        The request for metadata is never lost, as the tracker counts on it (T4): asked once, it is answered once.
        """
        patience_s = None if isinstance(question, MetadataRequest) else self._patience_s
        if self._returned:
            self.lost -= self._returned
            self._returned.clear()
        while True:
            self._node.download.send(question, TRACKER)
            answer = self._await_answer(question.request, TRACKER, patience_s)
            if answer is not None:
                return answer

    def next_of(self, waiting: dict[int, int]) -> tuple[int, AnyMessage] | None:
        """The next answer to one of these questions, `waiting` being number → uploader, from which it is taken.

        None where none will come any more, or not in time.
        """
        while waiting:
            for number in [number for number, uploader in waiting.items() if uploader in self.lost]:
                del waiting[number]
            if not waiting:
                return None
            try:
                source, answer = self._recv(waiting.values())
            except TimeoutError:
                return None
            number = getattr(answer, "request", 0)
            if waiting.get(number) == source:
                del waiting[number]
                return source, answer
            self._set_aside(source, answer)
        return None

    def leave(self, waiting: Mapping[int, int]) -> None:
        """Nobody waits for these answers any more; where a hit comes, its connection is closed."""
        self._open_late.update(waiting)

    def hear_out(self) -> None:
        """Wait for the answers that were left, so that no connection stays open behind this thread."""
        while self._open_late:
            try:
                self._set_aside(*self._recv(self._open_late.values()))
            except TimeoutError:
                # They may have given the segment, and the answers were lost: then they believe in connections.
                for uploader in sorted(set(self._open_late.values())):
                    self._node.upload.send(Close(), uploader)
                self._open_late.clear()

    def await_barrier(self, number: int) -> None:
        """P3, D2: wait for the tracker's signal that every client has got here."""
        while True:
            source, message = self._node.download.recv()
            if source == TRACKER and message == Barrier(number):
                return
            self._set_aside(source, message)

    def _recv(self, sources: Collection[int]) -> tuple[int, AnyMessage]:
        """The next message. Raises `TimeoutError` when it is late for an answer of any of `sources`."""
        waited_s, left_s = 0.0, self._patience_s
        while True:
            try:
                return self._node.download.recv(left_s)
            except TimeoutError:
                if self._more_s is None or self._patience_s is None or left_s is None:
                    raise
                # In small steps, as a fault that makes answers late may end before the wait does.
                waited_s += left_s
                left_s = min(self._patience_s, max(self._more_s(source, waited_s) for source in sources))
                if left_s <= 0:
                    raise

    def _await_answer(self, number: int, source: int, patience_s: float | None) -> AnyMessage | None:
        while True:
            try:
                sender, answer = self._node.download.recv() if patience_s is None else self._recv((source,))
            except TimeoutError:
                return None
            if sender == source and getattr(answer, "request", None) == number:
                return answer
            self._set_aside(sender, answer)
            if source in self.lost:
                return None

    def _set_aside(self, source: int, message: AnyMessage) -> None:
        """Take note of what is not the answer that is waited for."""
        match message:
            case Lost():
                self.lost.add(source)
                self._returned.discard(source)
                self._open_late = {number: rank for number, rank in self._open_late.items() if rank != source}
            case Returned():
                self._returned.add(source)
            case Hit(request=number) | Miss(request=number) if number in self._open_late:
                del self._open_late[number]
                if isinstance(message, Hit):
                    self._node.upload.send(Close(), source)
            case (
                Hit(request=number)
                | Miss(request=number)
                | ConnectionCount(request=number)
                | Holdings(request=number)
                | SwarmAnswer(request=number)
                | StuckAnswer(request=number)
                | MetadataAnswer(request=number)
            ) if 0 < number <= self.number:
                pass  # late, or doubled on its way: the question was given up, or has its answer
            case Barrier() if self.number >= LIFE:
                pass  # told to this client's earlier life
            case _:
                raise unexpected(self._node, source, message)
