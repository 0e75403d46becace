"""Grids, jobs and rows for tests."""

from typing import Any

import msgspec

from emulator.comparison.grid import Grid, Job
from emulator.comparison.measure import Row
from emulator.comparison.subjects import Subject

SMALL = Subject(num_clients=4, num_seeds=1, num_segments=3)


def grid(**fields: Any) -> Grid:
    """A small comparison."""
    return Grid(**{"strategies": ("peers-first",), "clients": (4,), "num_segments": 3, "repeat": 2, **fields})


def job(rng_seed: int = 0, strategy: str = "peers-first", subject: Subject = SMALL) -> Job:
    return Job(subject=subject, strategy=strategy, rng_seed=rng_seed)


def row(of: Job | None = None, **fields: Any) -> Row:
    """A row of a run that nobody made."""
    whole = Row(
        job=of or job(),
        num_clients=4,
        is_proven=True,
        makespan_s=2.0,
        bound_s=1.0,
        bound="rounds",
        num_leechers=3,
        num_done=3,
        times_s=(1.0, 1.5, 2.0),
        p50_s=1.5,
        p95_s=2.0,
        p99_s=2.0,
        segment_bytes=1,
        num_segments=9,
        num_from_origin=5,
        num_cross_zone=None,
        num_wasted=0,
        jain_index=0.5,
        num_misses=3,
        num_messages=40,
        num_tracker_messages=20,
    )
    return msgspec.structs.replace(whole, **fields)
