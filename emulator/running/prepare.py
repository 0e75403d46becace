"""Preparing a run from a folder of inputs or a scenario file, and from flags, which take precedence."""

from pathlib import Path
from typing import Any

import msgspec

from emulator.errors import InputError
from emulator.faults import parse_fault
from emulator.scenario.options import Options
from emulator.scenario.plan import Plan, read_plan
from emulator.scenario.plan_network import NetworkFlags
from emulator.scenario.scenario import read_scenario
from emulator.scenario.setup import Setup
from emulator.strategies import find_strategy


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """Where a swarm and its network come from."""

    inputs: Path = Path("samples")
    """A folder of input files; ignored if there is a scenario file."""
    plan: Path | None = None
    """A scenario file."""
    num_clients: int | None = None
    """Only the first so many clients; None for all of them."""
    network: NetworkFlags = NetworkFlags()


def prepare(source: Source, flags: dict[str, Any]) -> Setup:
    """The swarm, and the options to run it with. `flags` are fields of `Options`; None means that a flag is not given.

    Raises `InputError` with every problem of the files, or of the flags.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    find_strategy(Options(**given).strategy)  # reports a wrong flag before long inputs are read
    if source.plan is None:
        scenario = read_scenario(source.inputs, source.num_clients)
        return Setup.of(scenario, Options(**given, network=source.network.network(len(scenario.clients) + 1)))
    plan = read_plan(source.plan, source.num_clients, source.network)
    faults = _faults_of(plan) + given.pop("faults", ())
    coming_and_going = {"network": plan.network, "arrivals_s": plan.arrivals_s, "stays_s": plan.stays_s}
    return Setup.of(plan.scenario, Options(**{**_run_of(plan), **coming_and_going, **given, "faults": faults}))


def _run_of(plan: Plan) -> dict[str, Any]:
    """The options in the file's table `[run]`. A problem is reported with its line."""
    run = {name: value for name, value in msgspec.structs.asdict(plan.run).items() if value is not None}
    try:
        find_strategy(Options(**run).strategy)
    except InputError as error:
        # The text of each problem begins with the name of the option.
        texts = [f"{plan.where('run', problem.split()[0])}: {problem}" for problem in error.problems]
        raise InputError(texts) from None
    return run


def _faults_of(plan: Plan) -> tuple[str, ...]:
    """The faults in the file, checked against the size of the swarm. A problem is reported with its line."""
    problems: list[str] = []
    for index, text in enumerate(plan.faults):
        try:
            parse_fault(text, len(plan.scenario.clients))
        except ValueError as error:
            problems.append(f"{plan.where('faults', index)}: {error}")
    if problems:
        raise InputError(problems)
    return plan.faults
