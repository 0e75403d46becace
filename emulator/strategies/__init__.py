"""Download strategies (D4 … D6), registered by name. A strategy is one file and one class.

`docs/strategies.md` describes each of them and shows how to write another.
"""

import inspect

from emulator.errors import InputError
from emulator.protocol.round import Strategy
from emulator.strategies import loader
from emulator.strategies.endgame import Endgame
from emulator.strategies.least_connected import LeastConnected
from emulator.strategies.peers_first import PeersFirst
from emulator.strategies.random_segment import RandomSegment
from emulator.strategies.rarest_first import RarestFirst
from emulator.strategies.seeds_only import SeedsOnly
from emulator.strategies.swift import Swift

DEFAULT = "peers-first"

STRATEGIES: dict[str, type[Strategy]] = {
    DEFAULT: PeersFirst,
    "seeds-only": SeedsOnly,
    "random-segment": RandomSegment,
    "rarest-first": RarestFirst,
    "least-connected": LeastConnected,
    "endgame": Endgame,
    "swift": Swift,
}
"""The strategies that have a name. A user's own strategy is given as `path/to/mine.py:Name`."""


def find_strategy(text: str) -> Strategy:
    """Make a new instance of the strategy with this name or from this file; each client needs its own instance.

    Raises `InputError` with one line: it lists the known names, or says where in the file the error is.
    """
    found = settled(text)
    return STRATEGIES[found]() if found in STRATEGIES else loader.make(found)


def settled(text: str) -> str:
    """Return text that names the same strategy in every process: a name, or a file by its absolute path.

    The file is not loaded. Raises `InputError` for an unknown name, and for text that is not `path/to/file.py:Name`.
    """
    if text in STRATEGIES:
        return text
    if loader.is_file_strategy(text):
        return loader.absolute(text)
    known = ", ".join(STRATEGIES)
    raise InputError([f"strategy {text!r:.80}: unknown; take one of: {known}, or path/to/file.py:Name"])


def describe(strategy: type[Strategy]) -> str:
    """The first line of the strategy's docstring."""
    return (inspect.getdoc(strategy) or "").partition("\n")[0]
