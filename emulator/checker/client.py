"""What is known of one client: what it declared, wants and holds, and what it is waiting for."""

from collections import Counter

from emulator.checker.round import Round
from emulator.protocol.files import FileMetadata
from emulator.protocol.messages import AnyMessage

SURE = 2
"""A segment that was stored for certain; 1 is one that was received, and may not be stored yet."""
MAYBE = 3
"""A segment that an earlier life of the client, or an earlier run, may have left on its disk."""
MAX_REMEMBERED = 1_000
"""Unanswered requests that are remembered of one client: a longer trace takes no more memory, however wrong it is."""

Asked = tuple[int, int, AnyMessage]
"""Line, receiver and text of a request."""


class Client:
    """The facts about one client. A line number of 0 says that something has not happened."""

    __slots__ = (
        "asked",
        "avoided",
        "away",
        "barriers",
        "counted",
        "declared",
        "doubts",
        "finished",
        "fresh",
        "given_up",
        "held",
        "is_again",
        "is_told_to_stop",
        "kept",
        "left",
        "let_down",
        "lost",
        "num_missing",
        "opened",
        "outstanding",
        "overtaken",
        "owned",
        "race",
        "raced",
        "rank",
        "requested",
        "round",
        "told",
        "told_lost",
        "unavailable",
        "wanted",
        "written",
    )

    def __init__(self, rank: int) -> None:
        self.rank = rank
        self.declared = 0
        self.asked = 0
        self.barriers = [0, 0, 0]
        self.finished = 0
        self.is_told_to_stop = False
        self.left = 0
        self.owned: frozenset[str] = frozenset()
        self.wanted: tuple[str, ...] = ()
        self.requested: set[str] = set()
        """Files whose metadata or whose swarm it has asked for."""
        self.held: dict[str, bytearray] = {}
        self.num_missing: dict[str, int] = {}
        self.fresh: tuple[bytearray, int] | None = None
        """The segment received last, until the client shows by its next request that it has stored it."""
        self.outstanding: Asked | None = None
        """The request that has no answer yet."""
        self.overtaken: list[Asked] = []
        """Requests that had no answer when the next one was sent, as they never should be."""
        self.race: tuple[str, int] | None = None
        """The segment that several uploaders were asked for at once, until the client asks for something else."""
        self.raced: list[Asked] = []
        """Unanswered requests of races, but for the outstanding one."""
        self.given_up: list[Asked] = []
        """Requests that may have been lost, or whose uploader was: their answers may come late, or never."""
        self.opened: dict[int, int] = {}
        """Connections that its download thread has opened, by uploader, with the line of the first hit."""
        self.doubts: Counter[int] = Counter()
        """How often each uploader may have opened a connection which the download thread does not know of."""
        self.lost: set[int] = set()
        """Ranks of which its download thread was told that they are lost."""
        self.away: set[int] = set()
        """Ranks that were lost at any time since it asked for its latest list: their part of it is not what it was."""
        self.avoided: set[int] = set()
        """Uploaders that gave it a wrong segment or no answer: it may leave them alone for a while."""
        self.let_down: set[int] = set()
        """Seeds that gave it a miss or a wrong segment: it need not ask them again."""
        self.round: Round | None = None
        self.told: dict[str, int] = {}
        self.told_lost: set[str] = set()
        """Files of which the tracker has said that they are lost."""
        self.written: dict[str, int] = {}
        self.unavailable: dict[str, int] = {}
        self.is_again = False
        """Whether it was started again after a death."""
        self.kept: dict[str, bytearray] | None = None
        """What its disk may hold from before it was started again."""
        self.counted: set[str] = set()
        """Files of which it has said how much its disk holds."""

    def last_line(self) -> int:
        """The line of the last turn in its life: from there on, what should have come next is missing."""
        return max(self.declared, self.asked, *self.barriers, self.finished, *self.told.values())

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

    def find_on_disk(self, metadata: FileMetadata, is_resumed: bool) -> None:
        """D3: begin a file of which an earlier life, or an earlier run, may have left something."""
        left = bytearray([MAYBE if is_resumed else 0]) * metadata.num_segments
        for segment, state in enumerate((self.kept or {}).get(metadata.name, b"")[: len(left)]):
            left[segment] = MAYBE if state else left[segment]
        self.held.setdefault(metadata.name, left)
        self.num_missing.setdefault(metadata.name, left.count(0))

    def count_present(self, file: str, num_present: int) -> None:
        """D3: so many segments were on its disk."""
        held = self.held.get(file)
        if held is None or MAYBE not in held or file in self.counted:
            return
        self.counted.add(file)
        if num_present <= 0:
            held[:] = bytes(0 if state == MAYBE else state for state in held)
        elif num_present >= len(held):
            held[:] = bytes([SURE]) * len(held)
        self.num_missing[file] = max(len(held) - num_present, held.count(0))

    def look_again(self, file: str, held: bytearray, segment: int) -> None:
        """It asks for a segment that it might have had: it has not."""
        held[segment] = 0
        if file not in self.counted:
            self.num_missing[file] += 1

    def is_whole(self, file: str) -> bool:
        return self.num_missing.get(file) == 0

    def is_done_with(self, file: str) -> bool:
        """Whether it need not get anything of this file any more."""
        return self.num_missing.get(file) == 0 or file in self.unavailable

    def state(self, file: str, segment: int) -> int | None:
        """How far a segment is there: 0, 1, `SURE` or `MAYBE`; None where its file is not known."""
        held = self.held.get(file)
        if held is None:
            return None
        return held[segment] if 0 <= segment < len(held) else 0


def remember(requests: list[Asked], asked: Asked) -> None:
    """Add a request to those without an answer; the earliest of too many is forgotten."""
    requests.append(asked)
    if len(requests) > MAX_REMEMBERED:
        del requests[0]


_HELD_BITS = bytes([48, 49, 49, 49]) + b"0" * 252
_SURE_BITS = bytes([48, 48, 49, 48]) + b"0" * 252
_KNOWN_BITS = bytes([48, 49, 49, 48]) + b"0" * 252


def _bits(held: bytes | bytearray, digits: bytes) -> int:
    return int(held[::-1].translate(digits) or b"0", 2)


def bits_held(held: bytes | bytearray) -> int:
    """A bit a segment, the lowest for the first: 1 where it may be held."""
    return _bits(held, _HELD_BITS)


def bits_sure(held: bytes | bytearray) -> int:
    """The same, 1 where it is stored for certain."""
    return _bits(held, _SURE_BITS)


def bits_known(held: bytes | bytearray) -> int:
    """The same, 1 where it was received, or is stored for certain."""
    return _bits(held, _KNOWN_BITS)
