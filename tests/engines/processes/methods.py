"""Ways to start processes."""

import sys
from typing import Literal

import pytest

METHODS: tuple[Literal["fork", "spawn"], ...] = ("spawn",) if sys.platform == "darwin" else ("fork", "spawn")
method = pytest.mark.parametrize("method", METHODS)
LEAKED_BY_FORK = 4
"""`multiprocessing` leaves two pipes open where the system has no process to give."""
