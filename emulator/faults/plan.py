"""What follows from a plan, which is all faults of one run, in order."""

from collections.abc import Iterable, Sequence

import msgspec

from emulator.errors import InputError
from emulator.faults.fault import Condition, Fault
from emulator.faults.triggers import AfterSegments, AtMessage


def can_lose_messages(faults: Iterable[Fault]) -> bool:
    """Whether an answer may never come, so that clients wait for each one for a limited time."""
    return any(fault.loses_messages for fault in faults)


def can_lose_files(faults: Iterable[Fault]) -> bool:
    """Whether a wanted file may rightly be given up, or a client end without its outputs."""
    return any(fault.loses_files for fault in faults)


def killed_ranks(faults: Iterable[Fault]) -> frozenset[int]:
    """All ranks that may die, including those that come back."""
    return frozenset(rank for fault in faults if fault.is_fatal for rank in fault.ranks)


def concerns_lines(faults: Iterable[Fault]) -> bool:
    """Whether a fault does something to messages or to the lines that carry them."""
    conditions = [fault for fault in faults if isinstance(fault, Condition)]
    return any(fault.slowness != 1 or fault.rule(0) is not None for fault in conditions)


def each_on_its_own(faults: Sequence[Fault]) -> tuple[Fault, ...]:
    """The same plan, in which a condition that begins for each rank at its own time is a fault of each."""
    plan: list[Fault] = []
    for fault in faults:
        if isinstance(fault, Condition) and isinstance(fault.when, AfterSegments | AtMessage):
            plan += [msgspec.structs.replace(fault, ranks=(rank,)) for rank in fault.ranks]
        else:
            plan.append(fault)
    return tuple(plan)


def refuse(faults: Sequence[Fault], engine: str, has_rates: bool, where: str = "--fault") -> None:
    """Raise `InputError` for faults that the engine cannot inject, with a line for each reason."""
    problems = [
        f"{where} {count}: {str(fault)!r:.80}: {why}"
        for count, fault in enumerate(faults, 1)
        for why in fault.obstacles(engine, has_rates)
    ]
    if problems:
        raise InputError(problems)
