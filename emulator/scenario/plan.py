"""One scenario file, in TOML: the swarm, its network, who comes and goes, what goes wrong, and how it is run.

`docs/network-model.md` lists every table and key; `samples/scenarios/` has examples.
"""

import random
import re
from pathlib import Path

import msgspec

from emulator.errors import InputError
from emulator.protocol.files import ClientInput
from emulator.scenario import values
from emulator.scenario.generate import MAX_CLIENTS, MAX_FILES, Shape, generate
from emulator.scenario.network import Network
from emulator.scenario.options import MAX_TIME_S
from emulator.scenario.plan_network import NetworkFlags, NetworkReader
from emulator.scenario.scenario import Scenario, read_scenario
from emulator.scenario.tables import Table, Tables
from emulator.scenario.toml_lines import Key
from emulator.scenario.zones import MAX_DELAY_S

MAX_WHOLE = 10**9
MAX_RNG_SEED = 10**18
MAX_PER_S = 1e9


class RunDefaults(msgspec.Struct, frozen=True, kw_only=True):
    """What the file says of how it is run; flags go before it. None where it says nothing."""

    strategy: str | None = None
    quota: int | None = None
    numwant: int | None = None
    rng_seed: int | None = None


class Plan(msgspec.Struct, frozen=True):
    """What a scenario file says. Names of strategies and the text of faults are as written; others check them."""

    path: Path
    scenario: Scenario
    network: Network | None
    arrivals_s: tuple[float, ...]
    """By rank from 0 (the tracker): when it comes to the swarm. Empty where all are there from the start."""
    stays_s: float | None
    run: RunDefaults
    faults: tuple[str, ...]
    lines: dict[Key, int]

    def where(self, *key: str | int) -> str:
        """`path:line` of a key, such as `where("faults", 2)` of the third fault, for problems that others find."""
        return f"{self.path}:{self.lines.get(key, 1)}"


def read_plan(path: Path, num_clients: int | None = None, flags: NetworkFlags | None = None) -> Plan:
    """Read and check a scenario file. Raises `InputError` with all its problems, each with its line.

    With `num_clients`, the swarm is of that size instead: the first of its inputs, or a larger or smaller shape. Zones
    and arrivals then leave out clients that do not exist.
    """
    tables = Tables(path)
    root = tables.root
    faults = tuple(root.items("faults", values.text))
    run = _read_run(root.table("run"))
    stays_s = _read_departures(root.table("departures"))
    network = NetworkReader(tables, flags or NetworkFlags())
    swarm, arrivals = root.need_table("swarm"), root.table("arrivals")
    root.end()
    read_swarm = _read_folder if "inputs" in swarm else _generate
    scenario = read_swarm(swarm, path, num_clients, tables)
    is_cut = num_clients is not None
    lines = network.read(len(scenario.clients), is_cut=is_cut)
    arrivals_s = _read_arrivals(arrivals, scenario.clients, is_cut=is_cut)
    tables.check()
    return Plan(path, scenario, lines, arrivals_s, stays_s, run, faults, tables.lines)


def _read_run(table: Table) -> RunDefaults:
    whole = values.whole(1, MAX_WHOLE)
    run = RunDefaults(
        strategy=table.take("strategy", _name_of_strategy, None),
        quota=table.take("quota", whole, None),
        numwant=table.take("numwant", whole, None),
        rng_seed=table.take("rng_seed", values.whole(-MAX_RNG_SEED, MAX_RNG_SEED), None),
    )
    table.end()
    return run


def _name_of_strategy(value: object) -> str:
    """A registered name. A scenario file may come from another person, so it cannot name a program to run."""
    name = values.text(value)
    if ":" in name or name.endswith(".py"):
        raise ValueError(f"{name!r:.80} is a program, which a scenario file cannot name; give it with --strategy")
    return name


def _read_departures(table: Table) -> float | None:
    stays_s = table.take("stays_s", values.time_s, None)
    table.end()
    return stays_s


def _read_folder(table: Table, path: Path, num_clients: int | None, tables: Tables) -> Scenario:
    """The swarm of a folder of input files, named relative to the scenario file."""
    inputs = table.take("inputs", values.text, ".")
    for name in msgspec.structs.fields(Shape):
        if name.name in table:
            table.blame(name.name, f"{name.name}: the swarm is that of its inputs; leave one of the two out")
            table.take(name.name, lambda value: value, None)
    table.end()
    tables.check()
    return read_scenario(path.parent / inputs, num_clients)


def _generate(table: Table, path: Path, num_clients: int | None, tables: Tables) -> Scenario:
    """The swarm of a shape, made in memory."""
    default = Shape()
    count, share = values.whole(0, MAX_FILES), values.number(0, 1)
    clients = table.take("clients", values.whole(1, MAX_CLIENTS), default.clients)
    shape = Shape(
        clients=clients if num_clients is None else num_clients,
        files=table.take("files", count, default.files),
        segments=table.take("segments", values.span, default.segments),
        seeds=table.take("seeds", values.whole(1, MAX_CLIENTS), default.seeds),
        owners=table.take("owners", values.whole(1, MAX_CLIENTS), default.owners),
        wants=table.take("wants", share, default.wants),
        overlap=table.take("overlap", share, default.overlap),
        rng_seed=table.take("rng_seed", values.whole(-MAX_RNG_SEED, MAX_RNG_SEED), default.rng_seed),
    )
    table.take("inputs", values.text, "")
    table.end()
    tables.check()
    try:
        return Scenario(path, generate(shape), is_on_disk=False)
    except InputError as error:
        for problem in error.problems:
            # `generate` speaks of flags, `--seeds 9: give 1 to 5`.
            key = re.match(r"--([a-z]+)", problem)
            table.blame(key[1] if key else "swarm", problem.replace("--", ""))
        tables.check()
        raise


def _read_arrivals(table: Table, clients: tuple[ClientInput, ...], *, is_cut: bool) -> tuple[float, ...]:
    """When each rank comes. Owners of files are there from the start: others may need what they have."""
    if table.is_empty:
        return ()
    kind = table.need("kind", values.one_of("flash-crowd", "poisson"), "")
    if not kind:
        return ()
    times_s = [0.0] * (len(clients) + 1)
    comers = [rank for rank, client in enumerate(clients, 1) if not client.owned]
    if kind == "flash-crowd":
        at_s = table.need("at_s", values.time_s, 0.0)
        chosen = set(table.take("clients", values.clients(len(clients), is_cut=is_cut), tuple(comers)))
        for rank in chosen.intersection(comers):
            times_s[rank] = at_s
    else:
        per_s = table.need("per_s", values.number(1 / MAX_DELAY_S, MAX_PER_S), 1.0)
        rng_seed = table.take("rng_seed", values.whole(-MAX_RNG_SEED, MAX_RNG_SEED), 0)
        rng = random.Random(f"arrivals/{rng_seed}")
        now_s = 0.0
        for rank in comers:
            now_s += rng.expovariate(per_s)
            times_s[rank] = now_s
        if now_s > MAX_TIME_S:
            table.blame("per_s", f"per_s: the last client would come after {now_s:,.0f} s; take a larger rate")
    table.end()
    return tuple(times_s)
