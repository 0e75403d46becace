"""What each client waits for where a trace ends too early: what a person looks at when a run hangs."""

import msgspec

from emulator.checker.client import Client
from emulator.checker.known import Known
from emulator.checker.words import in_words
from emulator.protocol.messages import TRACKER


class Wait(msgspec.Struct, frozen=True):
    """One client that waits."""

    rank: int
    on: int
    """The rank that has to act next."""
    text: str
    line: int
    """Since when: the line of the trace in which the wait began."""


def waits_of(known: Known) -> tuple[Wait, ...]:
    """The waits of all clients that are alive, as far as their messages show that they wait."""
    waits = (_wait_of(known, client) for client in known.alive())
    return tuple(wait for wait in waits if wait is not None)


def _wait_of(known: Known, client: Client) -> Wait | None:
    rank = client.rank
    if client.outstanding is not None:
        line, to, request = client.outstanding
        asked = f"rank {to}" if to != TRACKER else "the tracker"
        return Wait(rank, to, f"client {rank} waits for {asked} to answer {in_words(request)}", line)
    if client.declared and not client.barriers[1]:
        return _barrier(known, client, 1, "first", client.declared)
    if known.course.second_barrier and client.asked and not client.barriers[2]:
        return _barrier(known, client, 2, "second", client.asked)
    if client.finished and not known.uploaders[rank].stopped:
        late = next((other.rank for other in known.alive() if not other.finished), TRACKER)
        why = f"client {late} is not finished" if late else "all clients are finished"
        return Wait(rank, late, f"client {rank} waits for the stop: {why}", client.finished)
    return None


def _barrier(known: Known, client: Client, number: int, name: str, line: int) -> Wait:
    def has_come(other: Client) -> bool:
        return bool(other.declared if number == 1 else other.asked)

    late = next((other.rank for other in known.alive() if not has_come(other)), TRACKER)
    if known.num_silent and number == 1:
        late = known.first_silent()
    why = f"client {late} has not come to it" if late else "every client has come to it"
    return Wait(client.rank, late, f"client {client.rank} waits for the signal of the {name} barrier: {why}", line)
