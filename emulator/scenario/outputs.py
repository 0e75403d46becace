"""The folder of a run's outputs."""

import contextlib
from collections.abc import Iterable
from pathlib import Path

from emulator.errors import InputError
from emulator.protocol.files import FileMetadata
from emulator.writing import check_folder, refuse_special

RESUME_FOLDER = ".resume"
"""In the output folder: what clients have stored of files that are not whole yet (`scenario.storage`)."""


def format_output(metadata: FileMetadata) -> bytes:
    """The content of an output file: one hash a line."""
    return "".join(f"{metadata.segment(index)}\n" for index in range(metadata.num_segments)).encode()


def prepare_output(output: Path, names: Iterable[str], *, is_resumed: bool = False) -> None:
    """Make the output folder and take away what an earlier run has left under these names, so that all is this run's.

    A run that is resumed goes on from all of it. Raises `InputError` where that cannot be done, or where nothing could
    be written.
    """
    check_folder(output, "--output")
    at = output / RESUME_FOLDER
    try:
        if at.is_symlink():
            raise InputError([f"{at}: is a link, perhaps to somewhere else; remove it"])
        for at in _places(output, names):
            refuse_special(at, "--output")
            if not is_resumed:
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
