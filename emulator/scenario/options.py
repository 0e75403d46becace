"""How a scenario is run: everything that is not in its input files."""

from typing import Literal, get_args

import msgspec

from emulator.errors import InputError
from emulator.scenario.network import Network
from emulator.strategies import settled

StartMethod = Literal["fork", "spawn"]
MIN_PACE = 1e-9
MAX_PACE = 1e9
MAX_TIME_S = 1e9
"""Within which all clients come, and after which all have departed."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """The options of one run. Raises `InputError` for numbers out of range and unknown strategies.

    An `Options` loads no file. What depends on the swarm, on the engine, or on what is in the file of a strategy is
    checked before the run, by `Setup.of`.
    """

    engine: str = "processes"
    """Who carries the messages, by name: `processes`, or `virtual` for virtual time, repeatable to the byte."""
    strategy: str = "peers-first"
    """Who chooses in D4 … D6: a name of `strategies.STRATEGIES`, or `path/to/mine.py:Name`, made absolute."""
    quota: int = 10
    """D3: segments got before the client asks for the swarm again; at least 1."""
    numwant: int = 50
    """T6: the most seeds, and the most peers, that the tracker names in one answer; at least 1."""
    rng_seed: int = 0
    """Makes the random choices of every rank repeatable; what the wall clock decides stays as it is."""
    start_method: StartMethod | None = None
    """How the process engine starts its workers; None for what is safe here."""
    timeout_s: float | None = None
    """The run is given up after this many seconds; None for never."""

    pace: float | None = None
    """The most segments a second that each client uploads, so that a person can follow; None for no limit."""
    network: Network | None = None
    """The lines of all ranks; None for one without limits, where only the default propagation delay takes time."""
    arrivals_s: tuple[float, ...] = ()
    """D3: when each rank comes to the swarm, in seconds after the second barrier, by rank from 0 (the tracker, which
    is there from the start); empty where all are."""
    stays_s: float | None = None
    """D8: how long after its last file a client that owned none departs; None for never."""

    faults: tuple[str, ...] = ()
    """What goes wrong, on purpose, one text of the fault language each (`docs/faults.md`)."""
    restart: bool = False
    """Whether every client that dies, whatever of, is started again, with what it has on its disk."""
    resume: bool = False
    """Whether segments are stored as they come, and the run goes on from what an earlier one has left in the output
    folder."""

    def __post_init__(self) -> None:
        has_no_pace = self.pace is not None and not MIN_PACE <= self.pace <= MAX_PACE
        late = next((time_s for time_s in self.arrivals_s if not 0 <= time_s <= MAX_TIME_S), None)
        has_no_stay = self.stays_s is not None and not 0 <= self.stays_s <= MAX_TIME_S
        has_no_time = self.timeout_s is not None and not self.timeout_s > 0
        is_no_method = self.start_method not in (None, *get_args(StartMethod))
        problems = [
            text
            for is_wrong, text in (
                (self.quota < 1, f"quota {self.quota}: take at least 1 segment a round"),
                (self.numwant < 1, f"numwant {self.numwant}: take at least 1 client in a list"),
                (is_no_method, f"start_method {self.start_method!r}: take 'fork' or 'spawn'"),
                (has_no_time, f"timeout_s {self.timeout_s}: take a time above 0, or None for no limit"),
                (has_no_pace, f"pace {self.pace}: take a number of segments a second above 0, or None for no limit"),
                (late is not None, f"arrivals_s: {late} is no time; take 0 to {MAX_TIME_S:,.0f} seconds"),
                (has_no_stay, f"stays_s {self.stays_s}: take 0 to {MAX_TIME_S:,.0f} seconds, or None for ever"),
            )
            if is_wrong
        ]
        try:
            msgspec.structs.force_setattr(self, "strategy", settled(self.strategy))
        except InputError as error:
            problems += error.problems
        if problems:
            raise InputError(problems)
