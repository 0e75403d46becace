"""A client's disk: its own input, and its own outputs under the names that the format gives them."""

from pathlib import Path

from emulator.protocol.files import ClientInput, FileMetadata
from emulator.scenario.scenario import write_inputs
from emulator.scenario.storage import DirectoryStorage


def test_each_rank_reads_its_own_input_and_writes_under_its_own_name(tmp_path: Path) -> None:
    metadata = FileMetadata("file1", "a" * 32 + "b" * 32)
    clients = [ClientInput((metadata,), ()), ClientInput((), ("file1",))]
    write_inputs(tmp_path / "in", clients)
    (tmp_path / "out").mkdir()
    for rank, client in enumerate(clients, 1):
        storage = DirectoryStorage(tmp_path / "in", tmp_path / "out", rank)
        assert storage.read_input() == client
        storage.write_output(metadata)
    expected = "a" * 32 + "\n" + "b" * 32 + "\n"
    assert {path.name: path.read_text() for path in (tmp_path / "out").iterdir()} == {
        "client1_file1": expected,
        "client2_file1": expected,
    }
