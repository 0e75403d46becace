"""Ways of downloading (D4 … D6), registered by name. A strategy is one file and one class.

`docs/strategies.md` says what each of them does, and how to write another.
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
"""Those that have a name; others are files: `path/to/mine.py:Name`."""


def find_strategy(text: str) -> Strategy:
    """A new instance, one for each client, of the strategy of this name or file.

    Raises `InputError`, one line, where there is none: with the known names for a name, with the place for a file.
    """
    found = settled(text)
    return STRATEGIES[found]() if found in STRATEGIES else loader.make(found)


def settled(text: str) -> str:
    """What finds the same strategy in any process: a name, or a file by its absolute path. The file is not loaded.

    Raises `InputError` for an unknown name, and for what is not `path/to/file.py:Name`.
    """
    if text in STRATEGIES:
        return text
    if loader.is_file_strategy(text):
        return loader.absolute(text)
    known = ", ".join(STRATEGIES)
    raise InputError([f"strategy {text!r:.80}: unknown; take one of: {known}, or path/to/file.py:Name"])


def describe(strategy: type[Strategy]) -> str:
    """The first line of its docstring."""
    return (inspect.getdoc(strategy) or "").partition("\n")[0]
