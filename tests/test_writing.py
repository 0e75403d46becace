"""The one way to write a file: whole or not at all, over nothing but a file, whatever ends the program and when."""

import ast
import errno
import os
import resource
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import emulator
from emulator import writing
from emulator.errors import InputError
from emulator.writing import check_file, clear_leftovers, temporary_folder, write_set, write_whole, written_whole

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


@pytest.mark.parametrize("number", writing.NO_UNNAMED_FILES)
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
from emulator.writing import write_whole
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


# What has the name already


def put(path: Path, data: bytes = NEW) -> None:
    with written_whole(path, "--csv") as file:
        file.write(data)


def test_a_device_is_written_to_and_stays_a_device(tmp_path: Path) -> None:
    for name in ("null", "zero"):
        check_file(Path("/dev", name), "--csv")
        put(Path("/dev", name))
        assert stat.S_ISCHR(Path("/dev", name).stat().st_mode)
    (tmp_path / "link").symlink_to("/dev/null")
    put(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    with pytest.raises(OSError, match="No space left") as caught:
        put(Path("/dev/full"))
    assert caught.value.filename == "/dev/full"


def test_stdout_is_written_to_and_the_name_of_it_stays(tmp_path: Path) -> None:
    program = "from tests.test_writing import *\nput(Path('/dev/stdout'), b'x')"
    with (tmp_path / "file").open("wb") as file:
        subprocess.run([sys.executable, "-c", program], stdout=file, check=True)
    assert listed(tmp_path) == {"file": b"x"}
    assert Path("/dev/stdout").is_symlink()
    done = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, check=True)
    assert done.stdout == b"x"


def test_a_pipe_is_written_to_if_it_has_a_reader(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    check_file(pipe, "--csv")
    with pytest.raises(InputError, match="a pipe without a reader; start the reader first, or choose another --csv"):
        put(pipe, b"x")
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    put(pipe, b"x")
    assert os.read(reader, 10) == b"x"
    os.close(reader)
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]


def test_a_folder_and_a_socket_are_refused_and_stay(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        for name in ("folder", "socket"):
            problem = f"{tmp_path / name}: not a regular file, a character device or a pipe; choose another --csv"
            for refused in (lambda path: check_file(path, "--csv"), put):
                with pytest.raises(InputError) as caught:
                    refused(tmp_path / name)
                assert caught.value.problems == (problem,)
        with pytest.raises(FileExistsError, match="not a regular file"):
            write_whole(tmp_path / "socket", b"x")
    assert stat.S_ISSOCK((tmp_path / "socket").stat().st_mode)


def test_a_link_of_the_command_line_is_followed_and_one_among_outputs_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("file")
    put(tmp_path / "link", OLD)
    assert (tmp_path / "link").is_symlink()
    assert listed(tmp_path) == {"link": OLD, "file": OLD}
    write_whole(tmp_path / "link", NEW)
    assert not (tmp_path / "link").is_symlink()
    assert listed(tmp_path) == {"link": NEW, "file": OLD}
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(InputError, match="Too many levels of symbolic links"):
        check_file(tmp_path / "a", "--csv")


@pytest.mark.usefixtures("way")
def test_what_fails_while_it_is_written_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_bytes(OLD)

    def write_and_fail() -> None:
        with written_whole(path, "--csv") as file:
            file.write(NEW)
            file.flush()
            assert listed(tmp_path) == {"out": OLD}
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_and_fail()
    assert listed(tmp_path) == {"out": OLD}
    put(path)
    assert listed(tmp_path) == {"out": NEW}


# Signals

ENDLESS = """
import os, sys
from pathlib import Path
from emulator.writing import write_set, write_whole, written_whole
if sys.argv[2] == "renamed":
    del os.O_TMPFILE
path = Path(sys.argv[1])
data = b"new\\n" * 5_000
os.write(1, b"x")
while True:
    write_whole(path / "out", data)
    with written_whole(path / "out", "--csv") as file:
        for _ in range(50):
            file.write(data)
"""
"""Writes the same file again and again, so that a signal comes at any moment of it."""


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_whenever_a_signal_comes_the_file_is_whole_and_alone(tmp_path: Path, way: str, signum: int) -> None:
    for number in range(5):
        process = subprocess.Popen(
            [sys.executable, "-c", ENDLESS, str(tmp_path), way],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        with process:
            assert process.stdout is not None
            assert process.stdout.read(1) == b"x"
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(0.02 + number * 0.007)
            process.send_signal(signum)
        if signum == signal.SIGKILL:
            clear_leftovers(tmp_path)
        assert list(listed(tmp_path)) in ([], ["out"])
        assert listed(tmp_path).get("out") in (None, b"new\n" * 5_000, b"new\n" * 250_000)


def test_a_leftover_goes_when_its_process_is_gone_and_not_before(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", USE_FOLDER], stdout=subprocess.PIPE, env=os.environ | {"TMPDIR": str(tmp_path)}
    )
    with process:
        assert process.stdout is not None
        folder = Path(process.stdout.readline().decode().strip())
        (tmp_path / ".emulator-of-mine").mkdir()
        clear_leftovers(tmp_path)
        assert (folder / "trace").exists()
        process.kill()
        process.wait()
        clear_leftovers(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [".emulator-of-mine"]


USE_FOLDER = """
import time
from emulator.writing import temporary_folder
with temporary_folder() as folder:
    (folder / "trace").touch()
    print(folder, flush=True)
    time.sleep(60)
"""


def test_a_temporary_folder_lasts_as_long_as_its_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with temporary_folder() as folder:
        assert folder.parent == tmp_path
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        (folder / "deep").mkdir()
    assert listed(tmp_path) == {}


def test_of_a_set_of_files_a_signal_or_an_error_leaves_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"in{number}.txt" for number in range(1, 6)]

    def write_and(act: Callable[[], None]) -> None:
        def write(path: Path, data: bytes) -> None:
            write_whole(path, data)
            if path.name == "in3.txt":
                assert sorted(listed(tmp_path)) == names[2:], "without the first, the others are no swarm"
                act()

        monkeypatch.setattr(writing, "write_whole", write)
        write_set(tmp_path, [(name, b"x") for name in names])

    def fail() -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with pytest.raises(OSError, match="Input/output error"):
        write_and(fail)
    assert listed(tmp_path) == {}
    with pytest.raises((KeyboardInterrupt, InterruptedError)):
        write_and(lambda: signal.raise_signal(signal.SIGINT))
    assert listed(tmp_path) == {}
    write_and(lambda: None)
    assert sorted(listed(tmp_path)) == names


# One way

WRITERS = {"write_text", "write_bytes", "touch", "replace", "rename", "link", "symlink", "mkstemp", "mkdtemp"}


def find_writers(path: Path) -> list[str]:
    """The calls of a module that make, open for writing or rename a file."""
    return [ast.unparse(node) for node in ast.walk(ast.parse(path.read_bytes())) if is_writer(node)]


def is_writer(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    called = ast.unparse(node.func)
    name = called.rpartition(".")[2]
    arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
    words = " ".join(ast.unparse(argument) for argument in arguments)
    if "os.devnull" in words:
        return False
    if called == "os.open":
        return any(flag in words for flag in ("O_WRONLY", "O_RDWR", "O_CREAT", "flags"))
    if name in ("open", "fdopen", "GzipFile"):
        modes = [each.value for each in arguments if isinstance(each, ast.Constant) and isinstance(each.value, str)]
        return any(set(mode) <= set("rwaxbt+") and set(mode) & set("wax+") for mode in modes)
    if name in ("NamedTemporaryFile", "TemporaryDirectory"):
        return True
    owner = called.rpartition(".")[0]
    is_of_files = owner in ("os", "shutil", "tempfile") or name in ("write_text", "write_bytes", "touch")
    return name in WRITERS and is_of_files


def test_no_other_module_opens_a_file_for_writing() -> None:
    package = Path(emulator.__file__).parent
    modules = {str(path.relative_to(package)): path for path in package.rglob("*.py")}
    assert find_writers(modules.pop("writing.py"))
    # An export compresses into a file that it is given.
    allowed = {"trace/exports/output.py": ["gzip.GzipFile('', 'wb', GZIP_LEVEL, plain, mtime=0)"]}
    assert {name: found for name, path in modules.items() if (found := find_writers(path))} == allowed


@pytest.mark.parametrize(
    "statement",
    [
        "open(path, 'w')",
        "path.open('ab')",
        "path.open(mode='x')",
        "gzip.open(path, 'wb', 3)",
        "path.write_text('')",
        "os.open(path, os.O_WRONLY)",
        "os.replace(a, b)",
        "tempfile.NamedTemporaryFile()",
    ],
)
def test_a_search_for_such_modules_would_find_them(tmp_path: Path, statement: str) -> None:
    (tmp_path / "module.py").write_text(f"{statement}\nopen(path)\nopen(os.devnull, 'w')\ntext.replace('a', 'b')")
    assert len(find_writers(tmp_path / "module.py")) == 1
