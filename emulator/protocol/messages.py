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

The extensions below appear only in runs where a strategy asks for holdings, or a client gets stuck, leaves or dies:

| message                  | from → to             | communicator | answered by                 | steps  |
|--------------------------|-----------------------|--------------|-----------------------------|--------|
| `HoldingsRequest`        | downloader → uploader | upload       | `Holdings`                  | D4, U2 |
| `Holdings`               | uploader → downloader | download     |                             | U2     |
| `Stuck`                  | client → tracker      | download     | `StuckAnswer`               | D3, T5 |
| `StuckAnswer`            | tracker → client      | download     |                             | T5     |
| `Leave`                  | client → tracker      | download     |                             | D8, T8 |
| `Lost`, `Returned`       | the engine → all      | both         |                             | all    |

A message does not name its sender: the communicator reports it on receipt, as MPI does. Segments count from 0. Every
question of a download thread carries a number, `request`, and its answer carries the same number. Where messages can be
lost, delayed or duplicated, the number tells the expected answer from all others.
"""

from collections.abc import Callable
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

from emulator.protocol.files import FileMetadata

TRACKER = 0
"""The tracker's rank; clients are 1 … N."""

A = TypeVar("A", bound="Answer")


class Message(msgspec.Struct, frozen=True, array_like=True, tag=True, gc=False):
    """What all messages share: immutable, and encoded as an array that begins with the class name."""

    @property
    def request(self) -> int:
        """The number of the question. Questions and answers have it as a field; other messages belong to none: 0."""
        return 0


class Question(Message, Generic[A], frozen=True):
    """A message that waits for an answer of type `A`."""


class Answer(Message, frozen=True):
    """A message that answers a question, and carries its number."""


# The protocol


class Metadata(Message, frozen=True, gc=True):
    files: tuple[FileMetadata, ...]


class Barrier(Message, frozen=True):
    number: int
    """1: every client has reported its files (T2). 2: every client has asked for metadata (T4)."""


class MetadataRequest(Question["MetadataAnswer"], frozen=True, gc=True):
    files: tuple[str, ...]
    request: int = 0


class MetadataAnswer(Answer, frozen=True, gc=True):
    files: tuple[FileMetadata, ...]
    request: int = 0


class SwarmRequest(Question["SwarmAnswer"], frozen=True):
    file: str
    request: int = 0


class SwarmAnswer(Answer, frozen=True, gc=True):
    file: str
    seeds: tuple[int, ...]
    peers: tuple[int, ...]
    request: int = 0


class FileCompleted(Message, frozen=True):
    file: str


class Finished(Message, frozen=True):
    pass


class SegmentRequest(Question["Hit | Miss"], frozen=True):
    file: str
    segment: int
    request: int = 0


class Hit(Answer, frozen=True):
    file: str
    segment: int
    data: str
    request: int = 0


class Miss(Answer, frozen=True):
    file: str
    segment: int
    request: int = 0


class ConnectionCountRequest(Question["ConnectionCount"], frozen=True):
    request: int = 0


class ConnectionCount(Answer, frozen=True):
    count: int
    request: int = 0


class Close(Message, frozen=True):
    pass


class Stop(Message, frozen=True):
    pass


# Extensions


class HoldingsRequest(Question["Holdings"], frozen=True):
    """Ask an uploader which segments of this file it holds."""

    file: str
    request: int = 0


class Holdings(Answer, frozen=True):
    file: str
    segments: bytes
    """One bit per segment, lowest bit of the first byte first; 1 where the uploader holds the segment."""
    request: int = 0


class Stuck(Question["StuckAnswer"], frozen=True, gc=True):
    """The client has got nothing for several rounds and trusts no seed: ask whether the file is lost."""

    file: str
    missing: bytes
    """One bit per segment, as in `Holdings`; 1 where the client misses the segment."""
    distrusted: tuple[int, ...]
    """Seeds and named holders that answered with a miss, or repeatedly with wrong segments."""
    request: int = 0


class StuckAnswer(Answer, frozen=True, gc=True):
    """Sent when every live peer of the file is stuck, or when there is a reason to try again."""

    file: str
    num_lost: int
    """How many segments no live client holds; the file is lost. 0: try again."""
    holders: tuple[int, ...]
    """Clients that hold the first missing segment, as they reported when they were stuck themselves."""
    request: int = 0


class Leave(Message, frozen=True):
    """The client departs: it leaves all swarms, and its upload thread answers with misses until the stop."""


class Lost(Message, frozen=True):
    """The sender is dead, and everything that it sent has arrived before. The engine posts this in its name."""

    is_coming_back: bool = False
    """Whether the engine will start it again, so that the run must not end without it."""


class Returned(Message, frozen=True):
    """The sender was lost and has been started again. The engine posts this in its name."""


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


class Expected(NamedTuple):
    """The answers that fit a kind of question."""

    types: tuple[type[Answer], ...]
    is_about_the_same: Callable[[Any, Any], bool] | None
    """Whether a question and its answer are about the same file and segment; None if they name none."""


def _same_file(question: Any, answer: Any) -> bool:
    return question.file == answer.file  # type: ignore[no-any-return]


def _same_segment(question: Any, answer: Any) -> bool:
    return question.segment == answer.segment and question.file == answer.file  # type: ignore[no-any-return]


ANSWERS: dict[type[Message], Expected] = {
    MetadataRequest: Expected((MetadataAnswer,), None),
    SwarmRequest: Expected((SwarmAnswer,), _same_file),
    SegmentRequest: Expected((Hit, Miss), _same_segment),
    ConnectionCountRequest: Expected((ConnectionCount,), None),
    HoldingsRequest: Expected((Holdings,), _same_file),
    Stuck: Expected((StuckAnswer,), _same_file),
}
"""What answers each kind of question."""


def is_answered(question: Message, answer: Message) -> bool:
    """Whether this answer is of a type that fits the question, and about the same file and segment."""
    types, is_about_the_same = ANSWERS[type(question)]
    return type(answer) in types and (is_about_the_same is None or is_about_the_same(question, answer))
