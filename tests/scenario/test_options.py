"""Options: numbers are checked when they are made, everything else when they meet a swarm."""

from pathlib import Path

import pytest

from emulator.errors import InputError
from emulator.scenario.options import Options
from emulator.strategies import STRATEGIES


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"quota": 0}, "quota 0: take at least 1 segment a round"),
        ({"numwant": -1}, "numwant -1: take at least 1 client in a list"),
        (
            {"strategy": "luck"},
            f"strategy 'luck': unknown; take one of: {', '.join(STRATEGIES)}, or path/to/file.py:Name",
        ),
        ({"start_method": "forkserver"}, "start_method 'forkserver': take 'fork' or 'spawn'"),
        ({"timeout_s": 0.0}, "timeout_s 0.0: take a time above 0, or None for no limit"),
        ({"timeout_s": float("nan")}, "timeout_s nan: take a time above 0, or None for no limit"),
        ({"pace": float("nan")}, "pace nan: take a number of segments a second above 0, or None for no limit"),
        ({"pace": 1e300}, "pace 1e+300: take a number of segments a second above 0, or None for no limit"),
        ({"arrivals_s": (0.0, -1.0)}, "arrivals_s: -1.0 is no time; take 0 to 1,000,000,000 seconds"),
        ({"stays_s": float("inf")}, "stays_s inf: take 0 to 1,000,000,000 seconds, or None for ever"),
    ],
)
def test_options_that_cannot_be_are_refused_when_they_are_made(options: dict[str, object], problem: str) -> None:
    with pytest.raises(InputError) as caught:
        Options(**options)  # type: ignore[arg-type]
    assert caught.value.problems == (problem,)


def test_all_that_is_wrong_with_options_is_said_at_once() -> None:
    with pytest.raises(InputError) as caught:
        Options(quota=0, numwant=0)
    assert len(caught.value.problems) == 2


def test_making_options_runs_no_file_of_a_strategy(tmp_path: Path) -> None:
    strategy = tmp_path / "mine.py"
    strategy.write_text("raise SystemExit('was run')\n")
    assert Options(strategy=f"{strategy}:Mine").strategy == f"{strategy}:Mine"
