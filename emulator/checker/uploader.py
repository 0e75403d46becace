"""What is known of one upload thread: its connections, and what it has not answered yet."""

from emulator.protocol.messages import ConnectionCountRequest, HoldingsRequest, SegmentRequest

Question = SegmentRequest | ConnectionCountRequest | HoldingsRequest
Request = tuple[int, Question, int]
"""The line, the request, and which of the segments in question were there for certain: a bit each."""


class Uploader:
    """One upload thread. A line number of 0 says that something has not happened."""

    __slots__ = ("connections", "ended", "overtaken", "requests", "stopped")

    def __init__(self) -> None:
        self.connections: dict[int, int] = {}
        self.requests: dict[int, Request] = {}
        """Requests that have no answer yet, by client."""
        self.overtaken: list[tuple[int, Request]] = []
        """Requests that had no answer when the same client's next one came."""
        self.stopped = 0
        self.ended = 0


class Uploaders(dict[int, Uploader]):
    def __missing__(self, rank: int) -> Uploader:
        uploader = self[rank] = Uploader()
        return uploader
