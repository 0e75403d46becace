"""A client's disk: its own input and outputs, and segments that outlive whatever kills their client."""

import errno
import os
import random
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.protocol.files import ClientInput, FileMetadata
from emulator.scenario.scenario import write_inputs
from emulator.scenario.storage import DirectoryStorage, MemoryStorage

FILE = FileMetadata("file1", random.Random(1).randbytes(12 * 16).hex())
SEGMENTS = [(index, FILE.segment(index)) for index in range(FILE.num_segments)]


def disk(output: Path, rank: int = 1) -> DirectoryStorage:
    """A disk that stores, as a client has it that has just been started."""
    return DirectoryStorage(output.parent / "in", output, rank, is_storing=True)


def stored_file(output: Path, name: str = "client1_file1") -> Path:
    return output / ".resume" / name


@pytest.fixture
def output(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


@contextmanager
def a_folder() -> Iterator[Path]:
    """For properties, which share a test's `tmp_path`."""
    with TemporaryDirectory() as folder:
        yield Path(folder)


# Inputs and outputs


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


@pytest.mark.parametrize("name", ["../file1", "a/b", "/etc/x", "a\0b"])
def test_no_name_leads_out_of_the_output_folder(output: Path, name: str) -> None:
    storage, metadata = disk(output), FileMetadata(name, FILE.hashes)
    for call in (
        lambda: storage.write_output(metadata),
        lambda: storage.store(name, 0, FILE.segment(0)),
        lambda: list(storage.read_stored(metadata)),
        lambda: storage.erase([name]),
    ):
        with pytest.raises(ValueError, match="could leave the output directory"):
            call()
    assert list(output.iterdir()) == []


# Stored segments


def test_what_is_stored_is_there_for_who_comes_after_and_for_nobody_else(output: Path) -> None:
    for segment, data in SEGMENTS[:3]:
        disk(output).store("file1", segment, data)
    disk(output, rank=2).store("file1", 7, FILE.segment(7))
    disk(output).store("file2", 5, FILE.segment(5))
    assert list(disk(output).read_stored(FILE)) == SEGMENTS[:3]
    assert list(disk(output, rank=2).read_stored(FILE)) == [SEGMENTS[7]]
    assert list(disk(output, rank=3).read_stored(FILE)) == []


def test_a_client_that_does_not_store_leaves_nothing_and_reads_nothing(output: Path) -> None:
    disk(output).store("file1", 0, FILE.segment(0))
    disk(output).write_output(FileMetadata("file2", FILE.hashes))
    storage = DirectoryStorage(output.parent / "in", output, 1)
    assert list(storage.read_stored(FILE)) == []
    assert list(storage.read_stored(FileMetadata("file2", FILE.hashes))) == []
    before = stored_file(output).read_bytes()
    storage.store("file1", 1, FILE.segment(1))
    assert stored_file(output).read_bytes() == before


def test_a_segment_is_on_the_disk_when_it_has_been_stored(output: Path) -> None:
    """In one short line, by one write; nothing waits in a buffer, and no descriptor stays open."""
    before = len(os.listdir("/dev/fd"))
    disk(output).store("file1", 3, FILE.segment(3))
    assert stored_file(output).read_bytes() == b"\n3 " + FILE.segment(3).encode()
    assert len(os.listdir("/dev/fd")) == before


def test_an_output_that_is_whole_replaces_what_was_stored(output: Path) -> None:
    storage = disk(output)
    storage.store("file1", 0, FILE.segment(0))
    storage.store("file2", 0, FILE.segment(0))
    storage.write_output(FILE)
    assert not stored_file(output).exists()
    assert list(disk(output).read_stored(FILE)) == SEGMENTS
    assert list(disk(output).read_stored(FileMetadata("file2", FILE.hashes))) == SEGMENTS[:1]


def test_who_loses_its_state_has_nothing_left(output: Path) -> None:
    storage = disk(output)
    storage.store("file1", 0, FILE.segment(0))
    storage.write_output(FileMetadata("file2", FILE.hashes))
    disk(output, rank=2).store("file1", 0, FILE.segment(0))
    storage.erase(["file1", "file2", "file3"])
    assert [path.name for path in output.iterdir()] == [".resume"]
    assert [path.name for path in (output / ".resume").iterdir()] == ["client2_file1"]


@given(st.integers(0, 400), st.lists(st.integers(0, 11), max_size=8))
def test_wherever_a_file_is_torn_whole_lines_before_and_after_are_read(num_bytes: int, later: list[int]) -> None:
    """A line may be torn where a disk was full or a machine lost its power."""
    with a_folder() as output:
        for segment, data in SEGMENTS:
            disk(output).store("file1", segment, data)
        whole = stored_file(output).read_bytes()
        num_bytes = min(num_bytes, len(whole))
        os.truncate(stored_file(output), num_bytes)
        # A line is as long as its number.
        ends = [len("".join(f"\n{index} {data}" for index, data in SEGMENTS[:count])) for count in range(13)]
        num_whole = max(count for count in range(13) if ends[count] <= num_bytes)
        assert list(disk(output).read_stored(FILE)) == SEGMENTS[:num_whole]
        for segment in later:
            disk(output).store("file1", segment, FILE.segment(segment))
        assert list(disk(output).read_stored(FILE)) == SEGMENTS[:num_whole] + [SEGMENTS[segment] for segment in later]


STORE_FOR_EVER = """
import sys
from pathlib import Path
from emulator.scenario.storage import DirectoryStorage
storage = DirectoryStorage(Path("in"), Path(sys.argv[1]), 1, is_storing=True)
for segment in range(1_000_000):
    storage.store("file1", segment, f"{segment:032x}")
    if segment == 500:
        print("going", flush=True)
"""


def test_who_is_killed_while_it_stores_has_stored_everything_up_to_then(output: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", STORE_FOR_EVER, str(output)], stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"going\n"
        writer.send_signal(signal.SIGKILL)
    metadata = FileMetadata("file1", "".join(f"{segment:032x}" for segment in range(1_000_000)))
    segments = list(disk(output).read_stored(metadata))
    assert len(segments) > 500
    assert segments == [(segment, f"{segment:032x}") for segment in range(len(segments))]
    assert stored_file(output).read_bytes().count(b"\n") == len(segments), "no line is torn"


STORE_WITH_A_LIMIT = """
import sys
from pathlib import Path
from emulator.scenario.storage import DirectoryStorage
storage = DirectoryStorage(Path("in"), Path(sys.argv[1]), 1, is_storing=True)
try:
    for segment in range(10):
        storage.store("file1", segment, f"{segment:032x}")
except OSError as error:
    print(segment, error.errno, error.filename)
"""


def test_a_line_that_does_not_fit_any_more_is_an_error_of_that_file(output: Path) -> None:
    """The real thing, in a process of its own: the system takes a part of a line."""

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))

    done = subprocess.run(
        [sys.executable, "-c", STORE_WITH_A_LIMIT, str(output)],
        preexec_fn=limit,
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},  # which would be torn
    )
    assert done.stdout == f"2 {errno.ENOSPC} {stored_file(output)}\n"
    assert [segment for segment, _ in disk(output).read_stored(FILE)] == [0, 1]


# What is on the disk is not trusted


def test_only_what_can_be_a_segment_of_the_file_is_read(output: Path) -> None:
    (output / ".resume").mkdir()
    data = FILE.segment(0).encode()
    lines = [
        b"0 " + data,
        b"0 " + data.upper(),
        b"1 " + b"0" * 32,
        b"12 " + data,
        b"99999999999999999999 " + data,
        b"-1 " + data,
        b"1_0 " + data,
        "٣ ".encode() + data,
        b"2 " + data[:-1],
        b"2 " + data + b"0",
        b"2  " + data,
        b" 2 " + data,
        b"2 " + data + b"\r",
        b"\xff\xfe\x00",
        b"11 " + data,
    ]
    stored_file(output).write_bytes(b"\n".join(lines))
    text = data.decode()
    assert list(disk(output).read_stored(FILE)) == [(0, text), (0, text.upper()), (1, "0" * 32), (11, text)]


@given(st.binary(max_size=3_000), st.binary(max_size=1_000))
def test_whatever_lies_there_is_read_as_segments_or_not_at_all(stored: bytes, written: bytes) -> None:
    with a_folder() as output:
        (output / ".resume").mkdir()
        stored_file(output).write_bytes(stored)
        (output / "client1_file1").write_bytes(written)
        for segment, data in disk(output).read_stored(FILE):
            assert 0 <= segment < FILE.num_segments
            assert len(bytes.fromhex(data)) == 16


def test_a_file_that_is_far_too_long_is_read_as_far_as_it_can_be_right(output: Path) -> None:
    disk(output).store("file1", 4, FILE.segment(4))
    (output / "client1_file1").write_bytes(f"{FILE.segment(0)}\n".encode())
    for path in (stored_file(output), output / "client1_file1"):
        os.truncate(path, 1 << 40)
    # The zeros follow the last line without an end, so that is none.
    assert list(disk(output).read_stored(FILE)) == SEGMENTS[:1]


def test_what_is_no_file_is_passed_over_without_a_wait(output: Path) -> None:
    (output / ".resume").mkdir()
    os.mkfifo(stored_file(output))
    (output / "client1_file1").mkdir()
    assert list(disk(output).read_stored(FILE)) == []


def test_links_are_neither_read_nor_written(output: Path) -> None:
    disk(output, rank=2).store("file1", 0, FILE.segment(0))
    secret = stored_file(output, "client2_file1")
    stored_file(output).symlink_to(secret)
    (output / "client1_file1").symlink_to(secret)
    before = secret.read_bytes()
    assert list(disk(output).read_stored(FILE)) == []
    with pytest.raises(OSError, match="client1_file1") as caught:
        disk(output).store("file1", 1, FILE.segment(1))
    assert caught.value.errno == errno.ELOOP
    assert secret.read_bytes() == before


# A disk in memory


def test_a_disk_in_memory_has_the_input_it_is_given_and_notes_which_outputs_are_right() -> None:
    content = ClientInput((), ("file1", "file2"))
    storage = MemoryStorage(content, {"file1": FILE, "file2": FILE})
    assert storage.read_input() == content
    storage.write_output(FILE)
    storage.write_output(FileMetadata("file2", FILE.hashes))
    storage.write_output(FileMetadata("file3", FILE.hashes))
    assert storage.is_right == {"file1": True, "file2": False, "file3": False}


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("store"), st.integers(0, 11)),
            st.tuples(st.sampled_from(["write", "erase"]), st.just(0)),
        ),
        max_size=12,
    )
)
def test_both_disks_give_back_the_same(calls: list[tuple[str, int]]) -> None:
    memory = MemoryStorage(ClientInput(), {"file1": FILE}, is_storing=True)
    forgetful = MemoryStorage(ClientInput(), {"file1": FILE})
    with a_folder() as output:
        for call, segment in calls:
            for storage in (memory, forgetful, disk(output)):
                if call == "store":
                    storage.store("file1", segment, FILE.segment(segment))
                elif call == "write":
                    storage.write_output(FILE)
                else:
                    storage.erase(["file1"])
        assert set(memory.read_stored(FILE)) == set(disk(output).read_stored(FILE))
        assert list(forgetful.read_stored(FILE)) == []
        assert (output / "client1_file1").exists() == bool(memory.is_right)
