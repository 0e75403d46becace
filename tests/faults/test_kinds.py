"""The table of kinds: what it lists is documented, drawn, and told apart."""

import re
from pathlib import Path

import pytest

from emulator.faults import KINDS, Fault, parse_fault
from emulator.faults.fault import Blow, Condition, Trait

DOCS = Path(__file__).parents[2] / "docs" / "faults.md"


def documented_lines() -> list[str]:
    """The lines of the table of the language, with all that is in brackets left out, or taken."""
    table = DOCS.read_text(encoding="utf-8").partition("## The language")[2].partition("*Who*")[0]
    rows = [row.split("|")[1] for row in table.splitlines() if row.startswith("| `")]
    return [re.sub(r"\[\*?[a-z]+\*?\]", "", row).translate(str.maketrans("", "", "`[]")).strip() for row in rows]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_row_in_the_docs(kind: type[Fault]) -> None:
    assert any(isinstance(parse_fault(line, 20), kind) for line in documented_lines())


@pytest.mark.parametrize("line", documented_lines())
def test_every_line_of_the_documented_table_can_be_read(line: str) -> None:
    assert type(parse_fault(line, 20)) in KINDS


def test_every_kind_of_the_package_is_in_the_table() -> None:
    """A file that nothing imports, or a class that is forgotten in `KINDS`, is no kind."""
    folder = Path(__file__).parents[2] / "emulator" / "faults" / "kinds"
    names = {file.stem for file in folder.glob("*.py")} - {"__init__", "message_fault"}
    assert {kind.__module__.rpartition(".")[2] for kind in KINDS} == names
    assert len(KINDS) == len(names)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_happens_in_one_of_three_ways_and_can_be_drawn(kind: type[Fault]) -> None:
    assert sum(issubclass(kind, way) for way in (Blow, Condition, Trait)) == 1
    assert kind.weight > 0


def test_no_line_is_of_two_kinds() -> None:
    beginnings = [words for kind in KINDS for words in kind.words]
    assert len(set(beginnings)) == len(beginnings)
