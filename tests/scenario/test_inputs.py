"""Reading an input file from disk: files that are missing, of another kind, or too large."""

import os
from pathlib import Path

import pytest

from emulator.errors import InputError
from emulator.protocol.files import ClientInput, FileMetadata
from emulator.scenario.inputs import MAX_INPUT_BYTES, read_input
from emulator.scenario.scenario import format_input


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "in1.txt"
    with pytest.raises(InputError) as caught:
        read_input(path)
    expected = f"{path}: cannot be read (No such file or directory); check the name and its permissions"
    assert caught.value.problems == (expected,)


def test_a_fifo_a_device_and_a_folder_are_refused_without_being_opened(tmp_path: Path) -> None:
    """Opening a FIFO that has no writer would block for ever."""
    fifo, folder, device = tmp_path / "fifo", tmp_path / "folder", tmp_path / "device"
    os.mkfifo(fifo)
    folder.mkdir()
    device.symlink_to("/dev/zero")
    for path in (fifo, folder, device):
        with pytest.raises(InputError) as caught:
            read_input(path)
        assert caught.value.problems == (f"{path}: not a regular file; give a text file",)


def test_a_file_beyond_all_measure_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "in1.txt"
    path.touch()
    size = MAX_INPUT_BYTES + 1
    os.truncate(path, size)  # a sparse file: it takes no room
    with pytest.raises(InputError) as caught:
        read_input(path)
    assert caught.value.problems == (f"{path}: {size} bytes; an input file has at most {MAX_INPUT_BYTES}",)


def test_an_input_with_a_hundred_thousand_segments_is_read_whole(tmp_path: Path) -> None:
    client = ClientInput((FileMetadata("long", "".join(f"{number:032x}" for number in range(100_000))),), ())
    path = tmp_path / "in1.txt"
    path.write_bytes(format_input(client))
    assert read_input(path).content == client
