"""What the histories have in common: files, beginnings, and the lists that they are in."""

from collections.abc import Callable
from typing import NamedTuple

from emulator.checker.findings import Violation
from emulator.checker.rule import Rule
from emulator.protocol.events import FaultBegan
from emulator.protocol.files import FileMetadata
from emulator.protocol.messages import TRACKER, Hit, SegmentRequest, SwarmAnswer, SwarmRequest
from tests.checker.histories import HandWritten
from tests.protocol.scripted import file_of

F, G = "file1", "file2"


FILE, OTHER = file_of(3, F), file_of(2, G)


EMPTY, ONE, ELEVEN = file_of(0, F), file_of(1, F), file_of(11, F)


def crowd(
    clients: int = 2,
    file: FileMetadata = FILE,
    *,
    seeds: int = 1,
    quota: int = 10,
    numwant: int | None = None,
    strategy: str = "peers-first",
) -> HandWritten:
    """The first clients own the file and the others want it; all are past the second barrier."""
    h = HandWritten(clients, quota=quota, numwant=numwant, strategy=strategy)
    owners, others = range(1, seeds + 1), range(seeds + 1, clients + 1)
    h.begin({rank: [file] for rank in owners}, {rank: [file.name] for rank in others})
    return h


def crowd_with_a_beginner(clients: int = 3) -> HandWritten:
    """Client 2 has got segment 0 of three from seed 1, and is still there."""
    h = crowd(clients)
    h.swarm(2, F)
    h.count(2, 1, 0)
    h.hit(2, 1, F, 0)
    return h


def end_of_the_beginner(h: HandWritten) -> None:
    h.hit(2, 1, F, 1, 2)
    h.close(2, 1)
    h.complete(2, F)


def rest_from_seed(h: HandWritten, rank: int, *segments: int, connected: int = 1) -> None:
    """The rest of the file from seed 1, while so many others have a connection there."""
    h.count(rank, 1, connected)
    h.hit(rank, 1, F, *segments)
    h.close(rank, 1)
    h.complete(rank, F)


RIGHT: dict[str, Callable[[], HandWritten]] = {}


def right(write: Callable[[], HandWritten]) -> Callable[[], HandWritten]:
    RIGHT[write.__name__.replace("_", " ")] = write
    return write


Blame = Violation | list[Violation]


class Wrong(NamedTuple):
    name: str
    write: Callable[[HandWritten], Blame]
    start: Callable[[], HandWritten]
    rule: Rule


WRONG_ONES: list[Wrong] = []


def wrong(
    rule: Rule, start: Callable[[], HandWritten] = crowd
) -> Callable[[Callable[[HandWritten], Blame]], Callable[[HandWritten], Blame]]:
    """A history that goes on from `start` and breaks this rule; it gives what the checker has to say."""

    def add(write: Callable[[HandWritten], Blame]) -> Callable[[HandWritten], Blame]:
        WRONG_ONES.append(Wrong(f"{rule.name}: {write.__name__.replace('_', ' ')}", write, start, rule))
        return write

    return add


def two() -> HandWritten:
    """Two clients that have said nothing yet."""
    return HandWritten(2)


def told(h: HandWritten, client: int, seeds: tuple[int, ...], peers: tuple[int, ...]) -> int:
    """The tracker makes `client` a peer and names these, whatever it knows; gives the line of the list."""
    h.message(client, TRACKER, SwarmRequest(F))
    h.role(client, F, "peer")
    return h.message(TRACKER, client, SwarmAnswer(F, seeds, peers))


def crowd_of_beginners() -> HandWritten:
    """Client 2 has got segment 0, clients 3 and 4 are peers that have nothing, and client 5 begins a round."""
    h = crowd_with_a_beginner(5)
    for rank in (3, 4, 5):
        h.swarm(rank, F)
    return h


def end_of_the_beginners(h: HandWritten) -> None:
    end_of_the_beginner(h)
    for rank in (3, 4):
        h.hit(rank, 2, F, 0, 1, 2)
        h.close(rank, 2)
        h.complete(rank, F)
    h.end()


DROP = "drop 10% of messages"


ALL, NONE = b"\x07", b"\x00"
"""Holdings of the file of three segments."""


def another_crowd(clients: int = 4, *, seeds: int = 2) -> HandWritten:
    """A crowd with a strategy of its own."""
    return crowd(clients, seeds=seeds, strategy="own.py:Own")


def lossy(clients: int = 2, *, seeds: int = 1) -> HandWritten:
    """A crowd whose messages can be lost."""
    h = crowd(clients, seeds=seeds, strategy="own.py:Own")
    h.record(TRACKER, FaultBegan(DROP))
    return h


def rest(h: HandWritten, rank: int, seed: int, *segments: int) -> None:
    """The rest of the file from this seed, without D5."""
    h.hit(rank, seed, F, *segments)
    h.close(rank, seed)
    h.complete(rank, F)


def asked(h: HandWritten, rank: int, seed: int, segment: int, number: int) -> None:
    h.message(rank, seed, SegmentRequest(F, segment, number))


def right_of(segment: int, number: int) -> Hit:
    return Hit(F, segment, FILE.segment(segment), number)
