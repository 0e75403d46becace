"""What both threads of a client are checked against: what it declared, wants and holds, and its latest round."""

from emulator.protocol.files import FileMetadata
from emulator.protocol.messages import SwarmAnswer

SURE = 2
"""A segment that was stored for certain; 1 is one that was received, and may not be stored yet."""


class Round:
    """One round as it can be seen from outside: the list it began with, and what was asked and got in it."""

    __slots__ = (
        "asked",
        "counts",
        "file",
        "is_missed",
        "line",
        "num_hits",
        "num_misses",
        "peer",
        "peers",
        "search_ended",
        "seed",
        "seeds",
    )

    def __init__(self, line: int, asker: int, answer: SwarmAnswer) -> None:
        self.line = line
        self.file = answer.file
        # A list that names the asker is the tracker's fault, and no reason for the asker to ask itself.
        self.seeds = frozenset(answer.seeds) - {asker}
        self.peers = frozenset(answer.peers) - {asker}
        self.num_hits = 0
        self.num_misses = 0
        """Misses of peers in a row."""
        self.is_missed = False
        """Whether the last answer was a miss."""
        self.peer: int | None = None
        self.search_ended = 0
        self.asked: dict[int, int] = {}
        """The line in which each seed was asked for its connections."""
        self.counts: dict[int, int] = {}
        self.seed: int | None = None


class Client:
    """The facts about one client. A line number of 0 says that something has not happened."""

    __slots__ = (
        "asked",
        "barriers",
        "declared",
        "finished",
        "fresh",
        "held",
        "num_missing",
        "opened",
        "outstanding",
        "overtaken",
        "owned",
        "rank",
        "round",
        "told",
        "wanted",
        "written",
    )

    def __init__(self, rank: int) -> None:
        self.rank = rank
        self.declared = 0
        self.asked = 0
        self.barriers = [0, 0, 0]
        self.finished = 0
        self.owned: frozenset[str] = frozenset()
        self.wanted: tuple[str, ...] = ()
        self.held: dict[str, bytearray] = {}
        self.num_missing: dict[str, int] = {}
        self.fresh: tuple[bytearray, int] | None = None
        """The segment received last, until the client shows by its next request that it has stored it."""
        self.outstanding: tuple[int, int, object] | None = None
        """Line, receiver and text of the request that has no answer yet."""
        self.overtaken: list[tuple[int, int, object]] = []
        """Requests that had no answer when the next one was sent, as they never should be."""
        self.opened: dict[int, int] = {}
        """Connections that its download thread has opened, by uploader, with the line of the first hit."""
        self.round: Round | None = None
        self.told: dict[str, int] = {}
        self.written: dict[str, int] = {}

    def settle(self) -> None:
        """The download thread goes on: what it received last is stored."""
        if self.fresh is not None:
            held, segment = self.fresh
            held[segment] = SURE
            self.fresh = None

    def open_file(self, metadata: FileMetadata, state: int) -> None:
        """Keep track of a file, all of whose segments are in `state`."""
        num_segments = metadata.num_segments
        if metadata.name not in self.held:
            self.held[metadata.name] = bytearray([state]) * num_segments
            self.num_missing[metadata.name] = 0 if state else num_segments

    def is_whole(self, file: str) -> bool:
        return self.num_missing.get(file) == 0

    def state(self, file: str, segment: int) -> int | None:
        """How far a segment is there: 0, 1 or `SURE`; None where its file is not known."""
        held = self.held.get(file)
        if held is None:
            return None
        return held[segment] if 0 <= segment < len(held) else 0
