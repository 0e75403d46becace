"""What a scenario and the options tell one client, besides its input."""

from collections.abc import Callable

import msgspec

MoreTime = Callable[[int, float], float]
"""Given a rank and how long the client has waited for its answer: how much longer to wait, in seconds."""


class Terms(msgspec.Struct, frozen=True):
    """The terms under which one client takes part. The defaults are those of the bare protocol."""

    quota: int = 10
    """D3: how many segments the client takes before it asks for the swarm again."""
    patience_s: float | None = None
    """How long the client waits for an answer where messages can be lost; None where every answer comes."""
    more_s: MoreTime | None = None
    """Asked when `patience_s` has passed, and again when the time that it gives has; None for no more time."""
    arrives_s: float = 0.0
    """D3: how long after the second barrier the client begins to download."""
    stays_s: float | None = None
    """D8: how long after its last file the client departs; None for never. Owners of files never depart."""
    life: int = 0
    """How many earlier lives the client had in this run."""
