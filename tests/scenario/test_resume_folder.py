"""The folder of stored segments, before and after a run."""

import random
from pathlib import Path

import pytest

from emulator.errors import InputError
from emulator.protocol.files import FileMetadata
from emulator.scenario.outputs import prepare_output, tidy_output
from emulator.scenario.storage import DirectoryStorage

FILE = FileMetadata("file1", random.Random(1).randbytes(12 * 16).hex())


@pytest.fixture
def output(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


def disk(output: Path, rank: int = 1) -> DirectoryStorage:
    """The disk of a client that stores its segments."""
    return DirectoryStorage(output.parent / "in", output, rank, is_storing=True)


def everything(output: Path) -> list[str]:
    return sorted(str(path.relative_to(output)) for path in output.rglob("*"))


def leave_a_cut_run(output: Path) -> None:
    """A file that is whole, one that is not, and one of another swarm."""
    disk(output).write_output(FileMetadata("file2", FILE.hashes))
    disk(output).store("file1", 0, FILE.segment(0))
    disk(output, rank=9).store("other", 0, FILE.segment(0))


NAMES = ["client1_file1", "client1_file2"]
ALL_OF_A_CUT_RUN = [".resume", ".resume/client1_file1", ".resume/client9_other", "client1_file2"]


def test_a_run_that_resumes_finds_everything_and_another_one_nothing_of_its_names(output: Path) -> None:
    leave_a_cut_run(output)
    prepare_output(output, NAMES, is_resumed=True)
    assert everything(output) == ALL_OF_A_CUT_RUN
    prepare_output(output, NAMES)
    assert everything(output) == [".resume", ".resume/client9_other"]


def test_after_a_run_what_is_stored_stays_only_where_it_is_kept(output: Path) -> None:
    leave_a_cut_run(output)
    tidy_output(output, NAMES, is_kept=True)
    assert everything(output) == ALL_OF_A_CUT_RUN
    tidy_output(output, NAMES, is_kept=False)
    assert everything(output) == [".resume", ".resume/client9_other", "client1_file2"]


def test_a_folder_of_stored_segments_goes_when_it_is_empty(output: Path) -> None:
    disk(output).store("file1", 0, FILE.segment(0))
    disk(output).write_output(FILE)
    tidy_output(output, NAMES, is_kept=True)
    assert everything(output) == ["client1_file1"]
    tidy_output(output, NAMES, is_kept=True)


def test_a_folder_of_stored_segments_that_is_a_link_is_refused(tmp_path: Path, output: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "client1_file1").touch()
    (output / ".resume").symlink_to(elsewhere)
    for is_resumed in (False, True):
        with pytest.raises(InputError) as caught:
            prepare_output(output, NAMES, is_resumed=is_resumed)
        assert caught.value.problems == (f"{output / '.resume'}: is a link, perhaps to somewhere else; remove it",)
    tidy_output(output, NAMES, is_kept=False)
    assert (elsewhere / "client1_file1").exists()
