"""Checking the questions of download threads: one at a time, and one answer to each."""

from emulator.checker import rules
from emulator.checker.client import Asked, Client, remember
from emulator.checker.known import Known
from emulator.checker.words import number_of, numbered
from emulator.protocol.messages import (
    AnyMessage,
    Hit,
    Miss,
    SegmentRequest,
)

UNASKED, DUE, LATE, BEATEN = range(4)
"""What an answer belongs to: to nothing, to what is waited for, to what was given up, to a race that is over."""


class RequestCheck:
    """The requests of all download threads that have no answer yet."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._add = known.add
        self._is_race_allowed = known.header.strategy != rules.PEERS_FIRST

    def begin(self, line: int, client: Client, to: int, request: AnyMessage) -> None:
        client.settle()
        if client.outstanding is not None:
            self._overtake(line, client, to, request, client.outstanding)
        elif client.race is not None:
            self._end_race(line, client, to)
        if client.finished:
            text = f"client {client.rank} asks rank {to} when it is finished"
            self._add(rules.FINISHED, (client.finished, line), text, "its download thread has ended (D8)")
        client.outstanding = (line, to, request)

    def _overtake(self, line: int, client: Client, to: int, request: AnyMessage, waiting: Asked) -> None:
        """A request is made while another one waits for its answer."""
        before, asked, earlier = waiting
        if self._is_race(client, to, request, waiting):
            remember(client.raced, waiting)
        elif client.race is not None and _segment_of(earlier) == client.race:
            remember(client.raced, waiting)
            client.outstanding = None
            self._end_race(line, client, to)
        elif self._known.loses_messages:
            self.give_up(client)
        else:
            remember(client.overtaken, waiting)
            text = f"client {client.rank} asks rank {to} while rank {asked} has not answered"
            self._add(rules.ONE_OUTSTANDING, (before, line), text, "it waits for the answer before it asks again")

    def _is_race(self, client: Client, to: int, request: AnyMessage, waiting: Asked) -> bool:
        """Whether this asks another uploader for the segment that others are being asked for."""
        segment = _segment_of(request)
        if not self._is_race_allowed or segment is None or segment != _segment_of(waiting[2]) or to == waiting[1]:
            return False
        if client.race == segment and any(
            other == to and _segment_of(each) == segment for _, other, each in client.raced
        ):
            return False
        client.race = segment
        return True

    def _end_race(self, line: int, client: Client, to: int) -> None:
        """The client asks for something else: it has the segment, or everybody who was asked has answered."""
        race, client.race = client.race, None
        waiting = [asked for asked in client.raced if _segment_of(asked[2]) == race]
        if self._known.loses_messages:
            for asked in waiting:
                client.raced.remove(asked)
                remember(client.given_up, asked)
                client.doubts[asked[1]] += 1
            return
        if not waiting or race is None or client.state(*race):
            return
        text = f"client {client.rank} asks rank {to} while rank {waiting[0][1]} has not answered"
        expected = "it waits for the segment, or for all answers, before it asks for something else"
        self._add(rules.ONE_OUTSTANDING, (waiting[0][0], line), text, expected)

    def give_up(self, client: Client) -> None:
        """Nobody waits for this answer any more: it may have been lost."""
        if client.outstanding is None:
            return
        remember(client.given_up, client.outstanding)
        client.avoided.add(client.outstanding[1])
        if isinstance(client.outstanding[2], SegmentRequest):
            client.doubts[client.outstanding[1]] += 1
        if client.round is not None:
            client.round.is_disturbed = True
        client.outstanding = None

    def give_up_races(self, client: Client, rank: int) -> bool:
        """Leave this rank's answers to races that are won, or that may have been lost. Whether any were due."""
        given_up = [asked for asked in client.raced if asked[1] == rank and self._may_leave(client, asked)]
        for asked in given_up:
            client.raced.remove(asked)
            remember(client.given_up, asked)
        return bool(given_up)

    def leave(self, client: Client, rank: int) -> bool:
        """The client closes before this rank has answered, as it may after a race. Whether that was one."""
        if client.outstanding is None or client.outstanding[1] != rank:
            return self.give_up_races(client, rank)
        if self._may_leave(client, client.outstanding):
            self.give_up(client)
        return False

    def _may_leave(self, client: Client, asked: Asked) -> bool:
        segment = _segment_of(asked[2])
        return self._known.loses_messages or (
            segment is not None and segment == client.race and bool(client.state(*segment))
        )

    def lose(self, client: Client, rank: int) -> None:
        """A rank is dead, and the client knows: it waits for its answers no longer."""
        if client.outstanding is not None and client.outstanding[1] == rank:
            self.give_up(client)
        for asked in [asked for asked in client.raced if asked[1] == rank]:
            client.raced.remove(asked)
            remember(client.given_up, asked)

    def end(self, line: int, client: Client, source: int, answer: AnyMessage, kind: type) -> bool:
        outstanding = client.outstanding
        if outstanding is not None and _is_due(outstanding, source, answer, kind):
            client.outstanding = None
            return True
        for asked in client.overtaken:
            if _is_due(asked, source, answer, kind):
                client.overtaken.remove(asked)
                return True
        for asked in client.given_up:
            if _is_due(asked, source, answer, kind):
                client.given_up.remove(asked)
                return False
        self._unasked(line, client, source, answer)
        return False

    def end_segment(self, line: int, client: Client, source: int, answer: Hit | Miss) -> int:
        """What this answer is: `UNASKED`, `DUE`, `LATE`, `BEATEN`."""
        outstanding = client.outstanding
        if outstanding is not None and outstanding[1] == source:
            request = outstanding[2]
            if (
                isinstance(request, SegmentRequest)
                and request.segment == answer.segment
                and request.file == answer.file
                and request.request == answer.request
            ):
                client.outstanding = None
                return DUE
        due = (source, SegmentRequest(answer.file, answer.segment, answer.request))
        for requests, found in ((client.overtaken, DUE), (client.raced, BEATEN), (client.given_up, LATE)):
            for asked in requests:
                if asked[1:] == due:
                    requests.remove(asked)
                    is_on = found == BEATEN and client.race == (answer.file, answer.segment)
                    return DUE if is_on else found
        self._unasked(line, client, source, answer)
        return UNASKED

    def _unasked(self, line: int, client: Client, source: int, answer: AnyMessage) -> None:
        if self._known.disturbs_messages or client.is_again:
            return  # doubled on its way, or meant for an earlier life
        if (source, client.rank) in self._known.unasked:
            self._known.unasked.discard((source, client.rank))
            return
        before, text = 0, "has asked nothing"
        if client.outstanding is not None:
            before, to, request = client.outstanding
            text = f"waits for rank {to} to answer {numbered(request)}"
        text = f"client {client.rank} gets {numbered(answer)} from rank {source}, but {text}"
        self._add(rules.ONE_ANSWER, (before, line), text, "one answer to each request, from the rank that was asked")


def _segment_of(request: AnyMessage) -> tuple[str, int] | None:
    return (request.file, request.segment) if isinstance(request, SegmentRequest) else None


def _is_due(asked: Asked, source: int, answer: AnyMessage, kind: type) -> bool:
    request = asked[2]
    return asked[1] == source and isinstance(request, kind) and number_of(request) == number_of(answer)


def is_given_up(client: Client, source: int, answer: AnyMessage) -> bool:
    """Whether this is, or may be, an answer that the client no longer waited for."""
    waiting = (*client.given_up, *client.raced, *client.overtaken)
    return any(asked[1] == source and number_of(asked[2]) == number_of(answer) for asked in waiting)
