"""One run of a comparison, in virtual time, and what is measured in it. Nothing is assumed, nothing extrapolated."""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from emulator.comparison.bounds import BoundName, lower_bound
from emulator.comparison.grid import Job
from emulator.comparison.subjects import setup_of
from emulator.running.result import RunResult
from emulator.running.run import run
from emulator.scenario.network import Network
from emulator.scenario.setup import Setup
from emulator.trace.records import Record
from emulator.trace.statistics import SwarmStatistics

MAX_TIMES = 1_001
"""Completion times that are kept of one run, for plots; of more clients, those at evenly spaced ranks."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What one run showed. Times are virtual, in seconds from the moment at which all may download."""

    job: Job
    num_clients: int
    is_proven: bool
    """Whether every wanted file is complete and right."""
    makespan_s: float | None
    """When the last client had everything; None where one never had, or where the run is not proven."""
    bound_s: float | None
    """No strategy has a shorter makespan; None where no bound is known."""
    bound: BoundName | None
    num_leechers: int
    """Clients that had something to download."""
    num_done: int
    """Those of them that got everything, with outputs that are right."""
    times_s: tuple[float, ...]
    """In order, how long each of these took, from its own arrival on; at most 1,001 of them."""
    p50_s: float | None
    """Half of all leechers had everything within this time; None where so many never had. Likewise the others."""
    p95_s: float | None
    p99_s: float | None
    segment_bytes: int
    num_segments: int
    """Segments got."""
    num_from_origin: int
    """Segments sent by clients that owned a file from the start, of use or not."""
    num_cross_zone: int | None
    """Of those got, given by a client of another zone; None where there are no zones."""
    num_wasted: int
    """Segments sent in vain: late, lost, doubled or wrong."""
    jain_index: float
    """How evenly segments were given, over all clients."""
    num_misses: int
    num_messages: int | None
    num_tracker_messages: int | None
    """Messages that the tracker got."""


class _Statistics:
    """An observer that keeps the statistics of a run, and calls `tick` now and then."""

    interval_s: float | None = 1.0
    undo = b""

    def __init__(self, tick: Callable[[], None]) -> None:
        self.kept: SwarmStatistics | None = None
        self.tick = tick

    def watch(self, statistics: SwarmStatistics) -> "_Statistics":
        self.kept = statistics
        return self

    def begin(self) -> None: ...
    def observe(self, records: Sequence[Record]) -> None: ...
    def end(self) -> None: ...


def measure(job: Job, tick: Callable[[], None] = lambda: None, timeout_s: float | None = None) -> Row:
    """Run it, and give it up after `timeout_s` of the clock on the wall; `tick` is called about once a second of it.

    Raises `InputError` and `RunError` as `emulator.running.run.run` does.
    """
    setup = setup_of(job.subject)
    options = msgspec.structs.replace(setup.options, strategy=job.strategy, rng_seed=job.rng_seed, timeout_s=timeout_s)
    statistics = _Statistics(tick)
    result = run(setup.scenario, None, options, statistics.watch)
    given = statistics.kept.given if statistics.kept else {}
    return _row(job, setup, result, given)


def _row(job: Job, setup: Setup, result: RunResult, given: Mapping[tuple[int, int], int]) -> Row:
    clients, network = setup.scenario.clients, setup.network
    leechers = [rank for rank, num_segments in enumerate(setup.scenario.wanted_segments(), 1) if num_segments]
    times_s = _times_s(_done(leechers, result), setup, result)
    has_makespan = result.is_proven and len(times_s) == len(leechers)  # that of survivors alone is none
    bound = lower_bound(clients, network, setup.options.arrivals_s)
    num_sent = _num_sent(result, given)
    return Row(
        job=job,
        num_clients=len(clients),
        is_proven=result.is_proven,
        makespan_s=result.makespan_s if has_makespan else None,
        bound_s=bound.makespan_s if bound else None,
        bound=bound.name if bound else None,
        num_leechers=len(leechers),
        num_done=len(times_s),
        times_s=some_of(times_s),
        p50_s=quantile(times_s, len(leechers), 50),
        p95_s=quantile(times_s, len(leechers), 95),
        p99_s=quantile(times_s, len(leechers), 99),
        segment_bytes=network.segment_bytes,
        num_segments=result.num_segments,
        num_from_origin=sum(num for client, num in zip(clients, num_sent, strict=True) if client.owned),
        num_cross_zone=_num_cross_zone(network, given),
        num_wasted=sum(num_sent) - sum(given.values()),
        jain_index=result.jain_index,
        num_misses=sum(client.num_misses for client in result.clients),
        num_messages=result.num_messages,
        num_tracker_messages=result.num_tracker_messages,
    )


def _done(leechers: Sequence[int], result: RunResult) -> list[int]:
    """Those that lack nothing, as their outputs show: who gave a file up came to an end as well."""
    lacking = {check.client for check in result.verification.outputs if check.verdict != "right"}
    return [rank for rank in leechers if rank not in lacking]


def _times_s(done: Sequence[int], setup: Setup, result: RunResult) -> list[float]:
    """How long it took each of these, in order; without those that died before they could tell."""
    arrivals_s = setup.options.arrivals_s
    finished = ((rank, result.clients[rank - 1].finished_s) for rank in done)
    return sorted(time_s - (arrivals_s[rank] if arrivals_s else 0.0) for rank, time_s in finished if time_s is not None)


def _num_sent(result: RunResult, given: Mapping[tuple[int, int], int]) -> list[int]:
    """What each client sent: by its own count, or by those who got it where it died before it could tell."""
    num_given = [0] * len(result.clients)
    for (uploader, _), count in given.items():
        num_given[uploader - 1] += count
    return [max(client.num_uploaded, num) for client, num in zip(result.clients, num_given, strict=True)]


def _num_cross_zone(network: Network, given: Mapping[tuple[int, int], int]) -> int | None:
    if not network.zones:
        return None
    zone_of = network.zone_numbers()
    return sum(count for (uploader, downloader), count in given.items() if zone_of[uploader] != zone_of[downloader])


def quantile(ordered: Sequence[float], num: int, percent: int) -> float | None:
    """The time within which at least so many percent of `num` were done; None where that many never were.

    The nearest rank: one of the measured times, never a mean of two.
    """
    rank = -(-num * percent // 100)
    return ordered[rank - 1] if 0 < rank <= len(ordered) else None


def some_of(ordered: Sequence[float]) -> tuple[float, ...]:
    """All, or as many at evenly spaced ranks, the first and the last among them."""
    if len(ordered) <= MAX_TIMES:
        return tuple(ordered)
    return tuple(ordered[index * (len(ordered) - 1) // (MAX_TIMES - 1)] for index in range(MAX_TIMES))
