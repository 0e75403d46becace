"""The checker as a judge: each event of right histories dropped, doubled, altered and moved; which rule notices."""

from collections.abc import Iterator

import pytest

from emulator.protocol.events import Died, FaultBegan, MessageFaulted
from tests.checker.corpus import RIGHT
from tests.checker.histories import HandWritten
from tests.checker.mutations import Mutant, mutants
from tests.checker.noticed import NOTICED, UNNOTICED

FAULTS = (Died, FaultBegan, MessageFaulted)


def without_faults() -> Iterator[str]:
    """Faults excuse what mutants do; the histories of the other files condemn what they do not excuse."""
    for name, write in RIGHT.items():
        h = write()
        if not h.header.is_resumed and not any(isinstance(record.event, FAULTS) for record in h.records):
            yield name


def condemned_by(mutant: Mutant, h: HandWritten) -> set[str]:
    return {judged.rule for judged in mutant.judge(h).rules if judged.verdict == "invalid"}


@pytest.mark.parametrize("name", list(without_faults()))
def test_every_mutant_of_a_right_history_is_noticed_by_the_rule_it_breaks(name: str) -> None:
    h = RIGHT[name]()
    for mutant in mutants(h):
        condemning = condemned_by(mutant, h)
        where = f"{mutant.what} in line {mutant.line}: {condemning or 'not noticed'}"
        assert condemning & NOTICED.get(mutant.what, set()) or (not condemning and mutant.what in UNNOTICED), where


def test_what_is_not_noticed_is_really_not_noticed() -> None:
    """An excuse that no mutant needs any more has to go."""
    needed: set[str] = set()
    for name in without_faults():
        h = RIGHT[name]()
        candidates = (mutant for mutant in mutants(h) if mutant.what in UNNOTICED.keys() - needed)
        needed.update(mutant.what for mutant in candidates if not condemned_by(mutant, h))
    assert needed == set(UNNOTICED)
