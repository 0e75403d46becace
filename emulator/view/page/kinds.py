"""What the page keeps of each kind of event and message, as whole numbers.

The list of fields travels with the data, so that the page's code looks fields up by name. Contents that no view shows,
such as hashes, stay out.
"""

from collections.abc import Callable
from typing import Any, get_args

import msgspec

from emulator.faults import kind_of
from emulator.protocol.events import AnyEvent, FaultBegan, FaultEnded, MessageFaulted, Received, Sent
from emulator.protocol.files import FileMetadata
from emulator.protocol.messages import AnyMessage

MESSAGES: tuple[type, ...] = get_args(AnyMessage)
RECEIVED = "Received"
"""The receipt of a message whose sending is in the trace; its content is that of the sending."""
UNSHOWN = frozenset({"request", "data", "traceback", "pid"})
SETS = frozenset({"seeds", "peers", "candidates", "holders", "distrusted"})
"""Lists whose order means nothing. Sorted, they take less room."""


class Names:
    """Numbers for texts and for lists of numbers; what is new since the last look goes into the next block."""

    def __init__(self) -> None:
        self._texts: dict[str, int] = {}
        self._lists: dict[tuple[int, ...], int] = {}
        self._sorted: dict[tuple[int, ...], int] = {}
        self._num_lists = 0
        self.new_texts: list[str] = []
        self.new_lists: list[tuple[int, ...]] = []

    def text(self, text: str) -> int:
        number = self._texts.get(text)
        if number is None:
            number = self._texts[text] = len(self._texts)
            self.new_texts.append(text)
        return number

    def numbers(self, numbers: tuple[int, ...]) -> int:
        number = self._lists.get(numbers)
        if number is None:
            number = self._lists[numbers] = self._num_lists
            self._num_lists += 1
            self.new_lists.append(numbers)
        return number

    def set(self, numbers: tuple[int, ...]) -> int:
        number = self._sorted.get(numbers)
        if number is None:
            number = self._sorted[numbers] = self.numbers(tuple(sorted(numbers)))
        return number

    def files(self, files: tuple[FileMetadata, ...]) -> int:
        """Pairs of a name and a number of segments, one after the other."""
        return self.numbers(tuple(part for file in files for part in (self.text(file.name), file.num_segments)))

    def texts(self, texts: tuple[str, ...]) -> int:
        return self.numbers(tuple(map(self.text, texts)))

    def start_block(self, max_lists: int) -> None:
        """Bound the memory, too: a list that comes again after `max_lists` others gets a second number."""
        self.new_texts, self.new_lists = [], []
        if len(self._lists) > max_lists:
            self._lists.clear()
            self._sorted.clear()


def count_bits(bits: bytes) -> int:
    return int.from_bytes(bits).bit_count()


Convert = Callable[[Any], int]
Field = tuple[str, Convert]


class Kind:
    """One kind of event, or the sending of one kind of message: its columns, and how to fill them."""

    def __init__(self, number: int, name: str, struct: type, names: Names) -> None:
        self.number = number
        self.name = name
        self.fields = [
            (field.name, _conversion(field.name, field.type, names))
            for field in msgspec.structs.fields(struct)
            if field.name not in UNSHOWN and field.name != "message"
        ]
        self._derived = DERIVED.get(struct, {})
        self._text = names.text
        self.columns = [*(name for name, _ in self.fields), *self._derived]

    def values(self, struct: Any) -> list[int]:
        values = [convert(getattr(struct, name)) for name, convert in self.fields]
        for derive in self._derived.values():
            derived = derive(struct)
            values.append(self._text(derived) if isinstance(derived, str) else derived)
        return values


def _conversion(name: str, declared: Any, names: Names) -> Convert:
    if declared is bytes:
        return count_bits
    if declared is int or declared is bool:
        return int
    inner = get_args(declared)
    if not inner or isinstance(inner[0], str):  # str, or a Literal of them
        return names.text
    if inner[0] is FileMetadata:
        return names.files
    if inner[0] is str:
        return names.texts
    return names.set if name in SETS else names.numbers


DERIVED: dict[type, dict[str, Callable[[Any], int | str]]] = {
    MessageFaulted: {"message": lambda event: type(event.message).__name__},
    FaultBegan: {
        "is_fatal": lambda event: kind_of(event.fault).is_fatal,
        "stops": lambda event: kind_of(event.fault).stops,
    },
    FaultEnded: {"stops": lambda event: kind_of(event.fault).stops},
}
"""Columns for what follows from an event, so that the page's code need not know it."""

EVENTS: tuple[type, ...] = tuple(kind for kind in get_args(AnyEvent) if kind not in (Sent, Received))
