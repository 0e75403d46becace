"""How a worker process lives with its parent: whose signals are whose, and what it does when the parent is gone."""

import os
import select
import signal
import termios
from typing import Any

from emulator.engines.processes.packet_queue import PacketQueue
from emulator.engines.processes.plan import WorkerPlan
from emulator.engines.workers.journal import Journal
from emulator.interrupts import ENDING_SIGNALS
from emulator.protocol.messages import TRACKER

STDOUT = 1


def take_signals() -> None:
    """The terminal's signals are the parent's business; what ends a worker from outside is SIGTERM or SIGKILL.

    SIGQUIT, which ends the parent at once, leaves the tracker to give the terminal back. A send to a dead rank is an
    error to handle and not a SIGPIPE, whatever a program that uses this package has set.
    """
    signal.set_wakeup_fd(-1)
    for signum in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGTTOU, signal.SIGPIPE):
        signal.signal(signum, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING_SIGNALS)


def watch_parent(rank: int, plan: WorkerPlan, journal: Journal) -> None:
    """End with the parent, whatever killed it. Only the tracker is left then to give the terminal back."""
    life = plan.wiring.life()
    try:
        if plan.tells_every_s is not None:
            _tell_regularly(life, journal, plan.tells_every_s)
        life.get()
    except EOFError:
        if any(fault.stops for fault in plan.faults):
            os.killpg(0, signal.SIGCONT)  # a stopped process has to go on to notice
        if rank == TRACKER and plan.terminal is not None:
            os.write(STDOUT, plan.undo)
            termios.tcsetattr(STDOUT, termios.TCSANOW, plan.terminal)
    finally:
        os._exit(1)


def _tell_regularly(life: PacketQueue, journal: Journal, every_s: float) -> None:
    """Until the parent is gone: it can show, and merge into a trace, only what all workers have told."""
    ended = select.poll()
    ended.register(life.fileno(), select.POLLIN)
    journal.flush()
    while not ended.poll(every_s * 1000):
        journal.flush()


def terminal_state() -> list[Any] | None:
    """The settings of the terminal that stdout is; None where it is none."""
    try:
        return termios.tcgetattr(STDOUT)
    except (termios.error, OSError, ValueError):
        return None
