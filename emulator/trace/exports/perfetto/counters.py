"""What a client holds and which connections it has, as its messages show."""

from emulator.protocol.files import FileMetadata
from emulator.protocol.library import HeldFile
from emulator.protocol.messages import Hit


class Client:
    """Numbers that Perfetto draws as curves. `take`, `connect`, `disconnect` and `stop` say whether theirs changed."""

    def __init__(self) -> None:
        self.num_held = 0
        """Segments that it owns or has got."""
        self.connections: set[int] = set()
        """Clients that it has given a segment since they last closed (U2, U4)."""
        self._owned: set[str] = set()
        self._files: dict[str, HeldFile] = {}

    def declare(self, files: tuple[FileMetadata, ...]) -> None:
        """P2: the client owns these."""
        self._owned = {metadata.name for metadata in files}
        self.num_held = sum(metadata.num_segments for metadata in files)

    def want(self, metadata: FileMetadata) -> None:
        """D1: the client will download this, unless it owns it."""
        if metadata.name not in self._owned:
            self._files.setdefault(metadata.name, HeldFile(metadata))

    def take(self, hit: Hit) -> bool:
        """D4, D6: a segment arrives. It counts once, and only if it matches its hash."""
        holding = self._files.get(hit.file)
        if holding is None or not 0 <= hit.segment < holding.metadata.num_segments or holding.has(hit.segment):
            return False
        is_right = holding.add(hit.segment, hit.data)
        self.num_held += is_right
        return is_right

    def connect(self, client: int) -> bool:
        """U2: a segment goes to `client`."""
        is_new = client not in self.connections
        self.connections.add(client)
        return is_new

    def disconnect(self, client: int) -> bool:
        """U4: `client` closes."""
        is_open = client in self.connections
        self.connections.discard(client)
        return is_open

    def stop(self) -> bool:
        """U5: all connections are forgotten."""
        is_any_open = bool(self.connections)
        self.connections.clear()
        return is_any_open
