"""The process engine: `multiprocessing.Process` workers, per-process queues, two threads in every client."""

import contextlib
import resource
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from emulator.engines.outcome import Outcome
from emulator.engines.patience import Waits
from emulator.engines.processes.crew import Crew
from emulator.engines.processes.parent import terminal_state
from emulator.engines.processes.plan import WorkerPlan
from emulator.engines.processes.supervisor import Supervisor
from emulator.engines.processes.wiring import Wiring
from emulator.engines.signals import SignalWatch
from emulator.errors import InputError, RunError
from emulator.faults import Fault
from emulator.faults.fault import Condition
from emulator.faults.plan import each_on_its_own
from emulator.faults.triggers import AT_ONCE
from emulator.scenario.network import Network
from emulator.scenario.options import Options, StartMethod
from emulator.scenario.setup import Setup
from emulator.trace.records import Observer
from emulator.trace.writer import TraceWriter

PATIENCE_S = 0.1
PATIENCE_EACH_S = 0.002
"""How long an answer is waited for where it can be lost, and how much longer for each process that is at work beside.

Far longer than an answer takes on a busy machine: where every answer came too late, nobody would get anything.
"""
TELL_EVERY_S = 0.05
"""Where a run is traced or watched, how often each of up to 100 processes tells that it has told everything."""
TELL_SOON_S = 0.005
"""The same where faults wait for what is told."""


def choose_start_method(options: Options) -> StartMethod:
    """What the options say; else `fork` where it is safe, and `spawn` where it is not.

    Forking 50 workers takes about 0.1 s and spawning them 2 to 6 s, so `fork` is worth choosing although Python
    3.14 no longer does. It is unsafe in a process that runs other threads (a notebook, a test runner with a watchdog):
    a lock that one of them holds stays locked in the child for ever. macOS's own libraries start threads.
    """
    if options.start_method is not None:
        return options.start_method
    is_safe = sys.platform != "darwin" and threading.active_count() == 1
    return "fork" if is_safe else "spawn"


def run_processes(setup: Setup, output: Path | None, observer: Observer, trace: TraceWriter | None = None) -> Outcome:
    """Run a swarm whose input files are on disk: one process for the tracker and one for each client.

    The events go to `observer` in this process, and to `trace`, which the caller closes. Returns when every worker that
    lives has ended well. Raises `RunError` where the tracker died, a thread failed, the time limit was reached or a
    signal came; leaves no process in any case.
    """
    if output is None:
        raise InputError(["only the engine 'virtual' runs without a folder for outputs; give one"])
    options, num_clients = setup.options, setup.num_clients
    network = slowing_network(setup.network)
    faults = each_on_its_own(setup.faults)
    method = choose_start_method(options)
    began_s = time.monotonic()
    make_room_for(Wiring.num_descriptors(num_clients))
    # Undone from the last to the first, whatever happens; signals can do no harm until the end.
    with contextlib.ExitStack() as undo:
        try:
            signals = SignalWatch()
            undo.enter_context(signals.installed())
            wiring = Wiring(num_clients, len(faults))
            undo.callback(wiring.close)
            switch_first(wiring, faults)
        except OSError as error:
            raise RunError(
                f"the inboxes of {num_clients + 1} processes could not be made: {error.strerror}; "
                "take fewer --clients, or raise the limit of open files (ulimit -n)"
            ) from error
        undo.push(_ending(observer))
        is_followed = bool(faults) or trace is not None or observer.interval_s is not None
        plan = WorkerPlan(
            wiring=wiring,
            size=num_clients + 1,
            inputs=setup.scenario.inputs,
            output=output,
            options=options,
            network=network,
            faults=faults,
            waits=Waits.of(setup.network, PATIENCE_S + (num_clients + 1) * PATIENCE_EACH_S),
            began_s=began_s,
            tells_every_s=tells_every_s(num_clients + 1, bool(faults)) if is_followed else None,
            is_traced=trace is not None,
            is_watched=observer.interval_s is not None,
            undo=observer.undo,
            terminal=terminal_state() if observer.undo else None,
        )
        crew = Crew(method, plan, signals)
        undo.callback(crew.end_all)
        crew.start_all()
        if not plan.may_restart:
            wiring.keep_parent_ends()
        observer.begin()
        supervisor = Supervisor(crew, observer, trace)
        supervisor.watch()
    return Outcome(start_method=method, died=supervisor.lives.died)


def slowing_network(network: Network) -> Network | None:
    """What is emulated on top of what real messages take anyway; None where that is nothing.

    Raises `InputError` for what processes cannot do among themselves.
    """
    shared = next((link for link in network.links if link.bytes_per_s is not None), None)
    if shared is not None:
        between = " and ".join(map(repr, shared.between))
        raise InputError(
            [f"the link between {between} has a rate that transfers share; run this with --engine virtual, or without"]
        )
    network = msgspec.structs.replace(network, delay_s=network.own_delay_s)
    is_at_once = network.delay_s == 0 and all(not link.delay_s for link in network.links)
    return None if network.is_ideal and is_at_once else network


def tells_every_s(size: int, has_faults: bool) -> float:
    """How often each of so many processes tells; the more there are, the more rarely each of them wakes up for it."""
    least_s = TELL_SOON_S if has_faults else TELL_EVERY_S
    return max(least_s, size * least_s / 100)


def switch_first(wiring: Wiring, faults: Sequence[Fault]) -> None:
    """Switch the conditions on that hold from the beginning, before any process sends."""
    if not faults:
        return
    board = wiring.fault_board()
    for index, fault in enumerate(faults):
        board.switch(index, isinstance(fault, Condition) and fault.when == AT_ONCE)
    board.close()


def _ending(observer: Observer) -> Callable[[object, BaseException | None, object], bool]:
    def end(_kind: object, error: BaseException | None, _traceback: object) -> bool:
        try:
            observer.end()
        except OSError:
            if error is None:
                raise
            # The terminal, or whoever read the output, is gone too: why the run ended says more.
        return False

    return end


def make_room_for(num_descriptors: int) -> None:
    """Raise this process's soft limit of open files, which workers inherit, as far as the run needs it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < num_descriptors:
        if hard != resource.RLIM_INFINITY and hard < num_descriptors:
            raise RunError(
                f"this swarm needs {num_descriptors} open files a process and the limit is {hard}: "
                "take fewer --clients, or raise the hard limit (ulimit -Hn)"
            )
        resource.setrlimit(resource.RLIMIT_NOFILE, (num_descriptors, hard))
