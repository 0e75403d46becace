"""Histories written by hand: right ones that keep every rule, wrong ones that break one rule each and no other.

In most of them client 1 owns a file of three segments, and the others want it. One module for the rules of a few steps
each; importing it adds its histories to `RIGHT` or `WRONG_ONES`.
"""

from tests.checker.corpus import (
    barriers,
    connections,
    delivery,
    ends,
    files,
    questions,
    right,
    right_deaths,
    right_losses,
    rounds,
    seeds,
    segments,
    swarms,
)
from tests.checker.corpus.beginnings import RIGHT, WRONG_ONES, Wrong

__all__ = [
    "RIGHT",
    "WRONG_ONES",
    "Wrong",
    "barriers",
    "connections",
    "delivery",
    "ends",
    "files",
    "questions",
    "right",
    "right_deaths",
    "right_losses",
    "rounds",
    "seeds",
    "segments",
    "swarms",
]
