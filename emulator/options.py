"""How a scenario is run: everything that is not in its input files."""

from typing import Literal

import msgspec


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """The options of one run. All workers get the same."""

    strategy: str = "peers-first"
    """Who chooses in D4 … D6, by name (`strategies.STRATEGIES`)."""
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
