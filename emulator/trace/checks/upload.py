"""Checking upload threads: U1 … U5, from the messages that they receive and send."""

from collections.abc import Mapping

from emulator.protocol.files import FileMetadata
from emulator.protocol.messages import (
    Close,
    ConnectionCount,
    ConnectionCountRequest,
    Hit,
    Miss,
    SegmentRequest,
    Stop,
)
from emulator.trace import rules
from emulator.trace.checks.clients import SURE, Client
from emulator.trace.checks.findings import Findings

_Request = tuple[int, SegmentRequest | ConnectionCountRequest, bool]
"""The line, the request, and whether the segment was there for certain."""


_Answer = Hit | Miss | ConnectionCount


class _Uploader:
    """One upload thread. A line number of 0 says that something has not happened."""

    __slots__ = ("connections", "ended", "overtaken", "requests", "stopped")

    def __init__(self) -> None:
        self.connections: dict[int, int] = {}
        self.requests: dict[int, _Request] = {}
        """Requests that have no answer yet, by client."""
        self.overtaken: list[tuple[int, _Request]] = []
        """Requests that had no answer when the same client sent the next one, as it never should."""
        self.stopped = 0
        self.ended = 0


class UploadCheck:
    """All upload threads of a swarm. Each method takes the line, the client, the other rank, and the message."""

    def __init__(self, clients: list[Client], metadata: Mapping[str, FileMetadata], findings: Findings) -> None:
        self._clients = clients
        self._metadata = metadata
        self._uploaders = [_Uploader() for _ in clients]
        self._add = findings.add

    def segment_request(self, line: int, rank: int, source: int, message: SegmentRequest) -> None:
        uploader = self._uploaders[rank]
        if uploader.stopped:
            self._after_stop(line, rank, uploader)
        # Where its two threads race, a segment may be received and not stored yet: then both answers are right.
        is_sure = self._clients[rank].state(message.file, message.segment) == SURE
        if source in uploader.requests:
            uploader.overtaken.append((source, uploader.requests[source]))
        uploader.requests[source] = (line, message, is_sure)

    def count_request(self, line: int, rank: int, source: int, message: ConnectionCountRequest) -> None:
        uploader = self._uploaders[rank]
        if uploader.stopped:
            self._after_stop(line, rank, uploader)
        if source in uploader.requests:
            uploader.overtaken.append((source, uploader.requests[source]))
        uploader.requests[source] = (line, message, False)

    def close(self, line: int, rank: int, source: int, _message: Close) -> None:
        uploader = self._uploaders[rank]
        if uploader.stopped:
            self._after_stop(line, rank, uploader)
        uploader.connections.pop(source, None)

    def stop(self, line: int, rank: int, _source: int, _message: Stop) -> None:
        uploader = self._uploaders[rank]
        if uploader.stopped:
            self._after_stop(line, rank, uploader)
        uploader.stopped = line

    def hit(self, line: int, rank: int, to: int, message: Hit) -> None:
        uploader = self._uploaders[rank]
        request, _ = self._answer(line, rank, uploader, to, message)
        uploader.connections.setdefault(to, line)
        name = f"segment {message.segment} of {message.file!r}"
        metadata = self._metadata.get(message.file)
        if not self._clients[rank].state(message.file, message.segment):
            text = f"client {rank} gives {name} to client {to} and does not hold it"
            self._add(rules.HOLDS_WHAT_IT_GIVES, (request, line), text, "it answers with a miss (U2)")
        elif metadata is not None and message.data != metadata.segment(message.segment):
            text = f"client {rank} gives {message.data!r:.40} to client {to} for {name}"
            expected = f"it gives {metadata.segment(message.segment)!r}"
            self._add(rules.RIGHT_HASH, (request, line), text, expected)

    def miss(self, line: int, rank: int, to: int, message: Miss) -> None:
        uploader = self._uploaders[rank]
        request, is_sure = self._answer(line, rank, uploader, to, message)
        if is_sure:
            text = f"client {rank} has no segment {message.segment} of {message.file!r} for client {to}, but holds it"
            self._add(rules.HOLDS_WHAT_IT_GIVES, (request, line), text, "it answers with the segment (U2)")

    def connection_count(self, line: int, rank: int, to: int, message: ConnectionCount) -> None:
        uploader = self._uploaders[rank]
        request, _ = self._answer(line, rank, uploader, to, message)
        if message.count != len(uploader.connections):
            num_open, opened = len(uploader.connections), uploader.connections.values()
            text = f"client {rank} tells client {to} of {message.count} connections, when {num_open} are open"
            self._add(rules.TRUE_COUNT, (*opened, request, line), text, f"it tells of {num_open} (U3)")

    def thread_ended(self, line: int, rank: int) -> None:
        uploader = self._uploaders[rank]
        uploader.ended = line
        if not uploader.stopped:
            text = f"the upload thread of client {rank} ends before the tracker's stop"
            self._add(rules.STOP, (line,), text, "it serves until the stop (U5)")

    def has_ended(self, rank: int) -> bool:
        """Whether its thread reads no more."""
        return 0 < rank < len(self._uploaders) and bool(self._uploaders[rank].stopped or self._uploaders[rank].ended)

    def _answer(self, line: int, rank: int, uploader: _Uploader, to: int, answer: _Answer) -> tuple[int, bool]:
        """The line of the request that this answers, and whether the segment was there for certain.

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
        asked = "has asked nothing" if request is None else f"has asked {request[1]!r:.80}"
        text = f"client {rank} answers {answer!r:.80} to client {to}, which {asked}"
        before = 0 if request is None else request[0]
        self._add(rules.ONE_ANSWER, (before, line), text, "one answer to each request, and of its kind")
        return 0, False

    def _after_stop(self, line: int, rank: int, uploader: _Uploader) -> None:
        text = f"the upload thread of client {rank} goes on after the tracker's stop"
        self._add(rules.STOP, (uploader.stopped, line), text, "the thread ends with the first stop (U5)")


def _is_due(answer: _Answer, request: SegmentRequest | ConnectionCountRequest) -> bool:
    if isinstance(answer, ConnectionCount):
        return isinstance(request, ConnectionCountRequest)
    return isinstance(request, SegmentRequest) and request.segment == answer.segment and request.file == answer.file
