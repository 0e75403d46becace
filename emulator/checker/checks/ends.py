"""Checking how clients and the run come to their end: D8, T8, T9, U5."""

from emulator.checker import rules
from emulator.checker.checks.roll_call import RollCall
from emulator.checker.findings import shown
from emulator.checker.known import Known
from emulator.protocol.events import Channel, ThreadEnded
from emulator.protocol.messages import TRACKER, AnyMessage, Close, Finished, Leave, Lost, Returned, Stop

AT_THE_END = "all clients come to their end"


class EndCheck:
    """Which clients are finished, and which the tracker has stopped."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._clients = known.clients
        self._add = known.add
        self._size = known.header.clients
        self._finished = RollCall(self._size)
        self._stopped: dict[int, int] = {}
        self._lost: set[int] = set()

    # D8: a client has what it wanted

    def finish(self, line: int, rank: int, _to: int, _message: Finished) -> None:
        client = self._clients[rank]
        missing = [file for file in client.wanted if not client.is_done_with(file)]
        expected = "it is finished once, when every wanted file is there (D8)"
        if client.finished:
            self._add(rules.FINISHED, (client.finished, line), f"client {rank} is finished twice", expected)
        elif missing:
            text = f"client {rank} is finished without {missing[0]!r}"
            self._add(rules.FINISHED, (client.asked, line), text, expected)
        client.finished = client.finished or line

    def leave(self, line: int, rank: int, _to: int, _message: Leave) -> None:
        client = self._clients[rank]
        if client.left or not client.finished:
            text = f"client {rank} leaves {'twice' if client.left else 'before it is finished'}"
            self._add(rules.FINISHED, (client.left, line), text, "it leaves once, when it has what it wanted (D8)")
        client.left = client.left or line

    # T8, T9: the tracker

    def finished(self, _line: int, _tracker: int, client: int, _message: Finished) -> None:
        self._finished.reached.add(client)

    def stop(self, line: int, _tracker: int, client: int, _message: Stop) -> None:
        before = self._stopped.setdefault(client, line)
        missing = self._finished.missing()
        if before != line:
            text = f"the tracker stops client {client} twice"
            self._add(rules.STOP, (before, line), text, "it sends each client one stop (T9)")
        elif missing is not None:
            text = f"the tracker stops client {client} when client {missing} is not finished"
            self._add(rules.STOP, (line,), text, "it waits until every client is finished (T9)")

    def lost(self, _line: int, _tracker: int, client: int, message: Lost) -> None:
        self._lost.add(client)
        self._finished.lose(client, message.is_coming_back)
        self._stopped.pop(client, None)

    def returned(self, _line: int, _tracker: int, client: int, _message: Returned) -> None:
        self._lost.discard(client)
        self._finished.take_back(client)

    # U5: an upload thread ends at the stop

    def thread_ended(self, line: int, rank: int, thread: str, _event: ThreadEnded) -> None:
        if thread != "upload" or rank in self._known.dead:
            return
        uploader = self._known.uploaders[rank]
        uploader.ended = line
        if not uploader.stopped:
            text = f"the upload thread of client {rank} ends before the tracker's stop"
            self._add(rules.STOP, (line,), text, "it serves until the stop (U5)")

    # The end of the run

    def check_end(self) -> None:
        for rank in range(1, self._size + 1):
            if rank not in self._known.dead and rank not in self._lost:
                self._check_client(rank)
        if self._finished.missing() is not None:
            return
        for rank in range(1, self._size + 1):
            if rank not in self._stopped and rank not in self._known.dead and rank not in self._lost:
                text = f"client {rank} gets no stop"
                self._add(rules.STOP, (), text, "the tracker stops every client when all have finished (T9)")

    def _check_client(self, rank: int) -> None:
        """A client that is alive, or never heard of, has come to its end."""
        client = self._clients.get(rank)
        if client is None:
            self._add(rules.EVERYTHING_COMPLETE, (), f"client {rank} is never finished", AT_THE_END)
            return
        missing = [file for file in client.wanted if not client.is_done_with(file)]
        if client.outstanding is not None and not (client.finished and self._known.loses_messages):
            line, to, request = client.outstanding
            text = f"client {rank} waits for ever for rank {to} to answer {shown(request)}"
            self._add(rules.EVERYTHING_COMPLETE, (line,), text, AT_THE_END)
        elif missing:
            text = f"client {rank} never completes {missing[0]!r}"
            self._add(rules.EVERYTHING_COMPLETE, (client.asked,), text, AT_THE_END)
        elif not client.finished:
            self._add(rules.EVERYTHING_COMPLETE, (client.asked,), f"client {rank} is never finished", AT_THE_END)

    def missed(self, on: Channel, source: int, rank: int, waiting: list[AnyMessage]) -> list[AnyMessage]:
        """What should have been received of these, and never was."""
        if rank in self._known.dead:
            return []
        if on == "upload":
            # Where order holds between two ranks only, another client's stop can overtake a close (U5). Anything else
            # that is sent to a thread that has ended breaks another rule.
            return [] if self._has_ended(rank) else [sent for sent in waiting if not isinstance(sent, Close)]
        if rank == TRACKER and source in self._finished.reached:
            # The tracker ends when it has heard of the last client, and reads no more.
            return [
                sent for sent in waiting if not (isinstance(sent, (Finished, Leave)) or self._known.disturbs_messages)
            ]
        client = self._clients.get(rank)
        if client is None or not client.finished:
            return waiting
        # Its download thread has ended. What it had left may come later, and is not read.
        is_loose = self._known.disturbs_messages or client.is_again
        return [] if is_loose else [answer for answer in waiting if not client.has_left(source, answer)]

    def _has_ended(self, rank: int) -> bool:
        """Whether a client's upload thread reads no more."""
        uploader = self._known.uploaders.get(rank)
        return rank > 0 and uploader is not None and bool(uploader.stopped or uploader.ended)
