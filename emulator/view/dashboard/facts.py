"""What is shown of a run beside its statistics, and what follows: how far it is, who is stuck, who is gone."""

from collections.abc import Sequence
from dataclasses import dataclass

from emulator.scenario.options import Options
from emulator.scenario.setup import Setup
from emulator.trace.statistics import SwarmStatistics
from emulator.trace.statistics.client import ClientStatistics
from emulator.view.text import plural

SILENT_S = 3.0
"""A client that downloads and has not been heard of for so long is told of,"""
SILENT_INTERVALS = 10
"""where that is so many times as long as clients are silent on average: a slow swarm is not a stuck one."""


@dataclass(frozen=True)
class Facts:
    """What is shown of a run beside its statistics."""

    title: str
    """What runs: scenario, engine, strategy."""
    goals: Sequence[int]
    """How many segments each client has to get."""
    wanted: Sequence[Sequence[str]]
    """The files that each client wants."""
    note: str = ""
    """Said beside the time: a pace, how a replay goes."""
    patience_s: float = 0.0
    """How long a client may be silent in this run, and not be stuck."""


def facts_of(setup: Setup) -> Facts:
    """The facts of a run that begins."""
    scenario, options = setup.scenario, setup.options
    return Facts(
        title=f"{scenario.inputs}: {plural(setup.num_clients, 'client')}, strategy {options.strategy}",
        goals=scenario.wanted_segments(),
        wanted=[client.wanted for client in scenario.clients],
        patience_s=_patience_s(setup),
        note=note_of(options),
    )


def note_of(options: Options) -> str:
    """The pace of a slowed run; empty for any other."""
    return f"slowed to {options.pace:g} segments/s a client" if options.pace else ""


def _patience_s(setup: Setup) -> float:
    """The longest that a client may wait for a segment: for a visit to a seed that all clients share, and for the
    arrival of the last client.
    """
    visit_s = setup.options.quota * setup.num_clients * setup.network.longest_segment_s
    return visit_s + max(setup.options.arrivals_s, default=0.0)


def in_reach(client: ClientStatistics, goal: int) -> int:
    """How many segments of its goal the client has or may still get, as far as is known by now."""
    if client.is_dead or client.left_s is not None or client.finished_s is not None:
        return client.num_held
    begun = (client.files[file] for file in client.unavailable if file in client.files)
    return max(client.num_held, goal - sum(file.num_segments - file.num_present for file in begun))


def progress(statistics: SwarmStatistics, goals: Sequence[int]) -> tuple[int, int]:
    """How many segments there are, and how many there may be at the end: what can never come is not waited for."""
    held = sum(client.num_held for client in statistics.clients)
    return held, sum(in_reach(client, goal) for client, goal in zip(statistics.clients, goals, strict=True))


def silences(statistics: SwarmStatistics, elapsed_s: float, patience_s: float = 0.0) -> dict[int, float]:
    """Clients that download and were not heard of for long, and for how many seconds: who is stuck.

    `patience_s` is how long one may well be silent in this run. One that a fault makes stand still is not stuck.
    """
    if not statistics.num_records:
        return {}
    interval_s = elapsed_s * len(statistics.clients) / statistics.num_records
    least_s = max(SILENT_S, SILENT_INTERVALS * interval_s, patience_s)
    return {
        client.rank: elapsed_s - client.latest_s
        for client in statistics.clients
        if client.downloading is not None and not client.pause and elapsed_s - client.latest_s >= least_s
    }


def lacking(statistics: SwarmStatistics) -> set[int]:
    """The clients that have given files up."""
    return {client.rank for client in statistics.clients if client.unavailable}


def standing(client: ClientStatistics) -> str:
    """What a client does, in the protocol's words, or what became of it."""
    if client.is_dead:
        return "died"
    if client.pause:
        return "stands still"
    return "departed" if client.left_s is not None else client.state
