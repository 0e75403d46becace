"""What can be said of a quantity that was measured a few times: its median, within which limits, and against another.

The interval of a median is that of order statistics: of n independent measurements, in order, the median of whatever
they were drawn from lies between the k-th and the k-th last with a probability of at least 1 - 2 P(B < k), where B is
binomial with n tries of 1/2 (Le Boudec, *Performance Evaluation of Computer and Communication Systems*, theorem 2.1).
That holds for every distribution, is exact for few measurements, and draws no random numbers. The price is that it
needs six of them; with fewer, no interval is known with 95 % confidence, and none is given.
*Rejected:* Student's interval, which takes times of completion for normal and bounds a mean; the bootstrap, whose
intervals are too narrow for so few values.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import comb
from statistics import median

import msgspec

CONFIDENCE = Fraction(95, 100)
FEWEST = 6
"""Measurements that an interval needs: 1 - 2 / 2^n is 0.9375 for five, 0.96875 for six."""


class Estimate(msgspec.Struct, frozen=True):
    """A median, and the limits of its interval; None where there were too few measurements."""

    median: float
    low: float | None
    high: float | None
    num: int
    """Measurements."""


class Verdict(msgspec.Struct, frozen=True):
    """By how much of the larger one the smaller is smaller, at least and at most, as shares."""

    least: float
    most: float


def estimate(values: Sequence[float]) -> Estimate | None:
    """None where nothing was measured."""
    if not values:
        return None
    ordered = sorted(values)
    rank = interval_rank(len(ordered))
    low, high = (ordered[rank - 1], ordered[-rank]) if rank else (None, None)
    return Estimate(median(ordered), low, high, len(ordered))


def interval_rank(num: int) -> int:
    """The largest k for which the k-th and the k-th last of so many values bound the median well enough; 0 for none."""
    below, rank = Fraction(0), 0
    while 2 * (below + Fraction(comb(num, rank), 2**num)) <= 1 - CONFIDENCE:
        below += Fraction(comb(num, rank), 2**num)
        rank += 1
    return rank


def judge(less: Estimate, more: Estimate) -> Verdict | None:
    """Whether the first is certainly smaller; None where the intervals touch, or where there is none.

    That two intervals of 95 % do not touch by mere chance has a probability of less than 5 %.
    """
    if less.low is None or less.high is None or more.low is None or more.high is None or less.high >= more.low:
        return None
    return Verdict(1 - less.high / more.low, 1 - less.low / more.high)
