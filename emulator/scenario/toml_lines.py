"""The line of every key in a TOML text. `tomllib` keeps no lines.

The text is split into its statements (a key with its value, or a table's header), and `tomllib` reads each of them by
itself: how keys are quoted and dotted stays its business.
"""

import re
import tomllib
from collections.abc import Iterator

Key = tuple[str | int, ...]
"""Where a value is: `("zones", 1, "name")` is the name of the second zone."""

PIECE = re.compile(
    r'"""(?:\\.|[^\\])*?"""+|\'\'\'.*?\'\'\'+|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|#[^\n]*|[\[\]{},\n]|[^\s"\'#\[\]{},]+',
    re.DOTALL,
)


def find_lines(text: str) -> dict[Key, int]:
    """The line of every key, of every `[table]`, and of every item of an array, in a text that is valid TOML."""
    lines: dict[Key, int] = {}
    counts: dict[Key, int] = {}
    table: Key = ()
    for line, statement, item_lines in _statements(text):
        found = tomllib.loads(statement)
        if statement.startswith("["):
            table = _enter(found, statement.startswith("[["), counts)
            lines.setdefault(table, line)
            continue
        for key, value in _keys(found):
            lines.setdefault(table + key, line)
            if isinstance(value, list) and len(value) == len(item_lines):
                lines.update({(*table, *key, index): each for index, each in enumerate(item_lines)})
    return lines


def _enter(header: dict[str, object], is_array: bool, counts: dict[Key, int]) -> Key:
    """The key of the table that a header opens. Each header of an array of tables opens the next one."""
    names = [key for key, _ in _keys(header)][-1]
    key: Key = ()
    for position, name in enumerate(names):
        key = (*key, name)
        if is_array and position == len(names) - 1:
            counts[key] = counts.get(key, 0) + 1
        if key in counts:
            key = (*key, counts[key] - 1)
    return key


def _keys(values: dict[str, object]) -> Iterator[tuple[Key, object]]:
    """All keys in nested tables, the outer ones first."""
    waiting: list[tuple[Key, dict[str, object]]] = [((), values)]
    while waiting:
        table, inner = waiting.pop()
        for name, value in inner.items():
            yield (*table, name), value
            if isinstance(value, dict):
                waiting.append(((*table, name), value))


def _statements(text: str) -> Iterator[tuple[int, str, list[int]]]:
    """Each statement with its first line, and the lines in which the items of its array begin, if it has one."""
    line, depth, start, begin = 1, 0, 1, -1
    item_lines: list[int] = []
    is_list = is_item_next = False
    for match in PIECE.finditer(text + "\n"):
        piece = match[0]
        if piece == "\n" and depth == 0:
            if begin >= 0:
                yield start, text[begin : match.start()], item_lines
            begin, item_lines = -1, []
        elif begin < 0 and piece != "\n" and not piece.startswith("#"):
            begin, start = match.start(), line
        if is_item_next and depth == 1 and piece not in ("\n", "]") and not piece.startswith("#"):
            item_lines.append(line)
            is_item_next = False
        if piece in ("[", "{"):
            depth += 1
            if depth == 1:
                # Not for the bracket that begins a header, nor within { }, whose parts are keys.
                is_list = is_item_next = piece == "[" and begin != match.start()
        elif piece in ("]", "}"):
            depth -= 1
        elif piece == ",":
            is_item_next = is_list and depth == 1
        line += piece.count("\n")
