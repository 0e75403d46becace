"""How a scenario is run: everything that is not in its input files."""

from typing import Literal

import msgspec

from emulator.errors import InputError
from emulator.faults import Fault, parse_faults, refuse
from emulator.scenario.network import Network
from emulator.strategies import settled

START_METHODS = ("fork", "spawn", None)
ENGINES = ("processes", "virtual")
LEAST_PACE = 1e-9
MOST_PACE = 1e9
MOST_TIME_S = 1e9


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """The options of one run. All workers get the same. Raises `InputError` for values that cannot be."""

    engine: Literal["processes", "virtual"] = "processes"
    """Who carries the messages: real processes, or a simulation in virtual time, which is repeatable to the byte."""
    strategy: str = "peers-first"
    """Who chooses in D4 … D6, by name (`strategies.STRATEGIES`), or `path/to/mine.py:Name`, made absolute."""
    quota: int = 10
    """D3: segments got before the client asks for the swarm again; at least 1."""
    numwant: int = 50
    """T6: the most seeds, and the most peers, that the tracker names in one answer; at least 1."""
    rng_seed: int = 0
    """Makes the random choices of every rank repeatable; what the wall clock decides stays as it is."""
    start_method: Literal["fork", "spawn"] | None = None
    """How the process engine starts its workers; None for what is safe here."""
    timeout_s: float | None = None
    """The run is given up after this many seconds; None for never."""

    pace: float | None = None
    """The most segments a second that each client uploads, so that a person can follow; None for no limit.

    Not a mechanism of its own: engines ask `network_of`."""
    network: Network | None = None
    """The lines of all ranks; None for one without limits, where only the default propagation delay takes time."""
    arrivals_s: tuple[float, ...] = ()
    """D3: when each rank comes to the swarm, in seconds after the second barrier, by rank from 0 (the tracker, which
    is there from the start); empty where all are."""
    stays_s: float | None = None
    """D8: how long after its last file a client that owned none departs; None for never."""

    faults: tuple[str, ...] = ()
    """What goes wrong, on purpose, in the fault language (`faults`). Engines ask `faults_of`."""
    restart: bool = False
    """Whether every client that dies, whatever of, is started again, with what it has on its disk."""
    resume: bool = False
    """Whether segments are stored as they come, and the run goes on from what an earlier one has left in the output
    folder."""

    def faults_of(self, num_clients: int) -> tuple[Fault, ...]:
        """The faults of a swarm of so many clients. Raises `InputError` for those that cannot be, or not here."""
        faults = parse_faults(self.faults, num_clients)
        refuse(faults, self.engine, has_rates=not self.network_of(num_clients).is_ideal)
        return faults

    def network_of(self, num_clients: int) -> Network:
        """The one network that an engine emulates: `network`, or the default one, with `pace` on top."""
        network = self.network or Network.uniform(num_clients + 1)
        return network.with_pace(self.pace) if self.pace else network

    def check_size(self, num_clients: int) -> None:
        """Raise `InputError` where network or arrivals are those of another number of clients."""
        sizes = {"network": self.network.size if self.network else None, "arrivals_s": len(self.arrivals_s) or None}
        problems = [
            f"{name}: of {size - 1} clients, but the swarm has {num_clients}; make them agree"
            for name, size in sizes.items()
            if size is not None and size != num_clients + 1
        ]
        if problems:
            raise InputError(problems)

    def __post_init__(self) -> None:
        has_no_pace = self.pace is not None and not LEAST_PACE <= self.pace <= MOST_PACE
        late = next((time_s for time_s in self.arrivals_s if not 0 <= time_s <= MOST_TIME_S), None)
        has_no_stay = self.stays_s is not None and not 0 <= self.stays_s <= MOST_TIME_S
        has_no_time = self.timeout_s is not None and not self.timeout_s > 0
        problems = [
            text
            for is_wrong, text in (
                (self.engine not in ENGINES, f"engine {self.engine!r}: unknown; take one of: {', '.join(ENGINES)}"),
                (self.quota < 1, f"quota {self.quota}: take at least 1 segment a round"),
                (self.numwant < 1, f"numwant {self.numwant}: take at least 1 client in a list"),
                (self.start_method not in START_METHODS, f"start_method {self.start_method!r}: take 'fork' or 'spawn'"),
                (has_no_time, f"timeout_s {self.timeout_s}: take a time above 0, or None for no limit"),
                (has_no_pace, f"pace {self.pace}: take a number of segments a second above 0, or None for no limit"),
                (late is not None, f"arrivals_s: {late} is no time; take 0 to {MOST_TIME_S:,.0f} seconds"),
                (has_no_stay, f"stays_s {self.stays_s}: take 0 to {MOST_TIME_S:,.0f} seconds, or None for ever"),
            )
            if is_wrong
        ]
        try:
            msgspec.structs.force_setattr(self, "strategy", settled(self.strategy))
        except InputError as error:
            problems += error.problems
        if problems:
            raise InputError(problems)
