"""What a fault can ask of the engine that runs the swarm."""

from typing import Protocol

from emulator.protocol.events import AnyEvent


class Hands(Protocol):
    """What an engine can do to a run, and to its ranks."""

    def now_s(self) -> float:
        """Seconds since the run began."""

    def is_running(self, rank: int) -> bool: ...

    def record(self, rank: int, event: AnyEvent) -> None: ...

    def kill(self, rank: int, restart_s: float | None, is_state_kept: bool) -> None: ...

    def pause(self, rank: int) -> None: ...

    def resume(self, rank: int) -> None: ...

    def switch(self, index: int, is_on: bool) -> None:
        """Tell all processes that the fault at this place of the plan is on, or off."""
