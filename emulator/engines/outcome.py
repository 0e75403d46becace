"""What every engine returns when a run has ended."""

from collections.abc import Mapping

import msgspec

from emulator.scenario.options import StartMethod


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What the engine alone knows of a run. What events show is not repeated here."""

    died: Mapping[int, str] = {}
    """Clients that died and did not come back: what of, and where they were."""
    start_method: StartMethod | None = None
    """How the processes were started; None for an engine that starts none."""
    num_messages: int | None = None
    """Messages that arrived; None where the engine does not count them."""
    num_tracker_messages: int | None = None
    """Messages that arrived at the tracker; None where the engine does not count them."""
    written: Mapping[int, Mapping[str, bool]] = {}
    """In a run without an output folder: the files that each client wrote, and whether they were right."""
