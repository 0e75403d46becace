"""Checking how clients and the run come to their end: D8, T8, T9, U5."""

from emulator.checker import rules
from emulator.checker.checks.deaths import ANSWERS
from emulator.checker.checks.flights import Flight, Way
from emulator.checker.checks.requests import is_given_up
from emulator.checker.checks.roll_call import RollCall
from emulator.checker.known import Known
from emulator.checker.words import names_of
from emulator.protocol.events import ThreadEnded
from emulator.protocol.messages import TRACKER, Close, Finished, Leave, Lost, Returned, Stop


class EndCheck:
    """Which clients are finished, and which the tracker has stopped."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._clients = known.clients
        self._add = known.add
        self._finished = RollCall(known.header.clients)
        self._stopped: dict[int, int] = {}

    # D8: a client has what it wanted

    def finish(self, line: int, rank: int, _to: int, _message: Finished) -> None:
        client = self._clients[rank]
        missing = self._known.missing_files(client)
        if client.finished:
            text = f"client {rank} is finished twice"
            self._add(rules.FINISHED, (client.finished, line), text, "it is finished once (D8)")
        elif missing:
            text = f"client {rank} is finished without {names_of(tuple(missing))}"
            self._add(rules.FINISHED, (client.asked, line), text, "it is finished when every wanted file is there (D8)")
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
        self._known.told_finished.add(client)

    def stop(self, line: int, _tracker: int, client: int, _message: Stop) -> None:
        before = self._stopped.setdefault(client, line)
        self._clients[client].is_told_to_stop = True
        missing = self._finished.missing()
        if before != line:
            text = f"the tracker stops client {client} twice"
            self._add(rules.STOP, (before, line), text, "it sends each client one stop (T9)")
        elif missing is not None:
            text = f"the tracker stops client {client} when client {missing} is not finished"
            self._add(rules.STOP, (line,), text, "it waits until every client is finished (T9)")

    def lost(self, _line: int, _tracker: int, client: int, message: Lost) -> None:
        self._known.lost.add(client)
        self._known.told_finished.discard(client)
        self._finished.lose(client, message.is_coming_back)
        self._stopped.pop(client, None)

    def returned(self, _line: int, _tracker: int, client: int, _message: Returned) -> None:
        self._known.lost.discard(client)
        self._finished.take_back(client)

    # U5: an upload thread ends at the stop

    def thread_ended(self, line: int, rank: int, thread: str, _event: ThreadEnded) -> None:
        if thread != "upload" or rank in self._known.dead:
            return
        uploader = self._known.uploaders[rank]
        before, uploader.ended = uploader.ended, line
        if before:
            text = f"the upload thread of client {rank} ends twice"
            self._add(rules.STOP, (before, line), text, "it ends once (U5)")
        elif not uploader.stopped:
            text = f"the upload thread of client {rank} ends before the tracker's stop"
            self._add(rules.STOP, (line,), text, "it serves until the stop (U5)")

    # The end of the run

    def is_due(self, way: Way, flight: Flight) -> bool:
        """Whether this message, which was never received, should have been."""
        on, source, rank = way
        if rank in self._known.dead:
            return False
        if on == "upload":
            # Where order holds between two ranks only, another client's stop can overtake a close (U5). Anything else
            # that is sent to a thread that has ended breaks another rule.
            uploader = self._known.uploaders.get(rank)
            has_ended = uploader is not None and bool(uploader.stopped or uploader.ended)
            return not has_ended and not isinstance(flight.message, Close)
        if rank == TRACKER:
            return self._is_due_at_tracker(source, flight)
        client = self._clients.get(rank)
        if client is None or not client.finished:
            return True
        # Its download thread has ended, and leaves unread what it no longer waited for, or has had before.
        is_doubled = self._known.disturbs_messages and isinstance(flight.message, ANSWERS)
        is_unread = flight.may_be_late or client.is_again or is_doubled
        return not (is_unread or is_given_up(client, source, flight.message))

    def _is_due_at_tracker(self, source: int, flight: Flight) -> bool:
        """The tracker ends when it has heard of the last client, and reads no more."""
        if source not in self._known.told_finished:
            return True
        return not (flight.may_be_late or isinstance(flight.message, (Finished, Leave)))
