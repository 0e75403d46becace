"""The time line of a whole trace: its processes, tracks and clients."""

import msgspec

from emulator.protocol.files import FileMetadata
from emulator.trace.exports.perfetto.counters import Client
from emulator.trace.exports.perfetto.slices import Args, Process, Track
from emulator.trace.records import ThreadName


class Timeline:
    """Makes records; `take` hands them over."""

    def __init__(self) -> None:
        self.num_rounds: dict[tuple[int, str], int] = {}
        self.metadata: dict[str, FileMetadata] = {}
        """Kept once for all clients."""
        self.latest_us = 0.0
        self._records: list[bytes] = []
        self._processes: dict[int, Process] = {}
        self._tracks: dict[tuple[int, ThreadName], Track] = {}
        self._clients: dict[int, Client] = {}
        self._completed: set[tuple[int, str]] = set()

    def take(self) -> list[bytes]:
        """The records made since the last call."""
        taken, self._records = self._records, []
        return taken

    def _put(self, record: Args) -> None:
        self._records.append(msgspec.json.encode(record))

    def process(self, rank: int) -> Process:
        if rank not in self._processes:
            self._processes[rank] = Process(self._put, rank)
        return self._processes[rank]

    def track(self, rank: int, thread: ThreadName) -> Track:
        if (rank, thread) not in self._tracks:
            self._tracks[rank, thread] = Track(self._put, rank, thread)
        return self._tracks[rank, thread]

    def client(self, rank: int) -> Client:
        return self._clients.setdefault(rank, Client())

    def draw_held(self, track: Track) -> None:
        num_held = self.client(track.rank).num_held
        self.process(track.rank).count(track.now_us, "segments", "held", num_held)

    def draw_connections(self, track: Track) -> None:
        num_open = len(self.client(track.rank).connections)
        self.process(track.rank).count(track.now_us, "connections", "open", num_open)

    def complete(self, track: Track, file: str) -> None:
        """Mark a file as complete, once: the event and the message both tell it."""
        if (track.rank, file) not in self._completed:
            self._completed.add((track.rank, file))
            self.process(track.rank).instant(track.now_us, f"{file} complete", file=file)

    def end_life(self, track: Track) -> None:
        """Everything that the rank was doing ends with its death."""
        for (rank, _), each in self._tracks.items():
            if rank == track.rank:
                each.finish(max(track.now_us, each.now_us))
        if self.client(track.rank).stop():
            self.draw_connections(track)

    def finish(self) -> None:
        """End all slices at the latest time: there are no more events."""
        for track in self._tracks.values():
            track.finish(self.latest_us)
