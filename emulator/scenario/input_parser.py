"""Parsing a client's input file: line ends and trailing blanks may vary, everything else must be right."""

import re
from typing import NamedTuple

from emulator.protocol.files import HASH_DIGITS, ClientInput, FileMetadata

MAX_NAME_BYTES = 255
MAX_HASH_PROBLEMS = 5
"""A file with more wrong hashes than this is a file of another kind; the others are only counted."""

MAX_QUOTED = 60
"""How many characters of a wrong line a problem quotes."""

COUNT = re.compile(r"[0-9]+")
COUNT_DIGITS = 10
"""No file has so many lines that their count needs more digits, and `int` refuses thousands of digits."""
HASH = re.compile(rf"[0-9a-fA-F]{{{HASH_DIGITS}}}")
FIELDS = re.compile(r"[ \t]+")
BLANKS = " \t\r"


class ParsedInput(NamedTuple):
    """An input file's content, and the lines of its names, which the checks across files need."""

    path: str
    content: ClientInput
    owned_lines: dict[str, int]
    wanted_lines: dict[str, int]


class _Broken(Exception):
    """The structure is lost: the parser cannot tell what the following lines are."""


class InputParser:
    """Parses one input file and collects its problems, in the order of its lines."""

    def __init__(self, text: str, path: str) -> None:
        # Not `splitlines`, which also splits at form feeds and U+2028.
        self._lines = [line.rstrip(BLANKS) for line in text.split("\n")]
        while self._lines and not self._lines[-1]:
            self._lines.pop()
        self._next = 0
        self._path = path
        self.problems: list[str] = []

    def parse(self) -> ParsedInput:
        owned: list[FileMetadata] = []
        owned_lines: dict[str, int] = {}
        wanted_lines: dict[str, int] = {}
        try:
            if not self._lines:
                self._add(1, "the file is empty; begin with the number of files owned")
                raise _Broken
            if self._lines[0].startswith("\ufeff"):
                self._add(1, "begins with a byte-order mark; save the file as UTF-8 without it")
                self._lines[0] = self._lines[0].removeprefix("\ufeff")
            owned += (self._take_file(owned_lines) for _ in range(self._take_count("the number of files owned")))
            for _ in range(self._take_count("the number of files wanted")):
                self._take_wanted(wanted_lines)
            self._check_end()
        except _Broken:
            pass
        return ParsedInput(self._path, ClientInput(tuple(owned), tuple(wanted_lines)), owned_lines, wanted_lines)

    def _add(self, line: int, text: str) -> None:
        self.problems.append(f"{self._path}:{line}: {text}")

    def _take(self, what: str) -> tuple[int, str]:
        """The next line and its number, or a problem that says what should have stood there."""
        if self._next == len(self._lines):
            self._add(self._next, f"the file ends where {what} should follow; add what is missing")
            raise _Broken
        self._next += 1
        return self._next, self._lines[self._next - 1]

    def _take_count(self, what: str) -> int:
        line, text = self._take(what)
        if line > 1 and (HASH.fullmatch(text) or _is_header(text)):
            self._add(line, f"expected {what}, found {_shown(text)}; correct the counts in the lines above")
            raise _Broken
        return self._count(line, text, what)

    def _count(self, line: int, text: str, what: str) -> int:
        """A count is checked against the lines that are left before anything is allocated for it."""
        if not COUNT.fullmatch(text):
            self._add(line, f"expected {what}, found {_shown(text)}; write a whole number in decimal digits")
            raise _Broken
        digits = text.lstrip("0") or "0"
        num_left = len(self._lines) - line
        if len(digits) > COUNT_DIGITS or int(digits) > num_left:
            self._add(
                line, f"{what} is {_cut(digits)}, more than the lines that follow ({num_left}); correct the number"
            )
            raise _Broken
        return int(digits)

    def _take_file(self, lines: dict[str, int]) -> FileMetadata:
        line, text = self._take("a file's name and number of segments")
        fields = FIELDS.split(text)
        if len(fields) != 2 or not all(fields):
            if lines and HASH.fullmatch(text):
                self._add(line, "a hash more than the file above says; correct its number of segments")
            else:
                self._add(line, f"expected a file's name and number of segments, found {_shown(text)}; write 'name 3'")
            raise _Broken
        name = fields[0]
        self._check_name(line, name)
        if name in lines:
            self._add(line, f"{_shown(name)} is owned twice (first in line {lines[name]}); leave one out")
        lines.setdefault(name, line)
        num_segments = self._count(line, fields[1], f"the number of segments of {_shown(name)}")
        return FileMetadata(name, self._take_hashes(num_segments, name, line))

    def _take_hashes(self, num_segments: int, name: str, header: int) -> str:
        hashes = self._lines[self._next : self._next + num_segments]
        num_wrong = 0
        for number, text in enumerate(hashes, self._next + 1):
            if HASH.fullmatch(text):
                continue
            if _looks_like_no_hash(text):
                advice = f"correct the number in line {header}, or add the hashes that are missing"
                self._add(
                    number,
                    f"expected hash {number - header} of {num_segments} of {_shown(name)}, found {_shown(text)}; "
                    + (advice if text else "remove it"),
                )
                raise _Broken
            num_wrong += 1
            if num_wrong <= MAX_HASH_PROBLEMS:
                self._add(number, f"{_shown(text)} is no hash; write {HASH_DIGITS} hexadecimal digits")
        if num_wrong > MAX_HASH_PROBLEMS:
            self._add(header, f"{num_wrong} hashes of {_shown(name)} are wrong, the first of them listed here")
        self._next += len(hashes)
        return "".join(hashes) if num_wrong == 0 else ""

    def _take_wanted(self, lines: dict[str, int]) -> None:
        line, name = self._take("the name of a wanted file")
        if not name or FIELDS.search(name):
            self._add(line, f"expected the name of a wanted file, found {_shown(name)}; write one name, without blanks")
            return
        self._check_name(line, name)
        if name in lines:
            self._add(line, f"{_shown(name)} is wanted twice (first in line {lines[name]}); leave one out")
        lines.setdefault(name, line)

    def _check_name(self, line: int, name: str) -> None:
        num_bytes = len(name.encode("utf-8"))
        if num_bytes > MAX_NAME_BYTES:
            self._add(line, f"the name {name[:20]!r}… has {num_bytes} bytes; shorten it to {MAX_NAME_BYTES}")
        elif "/" in name or name in (".", ".."):
            self._add(line, f"the name {_shown(name)} could leave the output directory; give a plain file name")
        elif not name.isprintable():
            self._add(line, f"the name {_shown(name)} has control or invisible characters; remove them")

    def _check_end(self) -> None:
        if self._next < len(self._lines):
            text = self._lines[self._next]
            self._add(
                self._next + 1,
                f"{_shown(text)} follows the last wanted file; remove it, or correct the number of files wanted",
            )


def _looks_like_no_hash(text: str) -> bool:
    """Whether a line belongs to what follows the hashes: a name and a count, a count, or nothing at all."""
    return not text or (COUNT.fullmatch(text) is not None and len(text) <= COUNT_DIGITS) or _is_header(text)


def _is_header(text: str) -> bool:
    """Whether a line looks like a file's name and number of segments."""
    name, *rest = FIELDS.split(text)
    return bool(name) and len(rest) == 1 and COUNT.fullmatch(rest[0]) is not None


def _shown(text: str) -> str:
    """What stands in a line, as a problem's text quotes it."""
    return repr(_cut(text)) if text else "a blank line"


def _cut(text: str) -> str:
    return text if len(text) <= MAX_QUOTED else text[:MAX_QUOTED] + "…"
