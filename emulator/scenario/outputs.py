"""Outputs appear under their final names whole, or not at all."""

import contextlib
import errno
import os
from collections.abc import Iterable
from pathlib import Path

from emulator.errors import InputError
from emulator.protocol.files import FileMetadata

NO_UNNAMED_FILES = (errno.EOPNOTSUPP, errno.EISDIR, errno.ENOENT, errno.EINVAL)
"""What a system answers that cannot make a file without a name, or cannot name it later."""
RESUME_FOLDER = ".resume"
"""In the output folder: what clients have stored of files that are not whole yet (`scenario.storage`)."""


def format_output(metadata: FileMetadata) -> bytes:
    """The content of an output file: one hash a line."""
    return "".join(f"{metadata.segment(index)}\n" for index in range(metadata.num_segments)).encode()


def write_whole(path: Path, data: bytes) -> None:
    """Write `data` so that `path` is never seen half-written. Raises `OSError`; then nothing is left behind."""
    try:
        if hasattr(os, "O_TMPFILE"):
            try:
                _write_unnamed(path, data)
                return
            except OSError as error:
                if error.errno not in NO_UNNAMED_FILES:
                    raise
        _write_renamed(path, data)
    except OSError as error:
        # Name the output: not its folder, nor a name that it had for a moment.
        raise OSError(error.errno, error.strerror, str(path)) from error


def _write_unnamed(path: Path, data: bytes) -> None:
    """A file without a name until it is whole: not even SIGKILL leaves anything behind."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        descriptor = os.open(path.parent, os.O_WRONLY | os.O_TMPFILE, 0o666)
        try:
            _write_all(descriptor, data)
            # With a folder's descriptor Python calls linkat(2), which follows the link to the unnamed file.
            source = f"/proc/self/fd/{descriptor}"
            try:
                os.link(source, path.name, dst_dir_fd=folder)
            except FileExistsError:
                spare = _spare_name(path)
                os.link(source, spare.name, dst_dir_fd=folder)
                _replace(spare, path)
        finally:
            os.close(descriptor)
    finally:
        os.close(folder)


def _write_renamed(path: Path, data: bytes) -> None:
    spare = _spare_name(path)
    descriptor = os.open(spare, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        try:
            _write_all(descriptor, data)
        finally:
            os.close(descriptor)
        os.replace(spare, path)
    except BaseException:
        spare.unlink()
        raise


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
    # A file system may report only on closing that the disk is full; the file must not have its name by then.
    os.close(os.dup(descriptor))


def _replace(spare: Path, path: Path) -> None:
    try:
        os.replace(spare, path)
    except BaseException:
        spare.unlink()
        raise


def _spare_name(path: Path) -> Path:
    return path.with_name(f".{os.urandom(8).hex()}.part")


def prepare_output(output: Path, names: Iterable[str], *, is_resumed: bool = False) -> None:
    """Make the output folder and take away what an earlier run has left under these names, so that all is this run's.

    A run that is resumed goes on from all of it. Raises `InputError` where that cannot be done, or where nothing could
    be written.
    """
    at = output
    try:
        output.mkdir(parents=True, exist_ok=True)
        probe = _spare_name(output / "probe")
        write_whole(probe, b"\n")
        probe.unlink()
        at = output / RESUME_FOLDER
        if at.is_symlink():
            raise InputError([f"{at}: is a link, perhaps to somewhere else; remove it"])
        for at in [] if is_resumed else _places(output, names):
            at.unlink(missing_ok=True)
    except OSError as error:
        raise InputError([f"{at}: cannot be written ({error.strerror}); choose another --output"]) from error


def _places(output: Path, names: Iterable[str]) -> list[Path]:
    """Where outputs of these names are, and what is stored of them; the latter only where anything is."""
    folder = output / RESUME_FOLDER
    has_stored = folder.is_dir()
    return [place for name in names for place in (output / name, *([folder / name] if has_stored else []))]


def tidy_output(output: Path, names: Iterable[str], *, is_kept: bool) -> None:
    """When a run has ended: take away what is stored under these names, unless it is kept for a run that resumes it."""
    folder = output / RESUME_FOLDER
    if not folder.is_dir() or folder.is_symlink():
        return
    with contextlib.suppress(OSError):  # nothing depends on it, and the next run does it again
        for name in [] if is_kept else names:
            (folder / name).unlink(missing_ok=True)
        folder.rmdir()
