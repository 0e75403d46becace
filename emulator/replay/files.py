"""Which files each client owns and wants, and how large they are, as far as a trace tells."""

from collections import defaultdict

from emulator.protocol.events import DownloadStarted
from emulator.protocol.messages import Metadata, MetadataRequest


class TracedFiles:
    """Learns from the messages of P2 and P3; from D3 if the trace has no messages."""

    def __init__(self) -> None:
        self._sizes: dict[str, int] = {}
        self._owned: defaultdict[int, set[str]] = defaultdict(set)
        self._wanted: defaultdict[int, dict[str, None]] = defaultdict(dict)
        self._begun: set[tuple[int, str]] = set()

    def hear(self, rank: int, message: Metadata | MetadataRequest) -> None:
        """A client sends this message."""
        if isinstance(message, Metadata):
            self._sizes.update((file.name, file.num_segments) for file in message.files)
            self._owned[rank].update(file.name for file in message.files)
        else:
            self._wanted[rank].update(dict.fromkeys(message.files))

    def begin(self, rank: int, event: DownloadStarted) -> None:
        """A client begins a file."""
        self._sizes[event.file] = event.num_segments
        self._wanted[rank].setdefault(event.file)
        # A file that is whole when its client first begins it is the client's own. One that is there in part, or whole
        # after the client came back, was downloaded.
        if event.num_present >= event.num_segments and (rank, event.file) not in self._begun:
            self._owned[rank].add(event.file)
        self._begun.add((rank, event.file))

    def wanted_and_goals(self, num_clients: int) -> tuple[list[list[str]], list[int]]:
        """For each client, the files that it wants, and the number of segments that it must get for them."""
        wanted = [list(self._wanted.get(rank, ())) for rank in range(1, num_clients + 1)]
        goals = [
            sum(self._sizes.get(file, 0) for file in files if file not in self._owned.get(rank, ()))
            for rank, files in enumerate(wanted, 1)
        ]
        return wanted, goals
