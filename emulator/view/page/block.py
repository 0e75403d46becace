"""One block of events as bytes: a line of JSON that says what follows, then the columns it names."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain
from operator import sub

import msgspec

from emulator.view.page.columns import encode_column


class Block:
    """Collects the columns of one block; `data` is all of it."""

    def __init__(self) -> None:
        self._widths: list[int] = []
        self._planes: list[bytes] = []

    def add(self, values: Sequence[int], *, is_delta: bool = True) -> None:
        width, planes = encode_column(values, is_delta=is_delta)
        self._widths.append(width)
        self._planes += planes

    def add_tables(self, rows: Iterable[tuple[int, Sequence[int]]]) -> None:
        """Rows with their kinds: one table for each kind, in the order in which the kinds first occur."""
        tables: defaultdict[int, list[Sequence[int]]] = defaultdict(list)
        for kind, row in rows:
            tables[kind].append(row)
        for table in tables.values():
            for column in zip(*table, strict=True):
                self.add(column)

    def add_lists(self, lists: Sequence[Sequence[int]]) -> None:
        self.add([len(numbers) for numbers in lists], is_delta=False)
        self.add(list(chain.from_iterable(map(_differences, lists))), is_delta=False)

    def data(self, **facts: object) -> bytes:
        head = msgspec.json.encode({**facts, "widths": self._widths})
        return frame(head, b"".join(self._planes))


def frame(head: bytes, body: bytes = b"") -> bytes:
    """A part of the data that says itself where it ends: two lengths of four bytes, JSON, and what belongs to it."""
    return len(head).to_bytes(4, "little") + len(body).to_bytes(4, "little") + head + body


def _differences(numbers: Sequence[int]) -> Iterable[int]:
    return map(sub, numbers, chain((0,), numbers))
