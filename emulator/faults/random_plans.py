"""Plans of faults for a storm: drawn at random, and made smaller where one has shown a failure."""

import random
from collections.abc import Iterator, Sequence

from emulator.faults.draws import Draw
from emulator.faults.fault import Fault
from emulator.faults.kinds import KINDS

MAX_FAULTS = 4


def draw_plan(
    rng: random.Random,
    num_clients: int,
    scale_s: float,
    *,
    engine: str = "virtual",
    has_rates: bool = True,
    num_segments: int = 50,
    may_kill_tracker: bool = False,
) -> tuple[Fault, ...]:
    """A plan of 0 to 4 faults that the engine can inject; the same generator and arguments give the same plan.

    `scale_s` is about how long the run takes without faults: times and lengths are drawn within it. `num_segments` is
    how many segments a client wants at most.
    """
    draw = Draw(
        rng,
        num_clients,
        scale_s,
        num_segments,
        engine=engine,
        has_rates=has_rates,
        may_kill_tracker=may_kill_tracker,
    )
    kinds = [kind for kind in KINDS if kind.can_be_drawn(draw)]
    drawn = rng.choices(kinds, [kind.weight for kind in kinds], k=rng.randint(0, MAX_FAULTS))
    return tuple(kind.draw(draw) for kind in drawn)


def shrunk(faults: Sequence[Fault]) -> Iterator[tuple[Fault, ...]]:
    """Plans that are simpler than this one, the simplest first; repeated, this comes to an end."""
    plan = tuple(faults)
    if len(plan) > 2:
        middle = len(plan) // 2
        yield plan[:middle]
        yield plan[middle:]
    for place in range(len(plan)):
        yield plan[:place] + plan[place + 1 :]
    for place, fault in enumerate(plan):
        for simpler in fault.simpler():
            yield (*plan[:place], simpler, *plan[place + 1 :])


def restricted(faults: Sequence[Fault], num_clients: int) -> tuple[Fault, ...]:
    """The plan for a swarm of fewer clients: without the ranks it lacks, and without faults of these alone."""
    plan = (fault.for_fewer(num_clients) for fault in faults)
    return tuple(fault for fault in plan if fault is not None)
