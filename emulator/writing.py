"""The one way to write a file. `tests/test_writing.py` fails where another module opens a file for writing.

A regular file appears under its name whole, or not at all, whatever ends the program: it has no name until it is
complete. What has the name already decides what happens to it:

    nothing, a regular file      the new file takes the name
    a link                       a name on the command line: followed; a name in a folder of outputs: replaced
    a character device, a pipe   written to, as is every name in /dev and /proc (/dev/stdout may stand for a file)
    a folder, a socket, a disk   refused

Where the system cannot make a file without a name, or the name is taken, the file has a name of its own for a moment.
Ending signals wait for that moment to pass; what SIGKILL leaves, the next run removes (`clear_leftovers`).
"""

import contextlib
import errno
import fcntl
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, cast

from emulator.errors import InputError
from emulator.interrupts import held_back

NO_UNNAMED_FILES = (errno.EOPNOTSUPP, errno.EISDIR, errno.ENOENT, errno.EINVAL)
"""What a system answers that cannot make a file without a name, or cannot name it later."""
MOMENTARY = re.compile(r"\.emulator-[0-9a-f]{16}\.(part|folder)")
"""The names of files and folders that exist for a moment only."""
MAX_LINKS = 40
COPY_BYTES = 1 << 20


def check_file(path: Path, flag: str) -> None:
    """Raise `InputError` unless `path`, the value of `flag`, can be written.

    A command that works for long asks this before it begins.
    """
    try:
        path = _followed(path)
        if not _is_written_through(path, flag):
            _check_room(path.parent)
            clear_leftovers(path.parent)
    except OSError as error:
        raise _refusal(path, error, flag) from error


def check_folder(path: Path, flag: str) -> None:
    """Make the folder `path`, the value of `flag`. Raise `InputError` if no file can be written to it."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        _check_room(path)
        clear_leftovers(path)
    except OSError as error:
        raise _refusal(path, error, flag) from error


def _check_room(folder: Path) -> None:
    """Raise `OSError` unless a new file with a byte in it can be made in the folder."""
    descriptor = _open_unnamed(folder)
    try:
        _write_all(descriptor, b"\n")
    finally:
        os.close(descriptor)


def _refusal(path: Path, error: OSError, flag: str) -> InputError:
    return InputError([f"{path}: cannot be written ({error.strerror}); choose another {flag}"])


def is_same_file(path: Path, other: Path) -> bool:
    """Whether both name one file, also by way of a link, and also one that is not there yet."""
    return path.resolve() == other.resolve() or (path.exists() and other.exists() and path.samefile(other))


# What a name stands for


def _followed(path: Path) -> Path:
    """Where a link leads, up to the first name in /dev or /proc. Raises `OSError` for a circle."""
    for _ in range(MAX_LINKS):
        if _is_of_the_system(path) or not path.is_symlink():
            return path
        path = path.parent / path.readlink()
    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))


def _is_of_the_system(path: Path) -> bool:
    folder = os.path.realpath(path.parent)
    return folder == "/dev" or folder.startswith(("/proc/", "/dev/fd"))


def _is_written_through(path: Path, flag: str) -> bool:
    """Whether the data goes to what has the name already. Raises `InputError` for what cannot be written."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return False
    if stat.S_ISDIR(mode) or stat.S_ISSOCK(mode) or stat.S_ISBLK(mode):
        raise InputError([f"{path}: not a regular file, a character device or a pipe; choose another {flag}"])
    return not stat.S_ISREG(mode) or _is_of_the_system(path)


def refuse_special(path: Path, flag: str) -> None:
    """Raise `InputError` for what must not be replaced in a folder of outputs, the value of `flag`."""
    with contextlib.suppress(FileNotFoundError):
        mode = path.lstat().st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISLNK(mode) or stat.S_ISDIR(mode)):
            raise InputError([f"{path}: a device, a pipe or a socket; remove it, or choose another {flag}"])


# Whole files


@contextlib.contextmanager
def written_whole(path: Path, flag: str) -> Iterator[IO[bytes]]:
    """What is written to this file appears at `path`, the value of `flag`, at the end of the `with` block.

    An error leaves what was there before. A device or a pipe gets all of it as it comes. Raises `InputError` if `path`
    cannot be opened, and `OSError` with the name `path` if writing fails.
    """
    try:
        place = _followed(path)
        is_stream = _is_written_through(place, flag)
        opened = open_stream(place, flag) if is_stream else os.fdopen(_open_unnamed(place.parent), "wb")
    except OSError as error:
        raise _refusal(path, error, flag) from error
    try:
        with opened:
            yield opened
            opened.flush()
            if not is_stream:
                _give_name(opened.fileno(), place)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


def write_whole(path: Path, data: bytes) -> None:
    """Write `data` so that `path` is never seen half-written. Raises `OSError`; then nothing is left behind.

    A link is replaced. What is neither a link nor a regular file stays, and is an error.
    """
    try:
        descriptor = _open_unnamed(path.parent)
        try:
            _write_all(descriptor, data)
            _give_name(descriptor, path)
        finally:
            os.close(descriptor)
    except OSError as error:
        # Name the output: not its folder, nor a name that it had for a moment.
        raise OSError(error.errno, error.strerror, str(path)) from error


def _open_unnamed(folder: Path) -> int:
    """A descriptor of a new file in the folder that has no name: not even SIGKILL leaves anything behind."""
    if hasattr(os, "O_TMPFILE"):
        try:
            descriptor = os.open(folder, os.O_RDWR | os.O_TMPFILE, 0o666)
        except OSError as error:
            if error.errno not in NO_UNNAMED_FILES:
                raise
        else:
            _lock(descriptor)
            return descriptor
    with held_back(), _removed_on_failure(folder) as spare:
        descriptor = _open_locked(spare)
        try:
            os.unlink(spare)
        except BaseException:
            os.close(descriptor)
            raise
    return descriptor


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _give_name(descriptor: int, path: Path) -> None:
    """Name a complete file `path`, in place of a regular file or a link of that name."""
    # A file system may report only on closing that the disk is full; the file must not have its name by then.
    os.close(os.dup(descriptor))
    if path.exists() and not (path.is_file() or path.is_dir() or path.is_symlink()):
        raise FileExistsError(errno.EEXIST, "not a regular file", str(path))
    with held_back():
        try:
            try:
                _link(descriptor, path)
            except FileExistsError:
                with _removed_on_failure(path.parent) as spare:
                    _link(descriptor, spare)
                    os.replace(spare, path)
        except OSError as error:
            if error.errno not in NO_UNNAMED_FILES or path.is_dir():
                raise
            with _removed_on_failure(path.parent) as spare:
                _copy(descriptor, spare)
                os.replace(spare, path)


def _link(descriptor: int, path: Path) -> None:
    """Give a file without a name this one. Raises `FileExistsError` where it is taken."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        # With a folder's descriptor Python calls linkat(2), which follows the link to the unnamed file.
        os.link(f"/proc/self/fd/{descriptor}", path.name, dst_dir_fd=folder)
    finally:
        os.close(folder)


def _copy(descriptor: int, spare: Path) -> None:
    copy = _open_locked(spare)
    try:
        os.lseek(descriptor, 0, os.SEEK_SET)
        while data := os.read(descriptor, COPY_BYTES):
            _write_all(copy, data)
        os.close(os.dup(copy))
    finally:
        os.close(copy)


# Names for a moment


def _momentary_name(ending: str) -> str:
    return f".emulator-{os.urandom(8).hex()}.{ending}"


@contextlib.contextmanager
def _removed_on_failure(folder: Path) -> Iterator[Path]:
    """A name for a moment, which an error in the `with` block does not leave behind."""
    spare = folder / _momentary_name("part")
    try:
        yield spare
    except BaseException:
        spare.unlink(missing_ok=True)
        raise


def _open_locked(spare: Path) -> int:
    """A descriptor of a new file of this name that holds its lock."""
    while True:
        descriptor = os.open(spare, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
        _lock(descriptor)
        if os.fstat(descriptor).st_nlink:
            return descriptor
        os.close(descriptor)  # another process took it for a leftover before it was locked


def _lock(descriptor: int) -> None:
    """Show other processes that this one lives and uses the file; the system undoes that when it ends."""
    with contextlib.suppress(OSError):  # a file system may know no locks
        fcntl.flock(descriptor, fcntl.LOCK_EX)


def clear_leftovers(folder: Path) -> None:
    """Remove what processes of this user that were killed have left in the folder."""
    with contextlib.suppress(OSError):
        for name in os.listdir(folder):
            if MOMENTARY.fullmatch(name):
                with contextlib.suppress(OSError):
                    _remove_unless_used(folder / name)


def _remove_unless_used(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        if os.fstat(descriptor).st_uid != os.geteuid():
            return
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)  # raises where its process lives
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    finally:
        os.close(descriptor)


def clear_temporary_folders() -> None:
    """Remove the temporary folders of processes that were killed."""
    clear_leftovers(Path(tempfile.gettempdir()))


@contextlib.contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder for the time of the `with` block. Removes those of processes that were killed."""
    clear_temporary_folders()
    folder = Path(tempfile.gettempdir()) / _momentary_name("folder")
    descriptor = _made_and_locked(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def _made_and_locked(folder: Path) -> int:
    while True:
        folder.mkdir(mode=0o700)
        with contextlib.suppress(FileNotFoundError):  # taken for a leftover before it was locked
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            _lock(descriptor)
            if folder.exists():
                return descriptor
            os.close(descriptor)


# Several files, and files that grow


def write_set(folder: Path, files: Sequence[tuple[str, bytes]]) -> None:
    """Write new files of these names, the first one last, or none of them where one fails or a signal ends the program.

    Only SIGKILL can leave a part of them, which then lacks the first.
    """
    clear_leftovers(folder)
    written: list[Path] = []
    with held_back() as is_ending:
        try:
            for name, data in reversed(files):
                if is_ending():
                    raise InterruptedError(errno.EINTR, os.strerror(errno.EINTR), str(folder))
                written.append(folder / name)
                write_whole(folder / name, data)
        except BaseException:
            for path in written:
                path.unlink(missing_ok=True)
            raise


def open_stream(path: Path, flag: str, gzip_level: int | None = None) -> IO[bytes]:
    """Open what others may read while it is written: a trace, a device, a pipe.

    Raises `InputError` for a pipe without a reader, which would have to be waited for, and `OSError`.
    """
    if not path.is_fifo():
        return _open(path, gzip_level)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    except OSError as error:
        if error.errno != errno.ENXIO:
            raise
        problem = f"{path}: a pipe without a reader; start the reader first, or choose another {flag}"
        raise InputError([problem]) from None
    try:
        return _open(path, gzip_level)
    finally:
        os.close(descriptor)


def _open(path: Path, gzip_level: int | None) -> IO[bytes]:
    if gzip_level is None:
        return open(path, "wb")
    import gzip  # costs time, and is rarely needed

    return cast("IO[bytes]", gzip.open(path, "wb", gzip_level))


def open_to_append(path: Path) -> int:
    """A descriptor that adds to the end of a regular file, which may be new. Raises `OSError`, also for a link."""
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o666)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.ENXIO, os.strerror(errno.ENXIO), str(path))
    return descriptor


def append(descriptor: int, data: bytes) -> None:
    """Add a short line in one write: whatever kills the process leaves it whole, or at worst torn."""
    if os.write(descriptor, data) < len(data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
