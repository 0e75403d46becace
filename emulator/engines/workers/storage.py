"""A disk for runs whose trace has to tell everything of a worker that is killed."""

from emulator.engines.workers.journal import Journal
from emulator.protocol.files import FileMetadata
from emulator.protocol.node import Storage


class ToldStorage:
    """A disk that takes nothing before the journal has told what led to it."""

    def __init__(self, storage: Storage, journal: Journal) -> None:
        self.keeps_segments = storage.keeps_segments
        self.read_input = storage.read_input
        self.read_stored = storage.read_stored
        self._storage = storage
        self._journal = journal

    def store(self, file: str, segment: int, data: str) -> None:
        self._journal.flush()
        self._storage.store(file, segment, data)

    def write_output(self, content: FileMetadata) -> None:
        self._journal.flush()
        self._storage.write_output(content)
