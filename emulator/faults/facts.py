"""What follows from a plan of faults: what can be lost, who is concerned, and what an engine cannot do."""

from collections.abc import Iterable, Iterator, Sequence

from emulator.errors import InputError
from emulator.faults.kinds import (
    AtMessage,
    AtTime,
    Corrupt,
    CutOff,
    Drop,
    Fault,
    FlashCrowd,
    FreeRider,
    Kill,
    Liar,
    Slow,
)


def can_lose_messages(faults: Iterable[Fault]) -> bool:
    """Whether an answer may never come, so that clients have to stop waiting for it at some time."""
    return any(isinstance(fault, (Drop, CutOff)) for fault in faults)


def can_lose_files(faults: Iterable[Fault]) -> bool:
    """Whether a wanted file may rightly end as unavailable, or a client without its outputs."""
    return any(isinstance(fault, (Kill, FreeRider, Liar, Corrupt)) for fault in faults)


def killed_ranks(faults: Iterable[Fault]) -> frozenset[int]:
    """All ranks that may die, those that come back among them."""
    return frozenset(rank for fault in faults if isinstance(fault, Kill) for rank in fault.ranks)


def free_riders(faults: Iterable[Fault]) -> frozenset[int]:
    return frozenset(rank for fault in faults if isinstance(fault, FreeRider) for rank in fault.ranks)


def liars(faults: Iterable[Fault]) -> frozenset[int]:
    return frozenset(rank for fault in faults if isinstance(fault, Liar) for rank in fault.ranks)


def arrivals_s(faults: Iterable[Fault]) -> dict[int, float]:
    """When clients begin to download that a flash crowd holds back, in seconds since the second barrier (D2)."""
    times_s: dict[int, float] = {}
    for fault in faults:
        if isinstance(fault, FlashCrowd) and isinstance(fault.when, AtTime):
            for rank in fault.ranks:
                times_s[rank] = max(fault.when.time_s, times_s.get(rank, 0.0))
    return times_s


def refuse(faults: Sequence[Fault], engine: str, has_rates: bool, where: str = "--fault") -> None:
    """Raise `InputError` for faults that the engine cannot inject, with a line for each. Virtual time can do all."""
    problems = [
        f"{where} {count}: {str(fault)!r:.80}: {why}"
        for count, fault in enumerate(faults, 1)
        for why in _obstacles(fault, engine, has_rates)
    ]
    if problems:
        raise InputError(problems)


def _obstacles(fault: Fault, engine: str, has_rates: bool) -> Iterator[str]:
    if engine == "virtual":
        return
    if isinstance(fault.when, AtMessage):
        yield f"the engine {engine!r} cannot stop before one message; give a time, or take --engine virtual"
    if isinstance(fault, Slow) and not has_rates:
        yield f"the engine {engine!r} slows by rates, and there are none; give rates, or take --engine virtual"
