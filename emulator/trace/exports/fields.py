"""The fields of events and messages, in the names and values that all exports share."""

from typing import Any

import msgspec

from emulator.protocol.events import AnyEvent
from emulator.protocol.files import FileMetadata
from emulator.protocol.messages import AnyMessage

CONTENTS = "data"
"""The field of a hit that holds the segment itself."""


def fields(struct: AnyEvent | AnyMessage) -> dict[str, Any]:
    """The fields of an event or a message as plain values.

    The contents of segments are left out, metadata becomes each file's name and number of segments, and bits of what is
    held or missing become hexadecimal digits.
    """
    found = msgspec.structs.asdict(struct)
    found.pop(CONTENTS, None)
    if found.get("request") == 0:  # its sender does not number its questions
        del found["request"]
    for name, value in found.items():
        if isinstance(value, bytes):  # a bit a segment
            found[name] = value.hex()
    files = found.get("files")
    if isinstance(files, tuple) and any(isinstance(file, FileMetadata) for file in files):
        found["files"] = {file.name: file.num_segments for file in files}
    return found


def kind(struct: AnyEvent | AnyMessage) -> str:
    """`Sent`, `SegmentRequest`: the name of an event or a message."""
    return type(struct).__name__
