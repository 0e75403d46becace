"""Events: what happens in a run, one frozen struct per kind.

The engine stamps each event with its time, rank, thread and step (`trace.records`). Views, statistics and the checker
use only what is in events.
"""

from typing import Literal

import msgspec

from emulator.protocol.messages import AnyMessage

Channel = Literal["download", "upload"]
Role = Literal["leecher", "peer", "seed"]


class Event(msgspec.Struct, frozen=True, tag=True, tag_field="event", gc=False):
    """What all events share: immutable, and encoded as an object whose first key, `event`, is the class name."""


# Processes and threads (recorded by the engine)


class ThreadStarted(Event, frozen=True):
    """P4: a thread starts. The start of the thread `main` is the start of its process."""

    pid: int


class ThreadEnded(Event, frozen=True):
    """P4, U5, D8, T9: a thread ends as the protocol says."""


class ThreadFailed(Event, frozen=True):
    """A thread ended by an exception; the run is over."""

    error: str
    traceback: str


class Died(Event, frozen=True):
    """The stamped rank is dead: it was killed, or its process ended too early. Recorded by the engine."""

    cause: str


class Restarted(Event, frozen=True):
    """The stamped rank is started again. Recorded by the engine."""

    is_state_kept: bool
    """Whether its disk still holds what it held before."""


# Faults (recorded by the engine that injects them; stamped with the rank that they affect, or 0 if they affect several)


class FaultBegan(Event, frozen=True):
    """A fault of the plan takes effect."""

    fault: str
    """The fault as the plan writes it: `kill client 3 at 40%`."""


class FaultEnded(Event, frozen=True):
    """A fault with a duration has ended."""

    fault: str


class MessageFaulted(Event, frozen=True, gc=True):
    """A fault affected a message right after it was sent. Like `Sent`, recorded only if the run is traced."""

    verdict: Literal["dropped", "duplicated", "delayed", "corrupted"]
    on: Channel
    to: int
    message: AnyMessage
    """The message as it was sent; a corrupted one as it arrives."""


# Messages (recorded by the engine if the run is traced)


class Sent(Event, frozen=True, gc=True):
    """A message to rank `to` was handed to a communicator."""

    on: Channel
    to: int
    message: AnyMessage


class Received(Event, frozen=True, gc=True):
    """A message was taken from a communicator; rank `source` had sent it."""

    on: Channel
    source: int
    message: AnyMessage


# Barriers


class Reported(Event, frozen=True):
    """P2: the client has told the tracker what it owns."""

    num_files: int


class BarrierPassed(Event, frozen=True):
    """P3, D2: the client goes on after the tracker's signal."""

    number: int


class BarrierOpened(Event, frozen=True):
    """T2, T4: all clients have reached the barrier; the tracker signals."""

    number: int


# Swarms, as the tracker sees them


class RoleChanged(Event, frozen=True):
    """T1, T6, T7: `client` now has this role for `file`."""

    client: int
    file: str
    role: Role


class ClientFinished(Event, frozen=True):
    """T8: `client` has everything it wanted."""

    client: int


# Downloading


class DownloadStarted(Event, frozen=True):
    """D3: the client begins a wanted file, of which it already holds `num_present` segments."""

    file: str
    num_segments: int
    num_present: int


class Arrived(Event, frozen=True):
    """D3: the client joins the swarm at the time that the scenario sets."""


class RoundBegan(Event, frozen=True, gc=True):
    """D3: a new round, with a fresh swarm list; rounds of a file count from 1."""

    file: str
    round: int
    seeds: tuple[int, ...]
    peers: tuple[int, ...]


class RoundEnded(Event, frozen=True):
    """D3: the round is over; the client got `num_segments` in it."""

    file: str
    round: int
    num_segments: int


class PeerChosen(Event, frozen=True, gc=True):
    """D4: the client picked this peer at random from `candidates`, after `num_misses` misses in a row."""

    file: str
    peer: int
    candidates: tuple[int, ...]
    num_misses: int


class SeedChosen(Event, frozen=True, gc=True):
    """D5: the client asked these seeds, which answered with these connection counts; `seed` had the fewest."""

    file: str
    seed: int
    asked: tuple[int, ...]
    counts: tuple[int, ...]


class SegmentsTaken(Event, frozen=True, gc=True):
    """D4, D6: the visit to `uploader` is over. It gave these segments, and may have ended with a miss."""

    file: str
    uploader: int
    is_seed: bool
    segments: tuple[int, ...]
    is_missed: bool


class SegmentRejected(Event, frozen=True):
    """The segment did not match its hash, so it counts as a miss and is dropped."""

    file: str
    segment: int
    uploader: int


class FileWritten(Event, frozen=True):
    """D7: the client has every segment, and the output stands under its final name."""

    file: str
    num_segments: int


class FileNotWritten(Event, frozen=True):
    """D7: every segment is there, but the client's disk has no room for the output. The client serves from memory."""

    file: str


class FileUnavailable(Event, frozen=True):
    """D7: the client gives a wanted file up: no live client holds `num_lost` of its segments."""

    file: str
    num_present: int
    """Segments that the client has got."""
    num_lost: int
    """0 if no live client owns the file or knows its segments."""


class DownloadsFinished(Event, frozen=True):
    """D8: every wanted file is written, or given up."""


class ClientLeft(Event, frozen=True):
    """T8: `client` has departed and left all swarms."""

    client: int


# Uploading


class ConnectionOpened(Event, frozen=True):
    """U2: the uploader gave `client` a first segment. `num_open` includes this connection."""

    client: int
    num_open: int


class ConnectionClosed(Event, frozen=True):
    """U4: `client` closed its connection, over which it got `num_segments`; `num_open` connections remain."""

    client: int
    num_segments: int
    num_open: int


AnyEvent = (
    ThreadStarted
    | ThreadEnded
    | ThreadFailed
    | Died
    | Restarted
    | FaultBegan
    | FaultEnded
    | MessageFaulted
    | Sent
    | Received
    | Reported
    | BarrierPassed
    | BarrierOpened
    | RoleChanged
    | ClientFinished
    | DownloadStarted
    | Arrived
    | RoundBegan
    | RoundEnded
    | PeerChosen
    | SeedChosen
    | SegmentsTaken
    | SegmentRejected
    | FileWritten
    | FileNotWritten
    | FileUnavailable
    | DownloadsFinished
    | ClientLeft
    | ConnectionOpened
    | ConnectionClosed
)
