"""Traces to export."""

from pathlib import Path

import pytest

from emulator import read_scenario, run
from tests.conftest import SAMPLES


@pytest.fixture(scope="session")
def sample_trace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The trace of a real run of the sample swarm."""
    folder = tmp_path_factory.mktemp("sample")
    assert run(read_scenario(SAMPLES), folder / "out", trace=folder / "run.jsonl").is_proven
    return folder / "run.jsonl"
