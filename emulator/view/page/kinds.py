"""What the page keeps of each kind of event and message, as whole numbers.

The list of fields travels with the data, so that the page's code looks fields up by name. Contents that no view shows,
such as hashes, stay out.
"""

from collections.abc import Callable
from operator import attrgetter
from typing import Any, get_args

import msgspec

from emulator.faults import kind_of
from emulator.protocol.events import AnyEvent, FaultBegan, FaultEnded, MessageFaulted, Received, Sent
from emulator.protocol.files import FileMetadata
from emulator.protocol.messages import AnyMessage

MESSAGES: tuple[type, ...] = get_args(AnyMessage)
UNSHOWN = frozenset({"request", "data", "traceback", "pid"})
SETS = frozenset({"seeds", "peers", "candidates", "holders", "distrusted"})
"""Lists whose order means nothing. Sorted, they take less room."""


class _Numbers(dict[str, int]):
    def __init__(self) -> None:
        super().__init__()
        self.new: list[str] = []

    def __missing__(self, text: str) -> int:
        number = self[text] = len(self)
        self.new.append(text)
        return number


class Names:
    """Numbers for texts and for lists of numbers; what is new since the last look goes into the next block."""

    def __init__(self) -> None:
        self.text_numbers = _Numbers()
        """The number of each text; a new text gets the next one."""
        self._lists: dict[tuple[int, ...], int] = {}
        self._sorted: dict[tuple[int, ...], int] = {}
        self._num_lists = 0
        self.new_lists: list[tuple[int, ...]] = []

    def text(self, text: str) -> int:
        return self.text_numbers[text]

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
        self.text_numbers.new.clear()
        self.new_lists = []
        if len(self._lists) > max_lists:
            self._lists.clear()
            self._sorted.clear()


def count_bits(bits: bytes) -> int:
    return int.from_bytes(bits).bit_count()


Convert = Callable[[Any], int]


class Kind:
    """One kind of event, or the sending of one kind of message: its columns, and how to fill them."""

    def __init__(self, number: int, name: str, struct: type, names: Names) -> None:
        self.number = number
        self.name = name
        fields = [
            field for field in msgspec.structs.fields(struct) if field.name not in UNSHOWN and field.name != "message"
        ]
        self._get = _getter([field.name for field in fields])
        conversions = [_conversion(field.name, field.type, names) for field in fields]
        self._conversions = [(at, convert) for at, convert in enumerate(conversions) if convert is not None]
        self._derived = DERIVED.get(struct, {})
        self._text = names.text
        self.columns = [*(field.name for field in fields), *self._derived]
        self.segment_at = self.columns.index("segment") if "segment" in self.columns else None

    def values(self, struct: Any) -> list[int]:
        values = self._get(struct)
        for at, convert in self._conversions:
            values[at] = convert(values[at])
        for derive in self._derived.values():
            derived = derive(struct)
            values.append(self._text(derived) if isinstance(derived, str) else derived)
        return values


def _getter(names: list[str]) -> Callable[[Any], list[Any]]:
    """A function from a struct to a list of these fields."""
    if len(names) < 2:  # `attrgetter` gives one value as it is, and takes no fewer
        return lambda struct: [getattr(struct, name) for name in names]
    get = attrgetter(*names)
    return lambda struct: list(get(struct))


def _conversion(name: str, declared: Any, names: Names) -> Convert | None:
    """From a field's value to a number; None where it is one already."""
    if declared is bytes:
        return count_bits
    if declared is int or declared is bool:
        return None
    inner = get_args(declared)
    if not inner or isinstance(inner[0], str):  # str, or a Literal of them
        return names.text_numbers.__getitem__
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
