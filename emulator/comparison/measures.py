"""The measures by which strategies are compared: what each is called, and how it comes out of a row."""

from collections.abc import Callable
from typing import Literal

import msgspec

from emulator.comparison.measure import Row

Unit = Literal["s", "x", "segments", "per segment", "per s", "index"]


class Measure(msgspec.Struct, frozen=True):
    name: str
    """For programs."""
    title: str
    """For people."""
    unit: Unit
    value: Callable[[Row], float | None]
    """None where a run did not show it."""
    phrase: str
    """What the strategy with less of it does: it `is faster` than the other one."""


def _over(part: Callable[[Row], float | None], whole: Callable[[Row], float | None]) -> Callable[[Row], float | None]:
    def value(row: Row) -> float | None:
        one, other = part(row), whole(row)
        return one / other if one is not None and other else None

    return value


MEASURES: tuple[Measure, ...] = (
    Measure("makespan_s", "makespan", "s", lambda row: row.makespan_s, "is faster"),
    Measure(
        "times_bound", "makespan ÷ bound", "x", _over(lambda row: row.makespan_s, lambda row: row.bound_s), "nearer"
    ),
    Measure("p50_s", "half of the clients done", "s", lambda row: row.p50_s, "is faster"),
    Measure("p95_s", "95 % of the clients done", "s", lambda row: row.p95_s, "is faster"),
    Measure("p99_s", "99 % of the clients done", "s", lambda row: row.p99_s, "is faster"),
    Measure("num_from_origin", "segments from the origin", "segments", lambda row: row.num_from_origin, "has fewer"),
    Measure("num_cross_zone", "segments between zones", "segments", lambda row: row.num_cross_zone, "has fewer"),
    Measure("jain_index", "evenness of the load", "index", lambda row: row.jain_index, "is less even"),
    Measure(
        "misses_per_segment",
        "misses per segment",
        "per segment",
        _over(lambda row: row.num_misses, lambda row: row.num_segments),
        "has fewer",
    ),
    Measure(
        "messages_per_segment",
        "messages per segment",
        "per segment",
        _over(lambda row: row.num_messages, lambda row: row.num_segments),
        "has fewer",
    ),
    Measure(
        "tracker_messages_per_s",
        "messages to the tracker",
        "per s",
        _over(lambda row: row.num_tracker_messages, lambda row: row.makespan_s),
        "has fewer",
    ),
    Measure("num_wasted", "segments wasted", "segments", lambda row: row.num_wasted, "has fewer"),
)

BY_NAME = {measure.name: measure for measure in MEASURES}
