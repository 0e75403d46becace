"""A small swarm, and the trace of its run."""

import tempfile
from pathlib import Path

import pytest

from emulator.protocol.files import ClientInput, FileMetadata
from emulator.running.run import run
from emulator.scenario.scenario import Scenario, write_inputs
from tests.commands.traces import HASHES


@pytest.fixture(scope="package")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    """Client 1 owns a file of three segments, client 2 wants it: all but the order of some lines is known."""
    file = FileMetadata("notes", "".join(HASHES))
    return write_inputs(tmp_path_factory.mktemp("pair"), [ClientInput((file,), ()), ClientInput((), ("notes",))])


@pytest.fixture(scope="package")
def trace(pair: Scenario, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The trace of a run of `pair` that went well."""
    folder = tmp_path_factory.mktemp("run")
    assert run(pair, folder / "out", trace=folder / "run.jsonl").is_proven
    return folder / "run.jsonl"


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of temporary files, empty."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder
