"""What a client holds. Pure; one writer (the download thread) and one reader (the upload thread).

A segment's content is its hash, which the metadata has, so what is kept is only which segments are there. No lock is
needed: one byte marks a segment, it is set when the segment is there and right, and never taken back.
"""

from collections.abc import Iterable, Iterator

from emulator.protocol.files import FileMetadata


class Holding:
    """One file as far as it is there."""

    def __init__(self, metadata: FileMetadata, *, is_complete: bool = False) -> None:
        num_segments = metadata.num_segments
        self.metadata = metadata
        self.num_missing = 0 if is_complete else num_segments
        self._present = bytearray(b"\x01" * num_segments if is_complete else num_segments)
        self._first_missing = 0

    @property
    def is_complete(self) -> bool:
        return self.num_missing == 0

    def has(self, segment: int) -> bool:
        return 0 <= segment < len(self._present) and bool(self._present[segment])

    def get(self, segment: int) -> str | None:
        """The segment's content, or None where it is not (yet) held or does not exist."""
        return self.metadata.segment(segment) if self.has(segment) else None

    def add(self, segment: int, data: str) -> bool:
        """Keep a received segment if it matches its hash; False, and nothing kept, if it does not."""
        if self._present[segment]:
            raise ValueError(f"segment {segment} of {self.metadata.name!r} is held already")
        if data != self.metadata.segment(segment):
            return False
        self._present[segment] = 1
        self.num_missing -= 1
        return True

    @property
    def first_missing(self) -> int:
        """The first segment in file order that is not there; -1 where none is missing."""
        # Segments are never taken back, so each search may begin where the last one ended.
        self._first_missing = found = self._present.find(0, max(0, self._first_missing))
        return found

    def missing(self) -> Iterator[int]:
        """All segments that are not there, in file order."""
        return (segment for segment, is_present in enumerate(self._present) if not is_present)


class Library:
    """All files of one client: owned, being downloaded, downloaded."""

    def __init__(self, owned: Iterable[FileMetadata] = ()) -> None:
        self._holdings = {metadata.name: Holding(metadata, is_complete=True) for metadata in owned}

    def __contains__(self, file: str) -> bool:
        return file in self._holdings

    def open(self, metadata: FileMetadata) -> Holding:
        """The holding of a wanted file; empty for a new file, whole for one that the client owns."""
        return self._holdings.setdefault(metadata.name, Holding(metadata))

    def get(self, file: str, segment: int) -> str | None:
        """U2: the segment's content, or None where the client does not hold it."""
        holding = self._holdings.get(file)
        return None if holding is None else holding.get(segment)
