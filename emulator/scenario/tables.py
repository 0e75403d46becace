"""TOML tables whose values are read and checked one by one; every problem is told with the line of its key."""

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from emulator.errors import InputError
from emulator.scenario.toml_lines import Key, find_lines
from emulator.scenario.toml_text import parse, read_text

Value = TypeVar("Value")

MAX_PROBLEMS = 10


class Tables:
    """A TOML file, the problems found in it so far, and the lines of its keys. Raises `InputError` for no TOML."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problems: list[str] = []
        self._text = read_text(path)
        self.root = Table(self, (), parse(self._text, path))

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
            num_more = len(self.problems) - MAX_PROBLEMS
            more = [f"{self.path}: {num_more:,} more problems"] if num_more > 0 else []
            raise InputError([*self.problems[:MAX_PROBLEMS], *more])


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
