"""What all checks know of a run so far."""

from collections.abc import Iterator

from emulator.checker.client import Client
from emulator.checker.course import Course
from emulator.checker.findings import Findings
from emulator.checker.rules import PEERS_FIRST
from emulator.checker.uploader import Uploaders
from emulator.protocol.files import ClientInput, FileMetadata
from emulator.trace.format import Header


class Clients(dict[int, Client]):
    """All clients by rank. One that is never heard of takes no room, whatever number of clients a header claims."""

    def __init__(self, inputs: tuple[ClientInput, ...] | None) -> None:
        self._inputs = inputs

    def begin_anew(self, rank: int) -> Client:
        """The client is started again: nothing that its earlier life did counts."""
        self.pop(rank, None)
        return self[rank]

    def __missing__(self, rank: int) -> Client:
        client = self[rank] = Client(rank)
        if self._inputs is not None and 0 < rank <= len(self._inputs):
            client.wanted = self._inputs[rank - 1].wanted
        return client


class Known:
    """What is known of a run so far, by all who check it."""

    __slots__ = (
        "add",
        "clients",
        "course",
        "dead",
        "disturbs_messages",
        "findings",
        "free_riders",
        "full_disks",
        "header",
        "inputs",
        "is_peers_first",
        "liars",
        "loses_messages",
        "lost",
        "metadata",
        "seen",
        "signalled",
        "suspects",
        "told_finished",
        "unasked",
        "uploaders",
    )

    def __init__(self, header: Header, inputs: tuple[ClientInput, ...] | None, course: Course) -> None:
        self.header = course.header(header)
        self.course = course
        self.inputs = inputs
        self.is_peers_first = self.header.strategy == PEERS_FIRST
        self.findings = Findings()
        self.add = self.findings.add
        self.seen: set[str] = set()
        """The occasions of rules that have come: kinds of messages that were sent, and what checks have noted."""
        self.clients = Clients(inputs)
        self.uploaders = Uploaders()
        self.metadata: dict[str, FileMetadata] = {}
        """What the owners declared, filled as the declarations are sent."""
        self.signalled: dict[tuple[int, int], int] = {}
        """The line of the tracker's signal, by barrier and client."""
        self.told_finished: set[int] = set()
        """Clients of which the tracker has heard that they are finished."""
        self.unasked: set[tuple[int, int]] = set()
        """Sender and receiver of an answer that nothing had asked for: that is told once, when it is sent."""
        self.lost: set[int] = set()
        """Clients that the tracker knows to be dead."""
        self.dead: set[int] = set()
        self.free_riders: set[int] = set()
        self.full_disks: set[int] = set()
        """Ranks whose disks a fault has filled at some time."""
        self.liars: set[int] = set()
        self.suspects: set[int] = set()
        """Ranks whose messages were altered on their way: others have reason to take them for liars."""
        self.loses_messages = False
        """Whether an answer may never come, so that clients wait for each one for a limited time."""
        self.disturbs_messages = False
        """Whether messages may come late, twice, or in another order."""

    def are_wants_known(self, client: Client) -> bool:
        """Whether its input or its request has told what the client wants; else the lists that it asks for do."""
        return self.inputs is not None or bool(client.asked)

    def held_by(self, client: Client, file: str) -> bytearray | None:
        """What a client holds of a file, from what its owner declared if the client never asked for the metadata."""
        held = client.held.get(file)
        if held is None and file in self.metadata:
            self.begin_file(client, self.metadata[file])
            held = client.held[file]
        return held

    def begin_file(self, client: Client, metadata: FileMetadata) -> None:
        """D3: a client holds nothing of a wanted file, unless its disk may."""
        if client.kept is not None or self.header.is_resumed:
            client.find_on_disk(metadata, self.header.is_resumed)
        else:
            client.open_file(metadata, 0)

    def missing_files(self, client: Client) -> list[str]:
        """Wanted files that the client has neither got nor given up."""
        for file in client.wanted:
            self.held_by(client, file)
        return [file for file in client.wanted if not client.is_done_with(file)]

    def alive(self) -> Iterator[Client]:
        """The clients that were heard of and are alive, by rank."""
        for rank in sorted(self.clients):
            if 0 < rank <= self.header.clients and rank not in self.dead and rank not in self.lost:
                yield self.clients[rank]

    @property
    def num_silent(self) -> int:
        """How many clients were never heard of."""
        heard = self.clients.keys() | {rank for rank in self.dead if rank not in self.clients}
        return self.header.clients - sum(0 < rank <= self.header.clients for rank in heard)

    def is_everybody_dead(self) -> bool:
        """Whether no client is left that could come to its end."""
        return bool(self.dead) and not self.num_silent and next(self.alive(), None) is None

    def first_silent(self) -> int:
        """The first client that was never heard of; only where there is one."""
        rank = 1
        while rank in self.clients or rank in self.dead:
            rank += 1
        return rank

    def is_segment_wanted(self) -> bool:
        """Whether some client that is alive has to get a segment from others."""
        return any(self._has_to_get(client, file) for client in self.alive() for file in client.wanted)

    def _has_to_get(self, client: Client, file: str) -> bool:
        if file in client.owned or file in client.unavailable or client.is_again or self.header.is_resumed:
            return False
        metadata = self.metadata.get(file)
        return metadata is not None and metadata.num_segments > 0
