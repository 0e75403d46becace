"""What the tracker records: barriers, roles, and which clients are finished or have left (T1 … T8)."""

from collections import Counter

from emulator.protocol.events import (
    BarrierOpened,
    ClientFinished,
    ClientLeft,
    RoleChanged,
)
from emulator.trace.records import Record
from emulator.trace.statistics.client import ClientStatistics
from emulator.trace.statistics.figures import Figures


def open_barrier(swarm: Figures, _: ClientStatistics, event: BarrierOpened, record: Record) -> None:
    swarm.barrier = event.number
    if event.number == 2:
        swarm.began_s = record.time_s


def change_role(swarm: Figures, _: ClientStatistics, event: RoleChanged, record: Record) -> None:
    if not 1 <= event.client <= len(swarm.clients):
        return
    client, file = swarm.clients[event.client - 1], event.file
    count = swarm.roles.setdefault(file, Counter())
    if record.time_s <= client.gone_s:
        return  # told before it went, and heard of after
    if file in client.roles:
        count[client.roles[file]] -= 1
    count[event.role] += 1
    client.roles[file] = event.role
    client.roles_s[file] = record.time_s


def finish(swarm: Figures, _: ClientStatistics, event: ClientFinished, record: Record) -> None:
    if 1 <= event.client <= len(swarm.clients):
        client = swarm.clients[event.client - 1]
        if client.restarted_s is None or record.time_s >= client.restarted_s:
            client.finished_s = record.time_s


def leave(swarm: Figures, _: ClientStatistics, event: ClientLeft, record: Record) -> None:
    if 1 <= event.client <= len(swarm.clients):
        client = swarm.clients[event.client - 1]
        if client.restarted_s is None or record.time_s >= client.restarted_s:
            client.left_s = record.time_s
        take_out(swarm, client)


def take_out(swarm: Figures, client: ClientStatistics) -> None:
    """The client is in no swarm any more in which it was before it went."""
    for file, since_s in list(client.roles_s.items()):
        if since_s <= client.gone_s:
            swarm.roles[file][client.roles.pop(file)] -= 1
            del client.roles_s[file]
