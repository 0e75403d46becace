"""Ways of downloading (D4 … D6), registered by name. A strategy is one file and one class."""

from emulator.protocol.round import Strategy
from emulator.strategies.peers_first import PeersFirst

DEFAULT = "peers-first"

STRATEGIES: dict[str, type[Strategy]] = {
    DEFAULT: PeersFirst,
}


def find_strategy(name: str) -> Strategy:
    """A new instance of the strategy of this name; `LookupError`, with the known names, if there is none."""
    try:
        return STRATEGIES[name]()
    except KeyError:
        raise LookupError(f"unknown strategy {name!r}; known: {', '.join(STRATEGIES)}") from None
