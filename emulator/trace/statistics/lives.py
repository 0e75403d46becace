"""The stations of a client's life, P1 … P4, D2, D8 and U5; and what goes wrong: deaths, restarts and faults."""

from emulator.faults import kind_of
from emulator.protocol.events import (
    Arrived,
    BarrierPassed,
    Died,
    DownloadsFinished,
    FaultBegan,
    FaultEnded,
    Reported,
    Restarted,
    ThreadEnded,
    ThreadFailed,
    ThreadStarted,
)
from emulator.trace.records import Record
from emulator.trace.statistics.client import ClientStatistics
from emulator.trace.statistics.downloads import settle
from emulator.trace.statistics.figures import Figures
from emulator.trace.statistics.roles import take_out


def start_thread(_swarm: Figures, client: ClientStatistics, _event: ThreadStarted, record: Record) -> None:
    if record.thread == "main":
        client.state = "reading its input"


def report(swarm: Figures, client: ClientStatistics, _event: Reported, _: Record) -> None:
    swarm.num_reported += not client.num_restarts
    client.state = "waiting at barrier 1"


def pass_barrier(_swarm: Figures, client: ClientStatistics, event: BarrierPassed, _: Record) -> None:
    client.state = "waiting at barrier 2" if event.number == 1 else "downloading"


def arrive(_swarm: Figures, client: ClientStatistics, _event: Arrived, record: Record) -> None:
    client.arrived_s = record.time_s


def end_downloads(_swarm: Figures, client: ClientStatistics, _event: DownloadsFinished, _: Record) -> None:
    client.state = "finished, uploading"


def end_thread(_swarm: Figures, client: ClientStatistics, _event: ThreadEnded, record: Record) -> None:
    if record.thread == "main":
        client.state = "ended"


def fail(_swarm: Figures, client: ClientStatistics, _event: ThreadFailed, record: Record) -> None:
    client.state = f"failed in its {record.thread} thread"


def die(swarm: Figures, client: ClientStatistics, _event: Died, record: Record) -> None:
    client.died_s, client.is_dead, client.state = record.time_s, True, "died"
    client.num_open, client.downloading, client.source = 0, None, ""
    settle(swarm, client)
    if client.pause:
        count_fault_out(swarm, client.pause)
        client.pause = ""
    take_out(swarm, client)


def restart(swarm: Figures, client: ClientStatistics, event: Restarted, record: Record) -> None:
    client.restarted_s, client.is_dead, client.state = record.time_s, False, "restarted"
    client.num_restarts += 1
    client.num_held = 0  # until it records what it finds on its disk
    # Records of the tracker may be ahead of this one, and tell of the new life.
    if client.left_s is not None and client.left_s < record.time_s:
        client.left_s = None
    if client.finished_s is not None and client.finished_s < record.time_s:
        client.finished_s = None
    for file in client.unavailable:
        swarm.unavailable[file] -= 1
    client.unavailable.clear()
    client.not_written.clear()
    client.files.clear()
    if not event.is_state_kept:
        client.written_s.clear()


def begin_fault(swarm: Figures, client: ClientStatistics, event: FaultBegan, record: Record) -> None:
    swarm.faults_begun.add(event.fault)
    kind = kind_of(event.fault)
    if kind.is_fatal:  # the death that follows is shown instead
        return
    swarm.faults[event.fault] += 1
    if record.rank and kind.stops:
        client.pause = event.fault


def end_fault(swarm: Figures, client: ClientStatistics, event: FaultEnded, record: Record) -> None:
    if record.rank and kind_of(event.fault).stops:
        if client.pause != event.fault:
            return  # the client died meanwhile, which ended the pause
        client.pause = ""
    count_fault_out(swarm, event.fault)


def count_fault_out(swarm: Figures, fault: str) -> None:
    swarm.faults[fault] -= 1
    if not swarm.faults[fault]:
        del swarm.faults[fault]
