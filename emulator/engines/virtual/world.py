"""What all threads of one run in virtual time share."""

from collections.abc import Mapping
from pathlib import Path

from emulator.engines.lives import WAITING_STEPS, Lives
from emulator.engines.virtual.inbox import RankGreenlet
from emulator.engines.virtual.journal import Journal, Teller
from emulator.engines.virtual.simulation import Simulation
from emulator.faults.plan import each_on_its_own
from emulator.protocol.events import AnyEvent
from emulator.protocol.files import ClientInput, FileMetadata
from emulator.scenario.setup import Setup
from emulator.scenario.storage import DirectoryStorage, MemoryStorage

Disk = DirectoryStorage | MemoryStorage


class World:
    """The clock and the network, the ledger of lives, the journal, the disks, and where each rank is."""

    def __init__(self, setup: Setup, output: Path | None, journal: Journal) -> None:
        scenario, options = setup.scenario, setup.options
        self.scenario = scenario
        self.options = options
        self.journal = journal
        self.size = setup.num_clients + 1
        self.faults = each_on_its_own(setup.faults)
        self.network = setup.network
        self.simulation = Simulation(self.size, self.network)
        self.lives = Lives(self.size, is_restarting=options.restart)
        self.greenlets: dict[int, RankGreenlet] = {}
        """That of each client which began last."""
        self._output = output
        self._files: Mapping[str, FileMetadata] = scenario.files if output is None else {}
        self._is_storing = options.resume or options.restart or any(fault.brings_back for fault in self.faults)
        self._disks: dict[int, Disk] = {}
        self._threads: dict[int, Teller] = {}
        """The thread of each rank that began last, of clients the download thread."""

    def enter(self, thread: Teller) -> None:
        """A thread begins."""
        if thread.thread != "upload":
            self._threads[thread.rank] = thread

    def disk(self, rank: int) -> Disk:
        """The disk of a client, which outlives its threads."""
        disk = self._disks.get(rank)
        if disk is None:
            disk = self._disks[rank] = self._make_disk(self.scenario.clients[rank - 1], rank)
        return disk

    def _make_disk(self, mine: ClientInput, rank: int) -> Disk:
        if self._output is None:
            return MemoryStorage(mine, self._files, is_storing=self._is_storing)
        inputs = self.scenario.inputs
        return DirectoryStorage(inputs, self._output, rank, is_storing=self._is_storing, content=mine)

    def written(self) -> Mapping[int, Mapping[str, bool]]:
        """Of a run without a folder for outputs: the files that each client wrote, and whether they were right."""
        return {rank: disk.is_right for rank, disk in self._disks.items() if isinstance(disk, MemoryStorage)}

    def record(self, rank: int, event: AnyEvent) -> None:
        """Record what happens to a rank, whatever it is doing itself."""
        step = self._threads[rank].step if rank in self._threads else "P1"
        self.journal.record(self.simulation.now_s, rank, "main", step, event)

    def where(self, rank: int) -> str:
        """Where the rank is, for a person."""
        thread = self._threads.get(rank)
        return f"{thread.thread} thread at {thread.step}" if thread else "it had not begun"

    def is_waiting_to_begin(self, rank: int) -> bool:
        """Whether a client has not got past the barriers yet."""
        return rank not in self._threads or self._threads[rank].step in WAITING_STEPS
