"""A scenario and its options, checked against each other: what an engine runs."""

from typing import Self

import msgspec

from emulator.errors import InputError
from emulator.faults import Fault, parse_faults, refuse
from emulator.scenario.network import Network
from emulator.scenario.options import Options
from emulator.scenario.scenario import Scenario
from emulator.strategies import find_strategy


class Setup(msgspec.Struct, frozen=True):
    """What an engine runs. Make one with `Setup.of`; engines read `faults` and `network` here, not in the options."""

    scenario: Scenario
    options: Options
    faults: tuple[Fault, ...]
    """The faults of the options, parsed."""
    network: Network
    """The network of the options, or the default one, with the options' `pace` on top."""

    @classmethod
    def of(cls, scenario: Scenario, options: Options) -> Self:
        """Check the options against the scenario; this loads a strategy of the user's own.

        Raises `InputError` for a swarm without clients, a network or arrivals of another number of clients, faults that
        this swarm or this engine cannot have, and a strategy that cannot be loaded.
        """
        num_clients = len(scenario.clients)
        if not num_clients:
            raise InputError([f"{scenario.inputs}: a swarm has at least one client"])
        _check_size(options, num_clients)
        network = options.network or Network.uniform(num_clients + 1)
        if options.pace:
            network = network.with_pace(options.pace)
        faults = parse_faults(options.faults, num_clients)
        refuse(faults, options.engine, has_rates=not network.is_ideal)
        find_strategy(options.strategy)  # a file that cannot be used is told now, not by a worker
        return cls(scenario, options, faults, network)

    @property
    def num_clients(self) -> int:
        return len(self.scenario.clients)


def _check_size(options: Options, num_clients: int) -> None:
    sizes = {
        "network": options.network.size if options.network else None,
        "arrivals_s": len(options.arrivals_s) or None,
    }
    problems = [
        f"{name}: of {size - 1} clients, but the swarm has {num_clients}; make them agree"
        for name, size in sizes.items()
        if size is not None and size != num_clients + 1
    ]
    if problems:
        raise InputError(problems)
