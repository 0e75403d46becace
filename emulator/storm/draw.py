"""Drawing the cases of a storm: the same number gives the same case."""

import random
from typing import Any

from emulator.faults import Fault, draw_plan
from emulator.scenario.generate import Shape
from emulator.scenario.network import DELAY_S, SEGMENT_BYTES
from emulator.storm.cases import Case, Given

MAX_CLIENTS = 5
MAX_FILES = 3
MAX_SEGMENTS = 12
SCALE_S = 0.05
"""About how long a drawn swarm takes in virtual time; its faults happen within this time."""


def draw_case(rng_seed: int, strategies: tuple[str, ...], *, has_faults: bool = True, engine: str = "virtual") -> Case:
    """Draw the case of this number; the same number and strategies give the same case."""
    rng = random.Random(f"storm/{rng_seed}")
    clients = rng.randint(2, MAX_CLIENTS)
    shape = Shape(
        clients=clients,
        files=rng.randint(1, MAX_FILES),
        segments=(0, rng.randint(1, MAX_SEGMENTS)),
        seeds=rng.randint(1, clients),
        wants=rng.choice((0.5, 0.8, 1.0)),
        overlap=rng.choice((0.0, 1.0)),
        rng_seed=rng_seed,
    )
    drawn: dict[str, Any] = {
        "strategy": rng.choice(strategies),
        "quota": rng.choice((1, 3, 10)),
        "numwant": rng.choice((1, 2, 50)),
        "rng_seed": rng_seed,
        "delay_s": rng.choice((DELAY_S, DELAY_S, 0.0, 0.005)),
        "up": rng.choice((None, None, None, SEGMENT_BYTES * 500.0)),
        "stays_s": rng.choice((None, None, None, 0.0, SCALE_S / 4)),
    }
    plan: tuple[Fault, ...] = ()
    if has_faults:
        has_rates = drawn["up"] is not None
        plan = draw_plan(rng, clients, SCALE_S, engine=engine, has_rates=has_rates, num_segments=MAX_SEGMENTS)
    return Case(shape=shape, faults=tuple(map(str, plan)), **drawn)


def draw_given(given: Given, rng_seed: int, scale_s: float, num_segments: int, *, has_faults: bool) -> Case:
    """Draw a case for a user's own swarm. `scale_s` is about how long the swarm takes without faults."""
    options, num_clients = given.setup.options, given.setup.num_clients
    rng = random.Random(f"storm/{rng_seed}")
    faults = options.faults
    if has_faults:
        has_rates = not given.setup.network.is_ideal
        most = max(1, num_segments)
        plan = draw_plan(rng, num_clients, scale_s, engine=options.engine, has_rates=has_rates, num_segments=most)
        faults += tuple(map(str, plan))
    return Case(given=given, strategy=options.strategy, rng_seed=rng_seed, faults=faults)
