"""A client that finds segments on its disk: those of an earlier run, or of an earlier life in this run."""

from emulator.protocol.library import HeldFile
from emulator.protocol.node import Storage


def resume(held: HeldFile, storage: Storage) -> None:
    """Take over the stored segments of this file that match their hashes."""
    for segment, data in storage.read_stored(held.metadata):
        if not held.has(segment):
            held.add(segment, data)
