"""What is shown of a run beside its statistics, and what follows from both: progress, and clients that are stuck."""

from collections.abc import Sequence
from dataclasses import dataclass

from emulator.scenario.options import Options
from emulator.scenario.setup import Setup
from emulator.trace.statistics import SwarmStatistics
from emulator.trace.statistics.client import ClientStatistics
from emulator.view.text import plural

SILENT_S = 3.0
"""A downloading client counts as silent after so long without an event …"""
SILENT_INTERVALS = 10
"""… and after so many average intervals between its events: a slow swarm is not a stuck one."""


@dataclass(frozen=True)
class Facts:
    """What is shown of a run beside its statistics."""

    title: str
    """What runs: scenario, clients, strategy."""
    goals: Sequence[int]
    """Segments that each client must get."""
    wanted: Sequence[Sequence[str]]
    """The files that each client wants."""
    note: str = ""
    """Shown beside the title: a pace, or that this is a replay."""
    patience_s: float = 0.0
    """How long a client may be silent in this run without being stuck."""


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
    """The longest wait that is normal: for a seed that all clients share, and for the last client to arrive."""
    visit_s = setup.options.quota * setup.num_clients * setup.network.longest_segment_s
    return visit_s + max(setup.options.arrivals_s, default=0.0)


def in_reach(client: ClientStatistics, goal: int) -> int:
    """Segments of its goal that the client has, or may still get as far as is known."""
    if client.is_dead or client.left_s is not None or client.finished_s is not None:
        return client.num_held
    begun = (client.files[file] for file in client.unavailable if file in client.files)
    return max(client.num_held, goal - sum(file.num_segments - file.num_present for file in begun))


def progress(statistics: SwarmStatistics, goals: Sequence[int]) -> tuple[int, int]:
    """Segments that all clients have, and those that they can have at the end: lost ones are not waited for."""
    held = sum(client.num_held for client in statistics.clients)
    return held, sum(in_reach(client, goal) for client, goal in zip(statistics.clients, goals, strict=True))


def silences(statistics: SwarmStatistics, elapsed_s: float, patience_s: float = 0.0) -> dict[int, float]:
    """Downloading clients that seem to be stuck, by rank, with the seconds since their last event.

    A client may be silent for `patience_s` in this run. A client that a fault pauses is not stuck.
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
    """The clients that lack an output: they gave a file up, or had no room for it."""
    return {client.rank for client in statistics.clients if client.is_lacking}


def standing(client: ClientStatistics) -> str:
    """What a client does, or what became of it."""
    if client.is_dead:
        return "died"
    if client.pause:
        return "stands still"
    return "departed" if client.left_s is not None else client.state


def has_all(client: ClientStatistics) -> bool:
    """Whether the client has finished, and has an output of every file that it wanted."""
    return client.finished_s is not None and not client.is_lacking
