"""Trackers for tests: new ones, and ones with both barriers behind them."""

from collections.abc import Iterable

from emulator.protocol.beyond.tracker import ExtendedTracker
from emulator.protocol.files import FileMetadata
from emulator.protocol.messages import AnyMessage, Metadata, MetadataRequest, Stuck, SwarmRequest
from emulator.protocol.tracker import Tracker
from tests.protocol.scripted import ScriptedNode, bits_of, file_of

FILE1, FILE2 = file_of(3, "file1"), file_of(2, "file2")


def make_tracker(
    num_clients: int = 3, numwant: int = 50, rng_seed: int = 0, kind: type[Tracker] = ExtendedTracker
) -> tuple[ScriptedNode, Tracker]:
    node = ScriptedNode(rank=0, size=num_clients + 1, rng_seed=rng_seed)
    return node, kind(node, numwant)


def serving(
    owned: dict[int, tuple[FileMetadata, ...]],
    num_clients: int = 3,
    numwant: int = 50,
    rng_seed: int = 0,
    kind: type[Tracker] = ExtendedTracker,
) -> tuple[ScriptedNode, Tracker]:
    """A tracker with both barriers behind it; the log is empty."""
    node, tracker = make_tracker(num_clients, numwant, rng_seed, kind)
    for client in range(1, num_clients + 1):
        tracker.handle(client, Metadata(owned.get(client, ())))
    for client in range(1, num_clients + 1):
        tracker.handle(client, MetadataRequest(()))
    node.log.clear()
    return node, tracker


def handle_all(tracker: Tracker, messages: Iterable[tuple[int, AnyMessage]]) -> None:
    for source, message in messages:
        tracker.handle(source, message)


def stuck(file: FileMetadata, held: Iterable[int], distrusted: tuple[int, ...] = (), request: int = 1) -> Stuck:
    missing = set(range(file.num_segments)) - set(held)
    return Stuck(file.name, bits_of(missing, file.num_segments), distrusted, request)


def with_peers(*peers: int, owner: int = 1) -> tuple[ScriptedNode, Tracker]:
    """File 1 has an owner and these peers."""
    node, tracker = serving({owner: (FILE1,)}, num_clients=5)
    for peer in peers:
        tracker.handle(peer, SwarmRequest("file1"))
    node.log.clear()
    return node, tracker
