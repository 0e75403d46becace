"""TOML tables that know in which lines their keys stand, so that every problem can be told with its line.

`tomllib` keeps no lines. Only where one is asked for, the text is split into its statements (a key with its value, or a
table's header), and `tomllib` reads each of them by itself: how keys are quoted and dotted stays its business.
"""

import re
import stat
import tomllib
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from emulator.errors import InputError

Key = tuple[str | int, ...]
"""Where a value is: `("zones", 1, "name")` is the name of the second zone."""
Value = TypeVar("Value")

MOST_BYTES = 1 << 18
MOST_DOTS = 200
"""In one line. `tomllib` takes time that grows with the parts of a dotted key times the keys of its table."""
MOST_PROBLEMS = 10
PIECE = re.compile(
    r'"""(?:\\.|[^\\])*?"""+|\'\'\'.*?\'\'\'+|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|#[^\n]*|[\[\]{},\n]|[^\s"\'#\[\]{},]+',
    re.DOTALL,
)


class Tables:
    """A TOML file, the problems found in it so far, and the lines of its keys. Raises `InputError` for no TOML."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problems: list[str] = []
        self._text = _read_text(path)
        self.root = Table(self, (), _parse(self._text, path))

    @cached_property
    def lines(self) -> dict[Key, int]:
        """The line of every key."""
        return find_lines(self._text)

    def line(self, key: Key) -> int:
        """The line in which the key stands; where it stands nowhere, that of the nearest table around it."""
        while key and key not in self.lines and (*key, 0) not in self.lines:
            key = key[:-1]
        return self.lines.get(key) or self.lines.get((*key, 0), 1)

    def blame(self, key: Key, text: str) -> None:
        self.problems.append(f"{self.path}:{self.line(key)}: {text}")

    def check(self) -> None:
        """Raise `InputError` where there are problems."""
        if self.problems:
            num_more = len(self.problems) - MOST_PROBLEMS
            more = [f"{self.path}: {num_more:,} more problems"] if num_more > 0 else []
            raise InputError([*self.problems[:MOST_PROBLEMS], *more])


class Table:
    """One table. What is taken from it is read and checked; what is wrong becomes a problem, and the default holds."""

    def __init__(self, tables: Tables, key: Key, values: dict[str, object]) -> None:
        self.key = key
        self._tables = tables
        self._values = values
        self._known: list[str] = []

    def __contains__(self, name: str) -> bool:
        return name in self._values

    @property
    def is_empty(self) -> bool:
        return not self._values

    def take(self, name: str, read: Callable[[object], Value], default: Value) -> Value:
        """The value of this key as `read` makes it, which raises `ValueError` with what is wrong and what to do."""
        self._known.append(name)
        if name not in self._values:
            return default
        try:
            return read(self._values[name])
        except ValueError as error:
            self.blame(name, f"{name}: {error}")
            return default

    def need(self, name: str, read: Callable[[object], Value], default: Value) -> Value:
        """As `take`, for a key that has to be there."""
        if name not in self._values:
            self.blame(name, f"{name} is missing; add {name} = …")
        return self.take(name, read, default)

    def items(self, name: str, read: Callable[[object], Value]) -> list[Value]:
        """A list, each item as `read` makes it; what is wrong is told with the item's own line."""
        values: list[object] = self.take(name, _as_list, [])
        read_values: list[Value] = []
        for index, value in enumerate(values):
            try:
                read_values.append(read(value))
            except ValueError as error:
                self._tables.blame((*self.key, name, index), f"{name}: {error}")
        return read_values

    def table(self, name: str) -> "Table":
        """The table of this name; an empty one where there is none."""
        self._known.append(name)
        return self._as_table((*self.key, name), self._values.get(name, {}), f"write it as [{name}]")

    def need_table(self, name: str) -> "Table":
        """As `table`, for one that has to be there."""
        if name not in self._values:
            self.blame(name, f"there is no table [{name}]; add one")
        return self.table(name)

    def tables(self, name: str) -> "list[Table]":
        """The tables of this name, `[[name]]`."""
        self._known.append(name)
        values = self._values.get(name, [])
        if not isinstance(values, list):
            self.blame(name, f"{name}: there can be several; write each as [[{name}]]")
            return []
        return [
            self._as_table((*self.key, name, index), value, f"write it as [[{name}]]")
            for index, value in enumerate(values)
        ]

    def blame(self, name: str | int, text: str) -> None:
        self._tables.blame((*self.key, name), text)

    def end(self) -> None:
        """Everything has been taken: whatever else is there is a mistake."""
        unknown = [name for name in self._values if name not in self._known]
        for name in unknown:
            where = f" in [{self.key[0]}]" if self.key else ""
            self.blame(name, f"{name!r:.40} is unknown{where}; known: {', '.join(sorted(self._known))}")

    def _as_table(self, key: Key, value: object, advice: str) -> "Table":
        if not isinstance(value, dict):
            self._tables.blame(key, f"{key[0]}: {shown(value)} is no table; {advice}")
            value = {}
        return Table(self._tables, key, value)


def _as_list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise ValueError(f"{shown(value)} is no list; write [ …, … ]")
    return value


def shown(value: object) -> str:
    """A value as a problem's text quotes it."""
    try:
        return f"{value!r:.40}"
    except ValueError:
        return "a number of thousands of digits"  # which Python refuses to write
    except RecursionError:
        return "something nested deeply"


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


def _read_text(path: Path) -> str:
    try:
        # Reading a pipe or a device as if it were a file would wait for ever.
        if not stat.S_ISREG(path.stat().st_mode):
            raise InputError([f"{path}: not a regular file; give a TOML file"])
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise InputError([f"{path}: cannot be read ({error.strerror}); give a TOML file"]) from error
    except ValueError:  # a NUL in its name
        raise InputError([f"{path}: no name of a file; give a TOML file"]) from None
    if len(data) > MOST_BYTES:
        raise InputError([f"{path}: more than {MOST_BYTES:,} bytes; give a smaller TOML file"])
    try:
        # `tomllib` takes each \r\n for a line's end, too, also of a \r\r\n: the lines here have to be the same.
        return "\n".join(line.rstrip("\r") for line in data.decode().split("\n"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(
            [f"{path}:{line}: not UTF-8 (byte {data[error.start]:#04x}); save the file as UTF-8"]
        ) from None


def _parse(text: str, path: Path) -> dict[str, object]:
    for line, content in enumerate(text.split("\n"), 1):
        if content.count(".") > MOST_DOTS:
            raise InputError([f"{path}:{line}: more than {MOST_DOTS} dots in one line; break it into several"])
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise InputError([f"{path}: nested too deeply; no scenario is"]) from None
    except tomllib.TOMLDecodeError as error:
        raise InputError([_syntax_problem(path, str(error), text)]) from None
    except ValueError:
        raise InputError([f"{path}: has a number of thousands of digits, or a date that is none; correct it"]) from None


def _syntax_problem(path: Path, error: str, text: str) -> str:
    """`tomllib` ends its text with where: `(at line 3, column 5)` or `(at end of document)`."""
    match = re.fullmatch(r"(.*) \(at (?:line ([0-9]+), column ([0-9]+)|end of document)\)", error, re.DOTALL)
    if match is None:
        return f"{path}: not TOML ({error}); correct it"
    line = match[2] or text.count("\n") + (not text.endswith("\n"))
    where = f" in column {match[3]}" if match[3] else " at the end of the file"
    return f"{path}:{line}: not TOML: {match[1]}{where}; correct it"
