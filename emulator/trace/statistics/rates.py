"""How fast segments move: the difference between two moments of one run."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from emulator.trace.statistics.swarm import SwarmStatistics

RATE_WINDOW_S = 1.0


@dataclass(frozen=True)
class Rates:
    """Segments a second, over about the last `RATE_WINDOW_S`."""

    total: float
    down: Sequence[float]
    """By client, rank 1 first; so is `up`."""
    up: Sequence[float]


class Sample(NamedTuple):
    """The counts of one moment."""

    time_s: float
    num_transferred: int
    got: Sequence[int]
    given: Sequence[int]


def sample(time_s: float, statistics: SwarmStatistics) -> Sample:
    clients = statistics.clients
    got, given = [client.num_got for client in clients], [client.num_given for client in clients]
    return Sample(time_s, statistics.num_transferred, got, given)


def rates_between(then: Sample, now: Sample, span_s: float) -> Rates:
    """The rates over `span_s` seconds; all are 0 if no time has passed."""
    if span_s <= 0:
        return Rates(0.0, [0.0] * len(now.got), [0.0] * len(now.got))
    return Rates(
        (now.num_transferred - then.num_transferred) / span_s,
        [(here - before) / span_s for here, before in zip(now.got, then.got, strict=True)],
        [(here - before) / span_s for here, before in zip(now.given, then.given, strict=True)],
    )


class RateMeter:
    """The rates of a run that is looked at now and then."""

    def __init__(self) -> None:
        self._samples: deque[Sample] = deque()

    def sample(self, now_s: float, statistics: SwarmStatistics) -> Rates:
        """Look at the statistics at this time, and return the rates since about a second before."""
        samples = self._samples
        samples.append(sample(now_s, statistics))
        while len(samples) > 2 and now_s - samples[1].time_s >= RATE_WINDOW_S:
            samples.popleft()
        return rates_between(samples[0], samples[-1], now_s - samples[0].time_s)
