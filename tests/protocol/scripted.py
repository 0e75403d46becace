"""A node that follows a script: what arrives is written down beforehand, what the protocol does is logged in order.

Its clock is free: a sleep only moves the time. Storage is a dictionary.
"""

import copy
import random
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, repeat
from typing import Literal, NamedTuple, TypeVar

import msgspec

from emulator.protocol.events import AnyEvent, Event
from emulator.protocol.files import HASH_DIGITS, ClientInput, FileMetadata
from emulator.protocol.messages import (
    TRACKER,
    Answer,
    AnyMessage,
    Close,
    ConnectionCount,
    ConnectionCountRequest,
    Hit,
    Miss,
    Question,
    SegmentRequest,
    Stuck,
    StuckAnswer,
    SwarmAnswer,
    SwarmRequest,
)
from emulator.protocol.node import Clock, Communicator, Handler, Node, Storage, serve

Channel = Literal["download", "upload"]
Incoming = tuple[int, AnyMessage]
"""A source and what it sends."""
SILENCE = None
"""In the place of something that arrives: nothing does until the patience of whoever waits has an end."""
Script = Iterable[Incoming | None]
Answerer = Callable[[int, AnyMessage], Script]
"""Reacts to a message sent to a rank with what arrives on `download` because of it."""
E = TypeVar("E", bound=Event)

WRONG = "0" * HASH_DIGITS
"""A segment that matches no hash of `file_of`."""


class ScriptEnded(Exception):
    """The protocol waits for a message that the script does not have."""


class Outgoing(NamedTuple):
    step: str
    channel: Channel
    message: AnyMessage
    dest: int


class Slept(NamedTuple):
    duration_s: float


class Wrote(NamedTuple):
    metadata: FileMetadata


class Recorded(NamedTuple):
    step: str
    event: AnyEvent


def _no_answer(_dest: int, _message: AnyMessage) -> tuple[()]:
    return ()


class ScriptedCommunicator:
    def __init__(self, channel: Channel, node: "ScriptedNode") -> None:
        self._channel = channel
        self._node = node

    def send(self, message: AnyMessage, dest: int) -> None:
        self._node.log.append(Outgoing(self._node.step, self._channel, message, dest))
        self._node.inboxes["download"] += self._node.answer(dest, message)

    def recv(self, timeout_s: float | None = None) -> Incoming:
        self._node.patience_s.append(timeout_s)
        inbox = self._node.inboxes[self._channel]
        if not inbox:
            raise ScriptEnded(f"nothing more arrives on {self._channel} at {self._node.step}")
        incoming = inbox.popleft()
        if incoming is SILENCE:
            assert timeout_s is not None, f"waits for ever on {self._channel} at {self._node.step}"
            raise TimeoutError
        return incoming


class ScriptedClock:
    def __init__(self, node: "ScriptedNode") -> None:
        self._node = node

    def now(self) -> float:
        return sum(entry.duration_s for entry in self._node.log if isinstance(entry, Slept))

    def sleep(self, duration_s: float) -> None:
        self._node.log.append(Slept(duration_s))


class ScriptedStorage:
    """`left` is what an earlier run has left of each file, if anything; None where segments are not kept."""

    def __init__(
        self, node: "ScriptedNode", mine: ClientInput, left: Mapping[str, list[tuple[int, str]]] | None
    ) -> None:
        self.keeps_segments = left is not None
        self.stored: list[tuple[str, int, str]] = []
        self._node = node
        self._mine = mine
        self._left = left or {}

    def read_input(self) -> ClientInput:
        return self._mine

    def read_stored(self, metadata: FileMetadata) -> Iterable[tuple[int, str]]:
        return self._left.get(metadata.name, ())

    def store(self, file: str, segment: int, data: str) -> None:
        assert self.keeps_segments
        self.stored.append((file, segment, data))

    def write_output(self, content: FileMetadata) -> None:
        self._node.log.append(Wrote(content))


class ScriptedNode:
    """A `Node` for one rank; `download` and `upload` are what will arrive there, whatever is asked.

    `answer` adds to that: it is called with everything that is sent, and what it returns arrives on `download`.
    """

    def __init__(
        self,
        download: Script = (),
        upload: Script = (),
        *,
        rank: int = 1,
        size: int = 6,
        mine: ClientInput | None = None,
        left: Mapping[str, list[tuple[int, str]]] | None = None,
        answer: Answerer | None = None,
        rng_seed: int = 0,
    ) -> None:
        self.rank = rank
        self.size = size
        self.step = ""
        self.random = random.Random(rng_seed)
        self.download: Communicator = ScriptedCommunicator("download", self)
        self.upload: Communicator = ScriptedCommunicator("upload", self)
        self.clock: Clock = ScriptedClock(self)
        self.disk = ScriptedStorage(self, mine or ClientInput(), left)
        self.storage: Storage = self.disk
        self.log: list[Outgoing | Slept | Wrote | Recorded] = []
        self.inboxes: dict[Channel, deque[Incoming | None]] = {"download": deque(download), "upload": deque(upload)}
        self.answer: Answerer = answer or _no_answer
        self.patience_s: list[float | None] = []
        """How long each message was waited for at most."""

    def record(self, event: AnyEvent) -> None:
        self.log.append(Recorded(self.step, event))

    def run_threads(self, download: Callable[[Node], None], upload: Callable[[Node], Handler]) -> None:
        """One thread after the other: the upload thread is served when the download thread has ended."""
        uploader_node = self._node_of_thread()
        handler = upload(uploader_node)
        download(self._node_of_thread())
        serve(uploader_node.upload, handler)

    def _node_of_thread(self) -> "ScriptedNode":
        """A node with a step of its own, that shares everything else."""
        node = copy.copy(self)
        node.download = ScriptedCommunicator("download", node)
        node.upload = ScriptedCommunicator("upload", node)
        return node

    @property
    def sent(self) -> list[tuple[Channel, AnyMessage, int]]:
        """Everything sent so far, with its destination. Numbers of questions are taken off (see `numbers`)."""
        return [(entry.channel, unnumbered(entry.message), entry.dest) for entry in self._outgoing()]

    def sent_to(self, dest: int) -> list[AnyMessage]:
        return [message for _, message, to in self.sent if to == dest]

    @property
    def numbers(self) -> list[int]:
        """The numbers of all questions and answers that were sent, in order."""
        return [entry.message.request for entry in self._outgoing() if isinstance(entry.message, Question | Answer)]

    def _outgoing(self) -> Iterator[Outgoing]:
        return (entry for entry in self.log if isinstance(entry, Outgoing))

    def steps_of(self, kind: type[AnyMessage] | type[AnyEvent]) -> set[str]:
        """The steps in which messages of this type were sent, or events of this type recorded."""
        steps = {entry.step for entry in self._outgoing() if isinstance(entry.message, kind)}
        return steps | {entry.step for entry in self.log if isinstance(entry, Recorded) and type(entry.event) is kind}

    def events(self, kind: type[E]) -> list[E]:
        """The events of this type that were recorded, in order."""
        return [entry.event for entry in self.log if isinstance(entry, Recorded) and isinstance(entry.event, kind)]

    @property
    def outputs(self) -> list[FileMetadata]:
        """What was written, in order."""
        return [entry.metadata for entry in self.log if isinstance(entry, Wrote)]

    @property
    def sleeps(self) -> list[float]:
        return [entry.duration_s for entry in self.log if isinstance(entry, Slept)]

    def is_exhausted(self) -> bool:
        """Whether everything that the script had was received."""
        return not any(self.inboxes.values())


class ScriptedUploaders:
    """The rest of a swarm as a download thread meets it: a tracker that names it, and uploaders that answer in turn.

    `rounds` are the seeds and peers of each round in turn; the last ones stay. `visits` say what the next uploader
    answers, whoever it is: a letter a request, `h` for a hit, `m` for a miss, `w` for a wrong segment, `-` for
    silence. A request to another uploader than the last one, or after a close, begins the next visit. Where a visit's
    letters have run out, the rest are misses; where no visit is left, all are hits. `advice` is what the tracker
    answers to a client that is stuck: how many segments are lost, and who holds the first one.
    """

    def __init__(
        self,
        files: Iterable[FileMetadata],
        rounds: Sequence[tuple[tuple[int, ...], tuple[int, ...]]],
        visits: Iterable[str] = (),
        counts: Mapping[int, int] | None = None,
        advice: Iterable[tuple[int, tuple[int, ...]]] = (),
    ) -> None:
        self.visited: list[int] = []
        """The uploaders in the order of the visits."""
        self._files = {metadata.name: metadata for metadata in files}
        self._rounds = deque(rounds)
        self._visits = deque(visits)
        self._counts = counts or {}
        self._advice = iter(advice)
        self._letters: Iterator[str] = repeat("h")
        self._uploader = TRACKER

    def __call__(self, dest: int, message: AnyMessage) -> Iterator[Incoming | None]:
        match message:
            case SwarmRequest(file, request):
                self._uploader = TRACKER
                seeds, peers = self._rounds.popleft() if len(self._rounds) > 1 else self._rounds[0]
                yield TRACKER, SwarmAnswer(file, seeds, peers, request)
            case ConnectionCountRequest(request):
                yield dest, ConnectionCount(self._counts.get(dest, 0), request)
            case SegmentRequest():
                yield self._answer(dest, message)
            case Stuck(file=file, request=request):
                self._uploader = TRACKER
                yield TRACKER, StuckAnswer(file, *next(self._advice), request)
            case Close():
                self._uploader = TRACKER

    def _answer(self, dest: int, asked: SegmentRequest) -> Incoming | None:
        if dest != self._uploader:
            self._uploader = dest
            self.visited.append(dest)
            self._letters = chain(self._visits.popleft(), repeat("m")) if self._visits else repeat("h")
        file, segment, request = asked.file, asked.segment, asked.request
        match next(self._letters):
            case "h":
                return dest, Hit(file, segment, self._files[file].segment(segment), request)
            case "w":
                return dest, Hit(file, segment, WRONG, request)
            case "-":
                return SILENCE
            case _:
                return dest, Miss(file, segment, request)


def file_of(num_segments: int, name: str = "file1") -> FileMetadata:
    """A file whose segments all differ, and differ from those of other files."""
    rng = random.Random(f"{name}/{num_segments}")
    return FileMetadata(name, rng.randbytes(num_segments * HASH_DIGITS // 2).hex())


def unnumbered(message: AnyMessage) -> AnyMessage:
    """The message without the number of its question."""
    return msgspec.structs.replace(message, request=0) if isinstance(message, Question | Answer) else message


def bits_of(segments: Iterable[int], num_segments: int) -> bytes:
    """A bit a segment, as messages have it."""
    return sum(1 << segment for segment in set(segments)).to_bytes((num_segments + 7) // 8, "little")
