"""A few of the runs that `benchmarks/ends.py` makes by the hundred."""

import pytest

from tests.ends.storms import TRIALS, storm


@pytest.mark.parametrize(("name", "runs"), [("kills", 8), ("signals", 3), ("resume", 2)])
def test_whenever_a_run_is_ended_it_leaves_what_is_promised(name: str, runs: int) -> None:
    tally = storm(name, TRIALS[name], runs)
    assert tally.failures == []
    assert tally.kinds.total() == runs
