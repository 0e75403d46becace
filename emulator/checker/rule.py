"""What a rule is: a name, the steps it comes from, what must be true, and when a run has shown it."""

from dataclasses import dataclass
from typing import Literal

MESSAGES = frozenset({"Sent", "Received"})
Phase = Literal["first barrier", "second barrier", "finished", "end"]
"""When nothing can break a rule any more: all clients are past a barrier, or finished, or the run is over."""
Due = Literal["always", "segments", "choices", "sometimes"]
"""Which runs have to exercise a rule: all of them; those in which a segment is wanted; those of them in which
`peers-first` chooses; none in particular.
"""


@dataclass(frozen=True)
class Rule:
    """One rule."""

    name: str
    steps: tuple[str, ...]
    text: str
    occasions: frozenset[str]
    """Kinds of messages and events, one of which has to occur for the run to have exercised the rule."""
    due: Due
    settled: Phase
    needs: frozenset[str]
    """Kinds of events without which nothing can be said about it."""
    is_strategy: bool
    """Whether it holds for the strategy `peers-first` alone."""
    needs_inputs: bool
    uses: frozenset[str]
    """Kinds of events that it looks at as well, where they are recorded."""


def on(*kinds: str) -> frozenset[str]:
    """The occasions of a rule."""
    return frozenset(kinds)
