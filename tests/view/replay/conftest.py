"""The fixtures of replays: one real trace, and one written by hand."""

from pathlib import Path

import pytest

from emulator.replay.player import Player
from emulator.replay.recording import Recording
from emulator.trace.records import Record
from tests.replay.traces import player_of, read, records_of, trace_samples, written_by_hand


@pytest.fixture(scope="package")
def traced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trace_samples(tmp_path_factory.mktemp("traced"))


@pytest.fixture(scope="package")
def recording(traced: Path) -> Recording:
    return read(traced)


@pytest.fixture(scope="package")
def records(traced: Path) -> list[Record]:
    return records_of(traced)


@pytest.fixture
def hand(tmp_path: Path) -> Player:
    return player_of(written_by_hand(), tmp_path)
