"""Shared by all tests: how deep properties are searched, and swarms on disk."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from emulator.scenario.generate import Shape, generate
from emulator.scenario.scenario import Scenario, write_inputs

settings.register_profile("quick", max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("deep", max_examples=2_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

for signum in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
    # A shell starts background jobs with these ignored, and the programs under test would rightly leave it so.
    if signal.getsignal(signum) is signal.SIG_IGN:
        signal.signal(signum, signal.default_int_handler if signum == signal.SIGINT else signal.SIG_DFL)

SAMPLES = Path(__file__).parent.parent / "samples"

MakeScenario = Callable[[Shape], Scenario]


@pytest.fixture
def make_scenario(tmp_path: Path) -> MakeScenario:
    """Write a generated swarm into a folder of its own."""
    count = 0

    def make(shape: Shape) -> Scenario:
        nonlocal count
        count += 1
        return write_inputs(tmp_path / f"inputs{count}", generate(shape))

    return make
