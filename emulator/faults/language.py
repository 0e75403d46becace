"""Reading the fault language: which kind a line is of, and the fault that it says."""

from collections.abc import Sequence

from emulator.errors import InputError
from emulator.faults.fault import Fault
from emulator.faults.kinds import KINDS
from emulator.faults.words import Words, quoted

MAX_CHARACTERS = 1_000
"""Of one fault."""
MAX_FAULTS = 1_000
"""Of one run."""
_KIND_OF = {tuple(words.split()): kind for kind in KINDS for words in kind.words}

MAX_BEGINNING = max(map(len, _KIND_OF))
"""Words that tell a kind."""


def describe(fault: Fault) -> str:
    """The fault's own line in the language: `parse_fault` reads it as the same fault."""
    return str(fault)


def parse_fault(text: str, num_clients: int) -> Fault:
    """The fault that `text` says, in a swarm of `num_clients`. Raises `ValueError` with one line that tells why not."""
    if len(text) > MAX_CHARACTERS:
        raise ValueError(f"{quoted(text)} has {len(text):,} characters; a fault has at most {MAX_CHARACTERS:,}")
    words = Words(text, num_clients)
    kind = next((kind for beginning, kind in _KIND_OF.items() if words.take(*beginning)), None)
    if kind is None:
        words.fail(f"one of: {', '.join(kind.words[0] for kind in KINDS)}")
    fault = kind.read(words)
    words.end()
    if len(str(fault)) > MAX_CHARACTERS:
        raise ValueError(f"{quoted(text)} is too long when written out; a fault has at most {MAX_CHARACTERS:,}")
    return fault


def parse_faults(texts: Sequence[str], num_clients: int, where: str = "--fault") -> tuple[Fault, ...]:
    """All faults of a run. Raises `InputError` with a line for each that cannot be read, `--fault 2: …`."""
    if len(texts) > MAX_FAULTS:
        raise InputError([f"{where}: {len(texts):,} faults are too many; give at most {MAX_FAULTS:,}"])
    faults: list[Fault] = []
    problems: list[str] = []
    for count, text in enumerate(texts, 1):
        try:
            faults.append(parse_fault(text, num_clients))
        except ValueError as error:
            problems.append(f"{where} {count}: {error}")
    if problems:
        raise InputError(problems)
    return tuple(faults)


def kind_of(text: str) -> type[Fault]:
    """The kind of a fault that a trace names; `Fault` itself where it is of none that is known."""
    words = tuple(text.lower().split(maxsplit=MAX_BEGINNING)[:MAX_BEGINNING])
    return next((kind for beginning, kind in _KIND_OF.items() if words[: len(beginning)] == beginning), Fault)
