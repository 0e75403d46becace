"""Statistics of a few measurements: the median, its confidence interval, and the comparison of two medians.

The confidence interval is that of order statistics. The median of the distribution behind n independent, sorted
measurements lies between the k-th and the k-th last with a probability of at least 1 - 2 P(B < k), where B is binomial
with n tries of 1/2 (Le Boudec, *Performance Evaluation of Computer and Communication Systems*, theorem 2.1). This holds
for every distribution, is exact for few measurements, and draws no random numbers. It needs at least six measurements;
with fewer, there is no interval with 95 % confidence.
*Rejected:* Student's interval, which takes times of completion for normal and bounds a mean; the bootstrap, whose
intervals are too narrow for so few values.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import comb
from statistics import median

import msgspec

CONFIDENCE = Fraction(95, 100)
MIN_MEASUREMENTS = 6
"""Measurements that an interval needs: 1 - 2 / 2^n is 0.9375 for five, 0.96875 for six."""


class Estimate(msgspec.Struct, frozen=True):
    """A median and the limits of its interval, which are None if there are too few measurements."""

    median: float
    low: float | None
    high: float | None
    num: int
    """Measurements."""


class Verdict(msgspec.Struct, frozen=True):
    """By which share of the larger value the smaller one is smaller, at least and at most."""

    least: float
    most: float


def estimate(values: Sequence[float]) -> Estimate | None:
    """Estimate the median; None without measurements."""
    if not values:
        return None
    ordered = sorted(values)
    rank = interval_rank(len(ordered))
    low, high = (ordered[rank - 1], ordered[-rank]) if rank else (None, None)
    return Estimate(median(ordered), low, high, len(ordered))


def interval_rank(num: int) -> int:
    """The largest k for which the k-th and k-th last of `num` values bound the median well enough; 0 if none."""
    below, rank = Fraction(0), 0
    while 2 * (below + Fraction(comb(num, rank), 2**num)) <= 1 - CONFIDENCE:
        below += Fraction(comb(num, rank), 2**num)
        rank += 1
    return rank


def judge(less: Estimate, more: Estimate) -> Verdict | None:
    """By how much the first is smaller; None if the intervals touch or are missing.

    Two 95 % intervals of equal medians miss each other by chance with a probability below 5 %.
    """
    if less.low is None or less.high is None or more.low is None or more.high is None or less.high >= more.low:
        return None
    return Verdict(1 - less.high / more.low, 1 - less.low / more.high)
