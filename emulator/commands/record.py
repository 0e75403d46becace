"""`--record`, of a run and of a replay: a picture or an asciicast of what there was to see."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from emulator.errors import EmulatorError, InputError, Interrupted, RunError
from emulator.writing import check_file, is_same_file, written_whole

if TYPE_CHECKING:
    from emulator.replay.player import Player
    from emulator.scenario.options import Options
    from emulator.view.replay.frames import Draw

SUFFIXES = (".svg", ".cast")


def check_record(path: Path, trace: Path | None) -> None:
    """Raise `InputError` unless `path` names a picture or a cast that can be written, and is not the trace."""
    if path.suffix not in SUFFIXES:
        raise InputError([f"{path}: neither a picture nor a cast; give it a name that ends in .svg or .cast"])
    check_file(path, "--record")
    if trace is not None and is_same_file(path, trace):
        raise InputError([f"{path}: this is the trace itself; choose another --record"])


def write_record(player: "Player", path: Path, size: tuple[int, int], draw: "Draw") -> None:
    """Write a picture of where the player is, or a cast of all from there on."""
    from emulator.view.replay.frames import cast, picture

    pieces = [picture(player, size, draw)] if path.suffix == ".svg" else cast(player, size, draw)
    with written_whole(path, "--record") as file:
        file.writelines(piece.encode() for piece in pieces)


@contextmanager
def recorded_run(record: Path | None, trace: Path | None, options: "Options") -> Iterator[None]:
    """Record what runs inside, if `record` is given: also a run that failed, but not one that a signal ended.

    The trace is drawn when the run has ended: no worker waits for a frame, and the record is the same with a terminal
    and without one.
    """
    if record is None or trace is None:
        yield
        return
    try:
        yield
    except Interrupted as error:
        raise Interrupted(f"{error}; nothing is recorded", error.exit_status - 128) from None
    except RunError:
        # Why the run failed matters more than why its record cannot be written.
        with suppress(EmulatorError, OSError):
            _record(record, trace, options)
        raise
    else:
        _record(record, trace, options)


def _record(record: Path, trace: Path, options: "Options") -> None:
    from emulator.replay.player import Player
    from emulator.replay.recording import Recording
    from emulator.view.console import make_console, screen_size
    from emulator.view.dashboard.facts import note_of
    from emulator.view.replay.screen import plain
    from emulator.view.sentences import is_told

    player = Player(Recording(trace, is_told), speed=1.0)
    if record.suffix == ".svg":
        player.go_to_end()
    write_record(player, record, screen_size(make_console()), partial(plain, note=note_of(options)))
