"""What a client owns and wants: the data that P1 reads and P2 and D1 pass on."""

import msgspec

HASH_DIGITS = 32
"""Length of a segment's hash in the input format: 32 hexadecimal digits."""


class FileMetadata(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A file's name and the hashes of its segments, in order (BEP 3: `name` and `pieces`).

    `hashes` is the concatenation of all hashes, `HASH_DIGITS` characters each, so that a file of 100,000
    segments is one object to copy and to compare. In this emulator a segment's content *is* its hash.
    """

    name: str
    hashes: str

    @property
    def num_segments(self) -> int:
        return len(self.hashes) // HASH_DIGITS

    def segment(self, index: int) -> str:
        """The content of segment `index`, counted from 0."""
        return self.hashes[index * HASH_DIGITS : (index + 1) * HASH_DIGITS]


class ClientInput(msgspec.Struct, frozen=True):
    """One client's input file: the files it owns and the names of those it wants, both in the file's order."""

    owned: tuple[FileMetadata, ...] = ()
    wanted: tuple[str, ...] = ()
