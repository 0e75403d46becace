"""What a client holds. Pure, with one writer (the download thread) and one reader (the upload thread).

It needs no lock: a segment is added in one step, after its hash was checked, and is never removed.
"""

from collections.abc import Iterable, Iterator

from emulator.protocol.files import HASH_DIGITS, FileMetadata


class HeldFile:
    """The segments of one file that a client holds."""

    def __init__(self, metadata: FileMetadata, *, is_complete: bool = False) -> None:
        num_segments = metadata.num_segments
        self.metadata = metadata
        self.num_missing = 0 if is_complete else num_segments
        self._first_missing = 0
        self._segments: list[str | None] = [None] * num_segments
        self._present = bytearray((num_segments + 7) // 8)
        if is_complete:
            self._segments = [metadata.segment(index) for index in range(num_segments)]
            self._present = bytearray(((1 << num_segments) - 1).to_bytes(len(self._present), "little"))

    @property
    def num_present(self) -> int:
        return len(self._segments) - self.num_missing

    @property
    def is_complete(self) -> bool:
        return self.num_missing == 0

    @property
    def content(self) -> FileMetadata:
        """The file, joined from its segments. Raises `ValueError` while segments are missing."""
        if self.num_missing:
            raise ValueError(f"{self.num_missing} segments of {self.metadata.name!r} are missing")
        return FileMetadata(self.metadata.name, "".join(filter(None, self._segments)))

    def has(self, segment: int) -> bool:
        return self.get(segment) is not None

    def get(self, segment: int) -> str | None:
        """The segment's content; None if it is not held or does not exist."""
        return self._segments[segment] if 0 <= segment < len(self._segments) else None

    def add(self, segment: int, data: str) -> bool:
        """Keep a received segment and return True if it matches its hash; else keep nothing and return False."""
        if self._segments[segment] is not None:
            raise ValueError(f"segment {segment} of {self.metadata.name!r} is held already")
        if data != self.metadata.hashes[segment * HASH_DIGITS : (segment + 1) * HASH_DIGITS]:
            return False
        self._segments[segment] = data
        self._present[segment >> 3] |= 1 << (segment & 7)
        self.num_missing -= 1
        return True

    @property
    def first_missing(self) -> int:
        """The first missing segment in file order; -1 if none is missing."""
        if self.num_missing == 0:
            return -1
        # Segments are never removed, so each search can begin where the last one ended.
        self._first_missing = found = self._segments.index(None, self._first_missing)
        return found

    def missing(self) -> Iterator[int]:
        """All missing segments, in file order."""
        return (index for index, segment in enumerate(self._segments) if segment is None)

    @property
    def present_bits(self) -> bytes:
        """One bit per segment, lowest bit of the first byte first; 1 where the segment is held."""
        return bytes(self._present)

    @property
    def missing_bits(self) -> bytes:
        """As `present_bits`, but 1 where the segment is missing."""
        return self.missing_mask.to_bytes(len(self._present), "little")

    @property
    def missing_mask(self) -> int:
        """The missing segments as a number, whose lowest bit stands for the first segment."""
        return ~int.from_bytes(self._present, "little") & ((1 << len(self._segments)) - 1)


class Library:
    """All files of one client: owned, being downloaded, downloaded."""

    def __init__(self, owned: Iterable[FileMetadata] = ()) -> None:
        self._files = {metadata.name: HeldFile(metadata, is_complete=True) for metadata in owned}

    def __contains__(self, file: str) -> bool:
        return file in self._files

    def withdraw(self) -> None:
        """Hold nothing from now on: the client departs."""
        self._files = {}

    def open(self, metadata: FileMetadata) -> HeldFile:
        """The held segments of a wanted file: none of a new file, all of one that the client owns."""
        return self._files.setdefault(metadata.name, HeldFile(metadata))

    def get(self, file: str, segment: int) -> str | None:
        """U2: the segment's content; None if the client does not hold it."""
        held = self._files.get(file)
        return None if held is None else held.get(segment)

    def present_bits(self, file: str) -> bytes:
        """U2: which segments of the file the client holds, as in `HeldFile`; empty if it does not know the file."""
        held = self._files.get(file)
        return b"" if held is None else held.present_bits


def segments_of(mask: int) -> Iterator[int]:
    """The segments whose bits are 1, in file order."""
    digits = f"{mask:b}"[::-1]
    segment = digits.find("1")
    while segment >= 0:
        yield segment
        segment = digits.find("1", segment + 1)
