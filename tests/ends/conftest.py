"""Swarms for the tests of how runs end."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.scenario.generate import Shape, generate
from emulator.scenario.scenario import Scenario, write_inputs
from tests.ends.runs import StartRun, starting

collect_ignore_glob = ["test_*.py"] if sys.platform != "linux" else []  # they look into /proc


@pytest.fixture(scope="package")
def endless(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    """A swarm that lasts far longer than any test lets it."""
    shape = Shape(clients=4, files=4, segments=(10_000, 10_000))
    return write_inputs(tmp_path_factory.mktemp("endless") / "inputs", generate(shape))


@pytest.fixture(scope="package")
def short(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    """A swarm that lasts long enough to be stopped in the middle, also by a test that has to wait for its turn."""
    shape = Shape(clients=4, files=4, segments=(3_000, 3_000))
    return write_inputs(tmp_path_factory.mktemp("short") / "inputs", generate(shape))


@pytest.fixture
def start(endless: Scenario, tmp_path: Path) -> Iterator[StartRun]:
    yield from starting(endless, tmp_path)
