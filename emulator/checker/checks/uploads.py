"""Checking upload threads: U1 … U5, from the messages that they receive and send."""

from emulator.checker import rules
from emulator.checker.client import MAX_REMEMBERED, SURE, bits_held, bits_sure
from emulator.checker.known import Known
from emulator.checker.uploader import Question, Uploader
from emulator.checker.words import numbered
from emulator.protocol.events import Restarted
from emulator.protocol.messages import (
    TRACKER,
    Close,
    ConnectionCount,
    ConnectionCountRequest,
    Hit,
    Holdings,
    HoldingsRequest,
    Lost,
    Miss,
    SegmentRequest,
    Stop,
)

_Answer = Hit | Miss | ConnectionCount | Holdings


class UploadCheck:
    """All upload threads of a swarm. Each method takes the line, the client, the other rank, and the message."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._clients = known.clients
        self._metadata = known.metadata
        self._uploaders = known.uploaders
        self._add = known.add

    # What an upload thread receives

    def segment_request(self, line: int, rank: int, source: int, message: SegmentRequest) -> None:
        uploader = self._uploaders[rank]
        if uploader.stopped:
            self._after_stop(line, rank, uploader)
        # Where its two threads race, a segment may be received and not stored yet: then both answers are right.
        is_sure = self._clients[rank].state(message.file, message.segment) == SURE
        if source in uploader.requests:
            self._overtake(uploader, source)
        uploader.requests[source] = (line, message, is_sure)

    def count_request(self, line: int, rank: int, source: int, message: ConnectionCountRequest) -> None:
        uploader = self._uploaders[rank]
        if uploader.stopped:
            self._after_stop(line, rank, uploader)
        if source in uploader.requests:
            self._overtake(uploader, source)
        uploader.requests[source] = (line, message, 0)

    def holdings_request(self, line: int, rank: int, source: int, message: HoldingsRequest) -> None:
        uploader = self._uploaders[rank]
        if uploader.stopped:
            self._after_stop(line, rank, uploader)
        if source in uploader.requests:
            self._overtake(uploader, source)
        sure = bits_sure(self._clients[rank].held.get(message.file, b""))
        uploader.requests[source] = (line, message, sure)

    def close(self, line: int, rank: int, source: int, _message: Close) -> None:
        uploader = self._uploaders[rank]
        if uploader.stopped:
            self._after_stop(line, rank, uploader)
        uploader.connections.pop(source, None)

    def stop(self, line: int, rank: int, source: int, _message: Stop) -> None:
        if source != TRACKER:
            return
        uploader = self._uploaders[rank]
        if uploader.stopped:
            self._after_stop(line, rank, uploader)
        uploader.stopped = line

    def lost(self, _line: int, rank: int, source: int, _message: Lost) -> None:
        """A rank is dead: what it asked need not be answered, and its connection is forgotten."""
        uploader = self._uploaders[rank]
        uploader.connections.pop(source, None)
        uploader.requests.pop(source, None)
        uploader.overtaken = [late for late in uploader.overtaken if late[0] != source]

    # What it sends

    def hit(self, line: int, rank: int, to: int, message: Hit) -> None:
        uploader = self._uploaders[rank]
        request, _ = self._answer(line, rank, uploader, to, message)
        uploader.connections.setdefault(to, line)
        client = self._clients[rank]
        metadata = self._metadata.get(message.file)
        if not client.state(message.file, message.segment):
            if rank not in self._known.liars:
                text = f"client {rank} gives {_segment(message)} to client {to} and does not hold it"
                self._add(rules.HOLDS_WHAT_IT_GIVES, (request, line), text, "it answers with a miss (U2)")
        elif metadata is not None and message.data != metadata.segment(message.segment):
            if rank not in self._known.liars:
                text = f"client {rank} gives {message.data!r:.40} to client {to} for {_segment(message)}"
                expected = f"it gives {metadata.segment(message.segment)!r}"
                self._add(rules.RIGHT_HASH, (request, line), text, expected, "it gives what its owner declared (U2)")
        elif client.left and request > client.left:
            text = f"client {rank} gives {_segment(message)} to client {to} when it has left"
            self._add(rules.HOLDS_WHAT_IT_GIVES, (client.left, request, line), text, "it answers with a miss (D8)")

    def miss(self, line: int, rank: int, to: int, message: Miss) -> None:
        uploader = self._uploaders[rank]
        request, is_sure = self._answer(line, rank, uploader, to, message)
        if is_sure and rank not in self._known.free_riders and not self._clients[rank].left:
            text = f"client {rank} has no segment {message.segment} of {message.file!r} for client {to}, but holds it"
            self._add(rules.HOLDS_WHAT_IT_GIVES, (request, line), text, "it answers with the segment (U2)")

    def connection_count(self, line: int, rank: int, to: int, message: ConnectionCount) -> None:
        uploader = self._uploaders[rank]
        request, _ = self._answer(line, rank, uploader, to, message)
        if message.count != len(uploader.connections):
            num_open, opened = len(uploader.connections), uploader.connections.values()
            text = f"client {rank} tells client {to} of {message.count} connections, when {num_open} are open"
            self._add(
                rules.TRUE_COUNT,
                (*opened, request, line),
                text,
                f"it tells of {num_open} (U3)",
                "it counts the clients that it has given to (U3)",
            )

    def holdings(self, line: int, rank: int, to: int, message: Holdings) -> None:
        request, sure = self._answer(line, rank, self._uploaders[rank], to, message)
        if not request or rank in self._known.liars:
            return
        told = int.from_bytes(message.segments, "little")
        is_modest = rank in self._known.free_riders or bool(self._clients[rank].left)
        untrue = told & ~bits_held(self._clients[rank].held.get(message.file, b""))
        untold = 0 if is_modest else sure & ~told
        if untrue or untold:
            wrong = untrue or untold
            segment = (wrong & -wrong).bit_length() - 1
            verb, truth = ("holds", "does not") if untrue else ("does not hold", "does")
            text = (
                f"client {rank} tells client {to} that it {verb} segment {segment} of {message.file!r}, but it {truth}"
            )
            expected = "it tells what it holds at that moment (U2)"
            self._add(rules.TRUE_HOLDINGS, (request, line), text, expected)

    def restarted(self, _line: int, rank: int, _thread: str, _event: Restarted) -> None:
        self._uploaders.pop(rank, None)

    # Requests and answers

    def _overtake(self, uploader: Uploader, source: int) -> None:
        uploader.overtaken.append((source, uploader.requests[source]))
        if len(uploader.overtaken) > MAX_REMEMBERED:
            del uploader.overtaken[0]

    def _answer(self, line: int, rank: int, uploader: Uploader, to: int, answer: _Answer) -> tuple[int, int]:
        """The line of the request that this answers, and which of its segments were there for certain.

        Line 0, and a violation, where there is none.
        """
        if uploader.stopped:
            self._after_stop(line, rank, uploader)
        request = uploader.requests.pop(to, None)
        if request is not None and _is_due(answer, request[1]):
            return request[0], request[2]
        for late in uploader.overtaken:
            if late[0] == to and _is_due(answer, late[1][1]):
                uploader.overtaken.remove(late)
                if request is not None:
                    uploader.requests[to] = request
                return late[1][0], late[1][2]
        asked = "has asked nothing" if request is None else f"waits for the answer to {numbered(request[1])}"
        text = f"client {rank} sends {numbered(answer)} to client {to}, which {asked}"
        before = 0 if request is None else request[0]
        self._known.unasked.add((rank, to))
        self._add(rules.ONE_ANSWER, (before, line), text, "one answer to each request, and of its kind")
        return 0, 0

    def _after_stop(self, line: int, rank: int, uploader: Uploader) -> None:
        text = f"the upload thread of client {rank} goes on after the tracker's stop"
        self._add(rules.STOP, (uploader.stopped, line), text, "the thread ends with the first stop (U5)")


def _is_due(answer: _Answer, request: Question) -> bool:
    if answer.request != request.request:
        return False
    if isinstance(request, SegmentRequest):
        return isinstance(answer, (Hit, Miss)) and request.segment == answer.segment and request.file == answer.file
    if isinstance(request, ConnectionCountRequest):
        return isinstance(answer, ConnectionCount)
    return isinstance(answer, Holdings) and request.file == answer.file


def _segment(message: Hit) -> str:
    return f"segment {message.segment} of {message.file!r}"
