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

The sender is not in the message: a communicator tells it on receipt, as MPI does. Segments count from 0.
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


class MetadataAnswer(Message, frozen=True, gc=True):
    files: tuple[FileMetadata, ...]


class SwarmRequest(Message, frozen=True):
    file: str


class SwarmAnswer(Message, frozen=True, gc=True):
    file: str
    seeds: tuple[int, ...]
    peers: tuple[int, ...]


class FileCompleted(Message, frozen=True):
    file: str


class Finished(Message, frozen=True):
    pass


class SegmentRequest(Message, frozen=True):
    file: str
    segment: int


class Hit(Message, frozen=True):
    file: str
    segment: int
    data: str


class Miss(Message, frozen=True):
    file: str
    segment: int


class ConnectionCountRequest(Message, frozen=True):
    pass


class ConnectionCount(Message, frozen=True):
    count: int


class Close(Message, frozen=True):
    pass


class Stop(Message, frozen=True):
    pass


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
)
"""The union that a codec decodes; a message of any other type never reaches the protocol."""
