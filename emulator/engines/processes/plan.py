"""What the parent tells each worker process when it starts it."""

from pathlib import Path
from typing import Any

import msgspec

from emulator.engines.patience import Waits
from emulator.engines.processes.wiring import Wiring
from emulator.faults import Fault
from emulator.scenario.network import Network
from emulator.scenario.options import Options


class WorkerPlan(msgspec.Struct, frozen=True):
    """All that a worker is told when it starts; it can be pickled."""

    wiring: Wiring
    size: int
    inputs: Path
    output: Path
    options: Options
    network: Network | None
    """Where messages take more time than they do anyway."""
    faults: tuple[Fault, ...]
    waits: Waits
    """How long an answer is waited for, where messages can be lost."""
    began_s: float
    """`time.monotonic()` at the start of the run."""
    tells_every_s: float | None
    """How often each worker tells what it has recorded, though it were little; None for no need to."""
    is_traced: bool
    """Whether every message is recorded, and told for a trace."""
    is_watched: bool
    """Whether a view is drawn meanwhile, which moves with every segment."""
    undo: bytes
    """What gives the terminal back as it was, should the parent be killed while it draws on it."""
    terminal: list[Any] | None
    """The terminal's settings before the parent began to draw, as `termios` has them; None where it does not."""

    @property
    def is_storing(self) -> bool:
        """Whether what a client has got outlives it."""
        return self.options.resume or self.may_restart

    @property
    def is_told_first(self) -> bool:
        """Whether a trace has to tell, of one that is killed, everything that others saw or that is on its disk."""
        return self.is_traced and (self.options.restart or any(fault.is_fatal for fault in self.faults))

    @property
    def may_restart(self) -> bool:
        """Whether a process may be started again, so that the parent keeps what that needs."""
        return self.options.restart or any(fault.brings_back for fault in self.faults)
