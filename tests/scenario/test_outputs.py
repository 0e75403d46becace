"""The folder of a run's outputs is made ready, and refused where it cannot be used."""

import errno
import os
import stat
from pathlib import Path

import pytest

from emulator.errors import InputError
from emulator.protocol.files import FileMetadata
from emulator.scenario.outputs import format_output, prepare_output

OLD = b"old\n" * 3


def listed(folder: Path) -> dict[str, bytes]:
    """Everything in a folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_an_output_is_the_hashes_in_order_one_a_line() -> None:
    assert format_output(FileMetadata("file1", "0" * 32 + "F" * 32)) == b"0" * 32 + b"\n" + b"F" * 32 + b"\n"
    assert format_output(FileMetadata("empty", "")) == b""


def test_older_outputs_of_the_same_names_are_taken_away_and_others_stay(tmp_path: Path) -> None:
    for name in ("client1_file1", "client1_file2", "notes"):
        (tmp_path / name).write_bytes(OLD)
    prepare_output(tmp_path, ["client1_file1", "client2_file1"])
    assert listed(tmp_path) == {"client1_file2": OLD, "notes": OLD}


def test_the_folder_is_made_where_it_is_missing(tmp_path: Path) -> None:
    prepare_output(tmp_path / "a" / "b", [])
    assert listed(tmp_path / "a" / "b") == {}


def test_a_folder_that_cannot_be_one_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(OLD)
    (tmp_path / "out" / "client1_file1").mkdir(parents=True)
    for folder, at, reason in (
        (tmp_path / "file", tmp_path / "file", "File exists"),
        (tmp_path / "file" / "out", tmp_path / "file" / "out", "Not a directory"),
        (tmp_path / "out", tmp_path / "out" / "client1_file1", os.strerror(errno.EISDIR)),
    ):
        with pytest.raises(InputError) as caught:
            prepare_output(folder, ["client1_file1"])
        assert caught.value.problems == (f"{at}: cannot be written ({reason}); choose another --output",)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="a folder that nobody can write to, root neither")
def test_a_folder_that_may_not_be_written_is_refused_before_anything_runs() -> None:
    with pytest.raises(InputError, match=r"/proc/self: cannot be written \(.*\); choose another --output"):
        prepare_output(Path("/proc/self"), [])


@pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not hold root back")
def test_a_read_only_folder_is_refused_before_anything_runs(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    with pytest.raises(InputError) as caught:
        prepare_output(tmp_path, [])
    assert caught.value.problems == (f"{tmp_path}: cannot be written (Permission denied); choose another --output",)


def test_a_full_disk_is_noticed_before_anything_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(InputError) as caught:
        prepare_output(tmp_path, ["client1_file1"])
    assert caught.value.problems == (
        f"{tmp_path}: cannot be written (No space left on device); choose another --output",
    )
    assert listed(tmp_path) == {}


def test_what_is_no_file_is_not_taken_away(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "client1_file1")
    with pytest.raises(InputError) as caught:
        prepare_output(tmp_path, ["client1_file1"])
    problem = "a device, a pipe or a socket; remove it, or choose another --output"
    assert caught.value.problems == (f"{tmp_path}/client1_file1: {problem}",)
    assert stat.S_ISFIFO((tmp_path / "client1_file1").stat().st_mode)
