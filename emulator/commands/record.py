"""`--record`, of a run and of a replay: a picture or an asciicast of what there was to see."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from emulator.commands.afterwards import kept_run
from emulator.errors import InputError
from emulator.writing import check_file, is_same_file, written_whole

if TYPE_CHECKING:
    from emulator.replay.player import Player
    from emulator.scenario.options import Options
    from emulator.view.replay.frames import Draw

SUFFIXES = (".svg", ".cast")


def check_record(path: Path, traces: Sequence[Path]) -> None:
    """Raise `InputError` unless `path` names a picture or a cast that can be written, and is none of the traces."""
    if path.suffix not in SUFFIXES:
        raise InputError([f"{path}: neither a picture nor a cast; give it a name that ends in .svg or .cast"])
    check_file(path, "--record")
    if any(is_same_file(path, trace) for trace in traces):
        raise InputError([f"{path}: this is the trace itself; choose another --record"])


def write_record(player: "Player", path: Path, size: tuple[int, int], draw: "Draw") -> None:
    """Write a picture of where the player is, or a cast of all from there on."""
    from emulator.view.replay.frames import cast, picture

    pieces = [picture(player, size, draw)] if path.suffix == ".svg" else cast(player, size, draw)
    with written_whole(path, "--record") as file:
        file.writelines(piece.encode() for piece in pieces)


def recorded_run(record: Path | None, trace: Path | None, options: "Options") -> AbstractContextManager[None]:
    """Record what runs inside, if `record` is given."""
    keep = partial(_record, record, trace, options) if record and trace else None
    return kept_run(keep, "the recording was written", "nothing is recorded")


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
