"""Outputs are whole or absent: whatever the system refuses, and at whichever call it does."""

import errno
import os
import resource
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from emulator.errors import InputError
from emulator.protocol.files import FileMetadata
from emulator.scenario import outputs
from emulator.scenario.outputs import format_output, prepare_output, write_whole

OLD, NEW = b"old\n" * 3, b"new\n" * 50_000
CALLS = ("open", "close", "dup", "write", "link", "replace", "rename", "unlink")
"""What the writer asks the system for."""


def listed(folder: Path) -> dict[str, bytes]:
    """Everything in a folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def num_open_files() -> int:
    return len(os.listdir("/dev/fd"))


@pytest.fixture(params=["unnamed", "renamed"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways to write: as a file without a name, and under another name where a system has no such files."""
    if request.param == "renamed":
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    elif not hasattr(os, "O_TMPFILE"):
        pytest.skip("this system has no files without a name")
    return str(request.param)


def test_an_output_is_the_hashes_in_order_one_a_line() -> None:
    assert format_output(FileMetadata("file1", "0" * 32 + "F" * 32)) == b"0" * 32 + b"\n" + b"F" * 32 + b"\n"
    assert format_output(FileMetadata("empty", "")) == b""


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("data", [b"", b"x", NEW], ids=["empty", "small", "large"])
def test_a_file_is_written_or_replaced_whole_and_nothing_else_is_there(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "out"
    write_whole(path, data)
    assert listed(tmp_path) == {"out": data}
    path.write_bytes(OLD)
    write_whole(path, data)
    assert listed(tmp_path) == {"out": data}


@pytest.mark.usefixtures("way")
def test_the_user_decides_who_may_read_an_output(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_whole(tmp_path / "out", b"x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o640


@pytest.mark.usefixtures("way")
def test_no_descriptor_stays_open(tmp_path: Path) -> None:
    before = num_open_files()
    write_whole(tmp_path / "out", b"x")
    write_whole(tmp_path / "out", b"y")
    assert num_open_files() == before


@pytest.mark.usefixtures("way")
def test_a_name_relative_to_the_current_folder_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_whole(Path("out"), b"x")
    assert listed(tmp_path) == {"out": b"x"}


@pytest.mark.usefixtures("way")
def test_a_write_that_takes_only_a_part_is_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:1000]))
    write_whole(tmp_path / "out", NEW)
    assert listed(tmp_path) == {"out": NEW}


@pytest.mark.parametrize("number", outputs.NO_UNNAMED_FILES)
def test_where_a_file_without_a_name_cannot_be_made_another_name_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    if not hasattr(os, "O_TMPFILE"):
        pytest.skip("this system has no files without a name")
    real_open = os.open

    def refuse_unnamed(path: Any, flags: int, mode: int = 0o777) -> int:
        if flags & os.O_TMPFILE == os.O_TMPFILE:
            raise OSError(number, os.strerror(number))
        return real_open(path, flags, mode)

    monkeypatch.setattr(os, "open", refuse_unnamed)
    (tmp_path / "out").write_bytes(OLD)
    write_whole(tmp_path / "out", NEW)
    assert listed(tmp_path) == {"out": NEW}


def test_where_a_file_without_a_name_cannot_be_named_another_name_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where /proc is not mounted."""

    def no_proc(*_: object, **__: object) -> None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))

    monkeypatch.setattr(os, "link", no_proc)
    write_whole(tmp_path / "out", NEW)
    assert listed(tmp_path) == {"out": NEW}


# What the system refuses


class FailingSystem:
    """Counts calls to the system, and makes the Nth fail; everything after it works again."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, fail_at: int) -> None:
        self.count = 0
        self.failed = ""
        self._fail_at = fail_at
        for name in CALLS:
            monkeypatch.setattr(os, name, self._wrap(name, getattr(os, name)))

    def _wrap(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **kwargs: Any) -> Any:
            self.count += 1
            if self.count == self._fail_at:
                self.failed = name
                if name == "close":
                    call(*args, **kwargs)  # close(2) fails after it has closed
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            return call(*args, **kwargs)

        return counted


@pytest.mark.parametrize("is_there", [False, True], ids=["new", "overwritten"])
def test_whichever_call_fails_the_file_is_whole_or_as_before_and_no_other_is_left(
    tmp_path: Path, way: str, is_there: bool
) -> None:
    before = num_open_files()
    failed = []
    for fail_at in range(1, 100):
        folder = tmp_path / str(fail_at)
        folder.mkdir()
        path = folder / "out"
        if is_there:
            path.write_bytes(OLD)
        with pytest.MonkeyPatch.context() as monkeypatch:
            if way == "renamed":
                monkeypatch.delattr(os, "O_TMPFILE", raising=False)
            system = FailingSystem(monkeypatch, fail_at)
            try:
                write_whole(path, NEW)
            except OSError as error:
                trouble: OSError | None = error
            else:
                trouble = None
        if not system.failed:
            assert listed(folder) == {"out": NEW}
            break
        failed.append(system.failed)
        absent: dict[str, bytes] = {"out": OLD} if is_there else {}
        assert listed(folder) in ({"out": NEW}, absent), f"call {fail_at}, {system.failed}"
        assert trouble is not None, f"call {fail_at}, {system.failed}: nobody was told"
        assert (trouble.errno, trouble.filename) == (errno.EIO, str(path))
    assert {"open", "write", "dup", "close"} < set(failed), "every kind of call has failed once"
    assert ("link" if way == "unnamed" else "replace") in failed
    assert num_open_files() == before


@pytest.mark.usefixtures("way")
def test_a_folder_that_is_not_there_is_an_error_of_the_output_itself(tmp_path: Path) -> None:
    path = tmp_path / "gone" / "out"
    with pytest.raises(FileNotFoundError) as caught:
        write_whole(path, b"x")
    assert caught.value.filename == str(path)


@pytest.mark.usefixtures("way")
def test_an_output_never_replaces_a_folder(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(OSError, match="out"):
        write_whole(tmp_path / "out", b"x")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


WRITE_WITH_A_LIMIT = """
import os, sys
from pathlib import Path
from emulator.scenario.outputs import write_whole
if sys.argv[2] == "renamed" and hasattr(os, "O_TMPFILE"):
    del os.O_TMPFILE
try:
    write_whole(Path(sys.argv[1]), b"x" * 200_000)
except OSError as error:
    print(error.errno, error.filename)
"""


@pytest.mark.parametrize("is_there", [False, True], ids=["new", "overwritten"])
def test_at_a_file_size_limit_nothing_is_written(tmp_path: Path, way: str, is_there: bool) -> None:
    """The real thing, in a process of its own: the system takes a part of the data, then refuses."""
    path = tmp_path / "out"
    if is_there:
        path.write_bytes(OLD)

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    done = subprocess.run(
        [sys.executable, "-c", WRITE_WITH_A_LIMIT, str(path), way],
        preexec_fn=limit,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"{errno.EFBIG} {path}\n"
    assert listed(tmp_path) == ({"out": OLD} if is_there else {})


# Preparing the folder


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
