"""What a run did, as its events and its outputs show. This module imports no engine: views read it too."""

import msgspec

from emulator.scenario.options import Options, StartMethod
from emulator.scenario.verify import Verification


class ClientResult(msgspec.Struct, frozen=True):
    """What one client did. Times are in seconds since the second barrier (T4)."""

    rank: int
    num_from_peers: int
    num_from_seeds: int
    num_misses: int
    num_uploaded: int
    most_connections: int
    num_rounds: int
    file_times_s: dict[str, float]
    """When each of its wanted files was written (D7)."""
    finished_s: float | None
    """When the tracker knew that it had everything (T8); None where it lacks an output."""
    given_up: tuple[str, ...] = ()
    """The wanted files that it gave up because no client could give them to it any more."""
    not_written: tuple[str, ...] = ()
    """The wanted files that it has no output of, because its disk was full."""


class RunResult(msgspec.Struct, frozen=True):
    """What a run did. Times are in seconds."""

    num_clients: int
    num_files: int
    num_segments: int
    """Segments transferred between clients."""
    elapsed_s: float
    """The whole run, processes started and ended included."""
    makespan_s: float | None
    """From the second barrier to the last living client's end; None where one of them lacks an output."""
    segments_per_s: float | None
    """`num_segments` over `makespan_s`."""
    jain_index: float
    """How evenly uploads were spread over the clients: 1 for all equal, 1/N for one client alone."""
    clients: tuple[ClientResult, ...]
    verification: Verification
    options: Options
    start_method: StartMethod | None
    """How processes were started; None where there were none."""
    output: str | None
    """The folder; None for a run without one."""
    died: dict[int, str] = {}
    """Clients that died and did not come back, each with the cause and the step in which it died."""
    unavailable: dict[str, int] = {}
    """Wanted files that no live client could get any more, each with the largest number of segments that a client found
    lost; 0 if no remaining client knew the file's segments."""
    num_messages: int | None = None
    """Messages that arrived; None where the engine does not count them."""
    num_tracker_messages: int | None = None
    """Messages that arrived at the tracker; None where the engine does not count them."""
    faults_not_begun: tuple[str, ...] = ()
    """Faults of the options that never began, as the fault language writes them."""

    @property
    def losses(self) -> list[str]:
        """A line for each client that died and did not come back, each unavailable file, and each full disk."""
        segments = {check.file: check.num_segments for check in self.verification.outputs}
        # Liars and free riders may still hold a file's segments; they do not give them.
        lost = [
            f"{file} is unavailable: no live client gives {num_lost:,} of its {segments.get(file, 0):,} segments"
            if num_lost
            else f"{file} is unavailable: no live client owns it"
            for file, num_lost in self.unavailable.items()
        ]
        full = [
            f"client {client.rank} could not write {', '.join(client.not_written)}: its disk was full"
            for client in self.clients
            if client.not_written
        ]
        return [*self.died.values(), *lost, *full]

    @property
    def is_proven(self) -> bool:
        """Whether every wanted file is complete and right."""
        return self.verification.is_proven and self.makespan_s is not None

    @property
    def exit_status(self) -> int:
        return 0 if self.is_proven else 1
