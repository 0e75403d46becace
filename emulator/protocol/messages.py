"""Every message of the protocol: who sends it, on which communicator, and what answers it.

| message                  | from → to             | communicator | answered by                 | steps  |
|--------------------------|-----------------------|--------------|-----------------------------|--------|
| `Metadata`               | client → tracker      | download     | `Barrier(1)`, once all have | P2, T1 |
| `MetadataRequest`        | client → tracker      | download     | `MetadataAnswer`            | D1, T3 |
| `MetadataAnswer`         | tracker → client      | download     |                             | T3     |
| `Barrier`                | tracker → client      | download     |                             | T2, T4 |
| `SwarmRequest`           | client → tracker      | download     | `SwarmAnswer`               | D3, T6 |
| `SwarmAnswer`            | tracker → client      | download     |                             | T6     |
| `FileCompleted`          | client → tracker      | download     |                             | D7, T7 |
| `Finished`               | client → tracker      | download     | `Stop`, once all have       | D8, T8 |
| `SegmentRequest`         | downloader → uploader | upload       | `Hit` or `Miss`             | D4, D6 |
| `ConnectionCountRequest` | downloader → uploader | upload       | `ConnectionCount`           | D5, U3 |
| `Close`                  | downloader → uploader | upload       |                             | D4, U4 |
| `Hit`, `Miss`            | uploader → downloader | download     |                             | U2     |
| `ConnectionCount`        | uploader → downloader | download     |                             | U3     |
| `Stop`                   | tracker → client      | upload       |                             | T9, U5 |

These are extensions; a run in which nobody asks, nobody dies and nobody leaves has none of them:

| message                  | from → to             | communicator | answered by                 | steps  |
|--------------------------|-----------------------|--------------|-----------------------------|--------|
| `HoldingsRequest`        | downloader → uploader | upload       | `Holdings`                  | D4, U2 |
| `Holdings`               | uploader → downloader | download     |                             | U2     |
| `Stuck`                  | client → tracker      | download     | `StuckAnswer`               | D3, T5 |
| `StuckAnswer`            | tracker → client      | download     |                             | T5     |
| `Leave`                  | client → tracker      | download     |                             | D8, T8 |
| `Lost`, `Returned`       | the engine → everyone | both         |                             | all    |

The sender is not in the message: a communicator tells it on receipt, as MPI does. Segments count from 0. Every
question of a download thread has a number, `request`, and its answer has the same: where messages can be lost, late
or doubled, that tells the answer that is waited for from another.
"""

import msgspec

from emulator.protocol.files import FileMetadata

TRACKER = 0
"""The tracker's rank; clients are 1 … N."""


class Message(msgspec.Struct, frozen=True, array_like=True, tag=True, gc=False):
    """What all messages share: immutable, and encoded as an array that begins with the class name."""


class Metadata(Message, frozen=True, gc=True):
    files: tuple[FileMetadata, ...]


class Barrier(Message, frozen=True):
    number: int
    """1: every client has reported its files (T2). 2: every client has asked for metadata (T4)."""


class MetadataRequest(Message, frozen=True, gc=True):
    files: tuple[str, ...]
    request: int = 0


class MetadataAnswer(Message, frozen=True, gc=True):
    files: tuple[FileMetadata, ...]
    request: int = 0


class SwarmRequest(Message, frozen=True):
    file: str
    request: int = 0


class SwarmAnswer(Message, frozen=True, gc=True):
    file: str
    seeds: tuple[int, ...]
    peers: tuple[int, ...]
    request: int = 0


class FileCompleted(Message, frozen=True):
    file: str


class Finished(Message, frozen=True):
    pass


class SegmentRequest(Message, frozen=True):
    file: str
    segment: int
    request: int = 0


class Hit(Message, frozen=True):
    file: str
    segment: int
    data: str
    request: int = 0


class Miss(Message, frozen=True):
    file: str
    segment: int
    request: int = 0


class ConnectionCountRequest(Message, frozen=True):
    request: int = 0


class ConnectionCount(Message, frozen=True):
    count: int
    request: int = 0


class Close(Message, frozen=True):
    pass


class Stop(Message, frozen=True):
    pass


class HoldingsRequest(Message, frozen=True):
    """Which segments of this file does the uploader hold? Asked only by strategies that want to know."""

    file: str
    request: int = 0


class Holdings(Message, frozen=True):
    file: str
    segments: bytes
    """A bit a segment, the first one in the lowest bit of the first byte; 1 where the uploader holds it."""
    request: int = 0


class Stuck(Message, frozen=True, gc=True):
    """The client has got nothing for several rounds, and knows of no seed that gives: is the file lost?"""

    file: str
    missing: bytes
    """A bit a segment, as in `Holdings`; 1 where the client misses it."""
    distrusted: tuple[int, ...]
    """Seeds and named holders that answered with a miss, or again and again with wrong segments."""
    request: int = 0


class StuckAnswer(Message, frozen=True, gc=True):
    """Sent when all live peers of the file are stuck, or when there is a reason to try again."""

    file: str
    num_lost: int
    """How many segments no live client holds: the file is lost. 0: try again."""
    holders: tuple[int, ...]
    """Clients that hold the first segment that is missing, as they have told when they were stuck themselves."""
    request: int = 0


class Leave(Message, frozen=True):
    """The client departs: it is in no swarm from now on, and its upload thread answers with misses until the stop."""


class Lost(Message, frozen=True):
    """The rank that this comes from is dead: everything that it sent has arrived before. Told by the engine."""

    is_coming_back: bool = False
    """Whether it will be started again, so that the others' end waits for it."""


class Returned(Message, frozen=True):
    """The rank that this comes from was lost, and has been started again. Told by the engine."""


AnyMessage = (
    Metadata
    | Barrier
    | MetadataRequest
    | MetadataAnswer
    | SwarmRequest
    | SwarmAnswer
    | FileCompleted
    | Finished
    | SegmentRequest
    | Hit
    | Miss
    | ConnectionCountRequest
    | ConnectionCount
    | Close
    | Stop
    | HoldingsRequest
    | Holdings
    | Stuck
    | StuckAnswer
    | Leave
    | Lost
    | Returned
)
"""The union that a codec decodes; a message of any other type never reaches the protocol."""
