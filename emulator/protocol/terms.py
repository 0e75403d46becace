"""What a scenario and the options tell one client, besides its input."""

from collections.abc import Callable

import msgspec

MoreTime = Callable[[int, float], float]
"""How much longer an answer of a rank is waited for now, when the client has waited for so many seconds."""


class Terms(msgspec.Struct, frozen=True):
    """The terms under which one client takes part. The defaults are those of the bare protocol."""

    quota: int = 10
    """D3: segments got before the client asks for the swarm again."""
    patience_s: float | None = None
    """How long an answer is waited for, where messages can be lost; None where every answer comes."""
    more_s: MoreTime | None = None
    """Asked when `patience_s` has passed, and again when the time that it gives has; None for no more."""
    arrives_s: float = 0.0
    """D3: how long after the second barrier the client begins to download."""
    stays_s: float | None = None
    """D8: how long after its last file the client departs; None for never. Owners of files never do."""
    is_free_rider: bool = False
    """U2: whether it answers with misses only."""
    life: int = 0
    """How often the client was started before in this run."""
