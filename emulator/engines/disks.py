"""A client's disk while a fault may fill it."""

from collections.abc import Callable

from emulator.protocol.files import FileMetadata
from emulator.protocol.node import DiskFull, Storage


class FillableDisk:
    """A disk on which there may be no room: then segments stay in memory alone, and no output can be written."""

    def __init__(self, storage: Storage, is_full: Callable[[], bool]) -> None:
        self.keeps_segments = storage.keeps_segments
        self.read_input = storage.read_input
        self.read_stored = storage.read_stored
        self._storage = storage
        self._is_full = is_full

    def store(self, file: str, segment: int, data: str) -> None:
        if not self._is_full():
            self._storage.store(file, segment, data)

    def write_output(self, content: FileMetadata) -> None:
        if self._is_full():
            raise DiskFull(f"there is no room for {content.name!r}")
        self._storage.write_output(content)
