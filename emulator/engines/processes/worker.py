"""The main function of a worker process: it puts the node together, and runs the protocol on it."""

import random
import sys
import threading
from functools import partial

from emulator.engines.disks import FillableDisk
from emulator.engines.lines import Lines
from emulator.engines.processes.communicators import QueueCommunicator, decode_letter
from emulator.engines.processes.parent import take_signals, watch_parent
from emulator.engines.processes.plan import WorkerPlan
from emulator.engines.processes.wiring import CHANNELS
from emulator.engines.terms import terms_of, uploader_of
from emulator.engines.workers.communicators import Place, RoadCommunicator, TracedCommunicator, WatchedCommunicator
from emulator.engines.workers.journal import Journal, WallClock
from emulator.engines.workers.node import Worker, WorkerNode
from emulator.engines.workers.road import FaultyRoad, Road
from emulator.engines.workers.sender import Sender
from emulator.engines.workers.storage import ToldStorage
from emulator.faults.plan import concerns_lines
from emulator.protocol.beyond.tracker import ExtendedTracker
from emulator.protocol.client import run_client
from emulator.protocol.events import Channel
from emulator.protocol.messages import TRACKER, Returned
from emulator.protocol.node import Clock, Communicator, Node, Storage, serve
from emulator.scenario.storage import DirectoryStorage
from emulator.strategies import find_strategy


def run_worker(rank: int, plan: WorkerPlan, life: int = 0, is_state_kept: bool = True) -> None:
    """The main function of every process that the engine starts; `life` counts how often this rank died before."""
    take_signals()
    plan.wiring.keep_own(rank)
    clock = WallClock(plan.began_s)
    journal = Journal(rank, plan.wiring.events(), clock, plan.is_traced, plan.is_told_first)
    sender = Sender(clock, lambda error: node.tell(error))
    road = make_road(rank, plan, clock, sender)
    worker = Worker(
        rank=rank,
        size=plan.size,
        life=life,
        rng_seed=plan.options.rng_seed,
        clock=clock,
        journal=journal,
        board=plan.wiring.board(),
        storage=storage_of(rank, plan, journal),
        connect=partial(connect, rank, plan, road, journal),
    )
    node = WorkerNode("main", "T1" if rank == TRACKER else "P1", worker)
    watch = threading.Thread(target=watch_parent, args=(rank, plan, journal), name="life", daemon=True)

    def body(node: Node) -> None:
        watch.start()  # in here, for where there are too many threads this raises
        if life:
            _begin_again(rank, plan, is_state_kept=is_state_kept)
        if road is not None:
            sender.start()
        _run_rank(node, plan, life, road)
        if road is not None:
            # A client ends at the tracker's stop, when no other client waits for what is still on its way.
            sender.close(drops_rest=rank != TRACKER)

    is_well = node.live(body)
    journal.flush()
    if not is_well:
        sys.exit(1)


def make_road(rank: int, plan: WorkerPlan, clock: Clock, sender: Sender) -> Road | None:
    """What lies between this rank and the inboxes; None where nothing does."""
    lines = None if plan.network is None else Lines(plan.network)
    if concerns_lines(plan.faults):
        rng = random.Random(f"{plan.options.rng_seed}/{rank}/faults")
        return FaultyRoad(rank, clock, sender, lines, plan.faults, plan.wiring.fault_board(), rng)
    return None if lines is None else Road(rank, clock, sender, lines)


def connect(
    rank: int, plan: WorkerPlan, road: Road | None, journal: Journal, channel: Channel, place: Place
) -> Communicator:
    """A communicator of one thread: plain, or over a road, or traced, or both."""
    communicator: Communicator = QueueCommunicator(channel, rank, plan.wiring)
    if road is not None:
        communicator = RoadCommunicator(
            channel, communicator, partial(plan.wiring.inbox, channel), road, place, journal
        )
    if plan.is_traced:
        communicator = TracedCommunicator(channel, rank, communicator, place, journal)
    is_shown = plan.is_watched and channel == "download" and rank != TRACKER
    return WatchedCommunicator(communicator, journal) if is_shown else communicator


def storage_of(rank: int, plan: WorkerPlan, journal: Journal) -> Storage:
    storage: Storage = DirectoryStorage(plan.inputs, plan.output, rank, is_storing=plan.is_storing)
    filling = [index for index, fault in enumerate(plan.faults) if fault.fills_disks and rank in fault.ranks]
    if filling:
        board = plan.wiring.fault_board()
        storage = FillableDisk(storage, lambda: any(board.states[index] for index in filling))
    return ToldStorage(storage, journal) if plan.is_told_first else storage


def _run_rank(node: Node, plan: WorkerPlan, life: int, road: Road | None) -> None:
    if node.rank == TRACKER:
        serve(node.download, ExtendedTracker(node, plan.options.numwant))
    else:
        more_s = partial(road.more_s, plan.waits) if isinstance(road, FaultyRoad) else None
        terms = terms_of(plan.options, plan.faults, node.rank, life, plan.waits.plain_s, more_s)
        run_client(node, find_strategy(plan.options.strategy), terms, uploader_of(plan.faults, node.rank))


def _begin_again(rank: int, plan: WorkerPlan, *, is_state_kept: bool) -> None:
    """Pass over what was meant for this rank's life before; without its state, lose also what that had stored."""
    for channel in CHANNELS:
        inbox = plan.wiring.inbox(channel, rank)
        while decode_letter(inbox.get()) != (rank, Returned()):
            pass
    if not is_state_kept:
        storage = DirectoryStorage(plan.inputs, plan.output, rank)
        storage.erase(storage.read_input().wanted)
