"""Files that show a run: a picture of one moment, or an asciicast of all of it.

An asciicast (version 2, https://docs.asciinema.org/manual/asciicast/v2/) is a line with a header, then a line a frame:
when, and what a terminal was sent.
"""

import io
import json
import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console, Group

from emulator.errors import InputError
from emulator.view.replay.player import Player
from emulator.writable import check_file

SUFFIXES = (".svg", ".cast")
FRAME_S = 0.1
"""Between two frames, as they are played."""
LAST_S = 1.0
"""The last frame stays so long, also where a player begins again at once."""
MOST_FRAMES = 100_000


def check_record(path: Path, trace: Path | None = None) -> None:
    """Raise `InputError` unless `path` names a picture or a cast that can be written, and is not the trace."""
    if path.suffix not in SUFFIXES:
        raise InputError([f"{path}: neither a picture nor a cast; give it a name that ends in .svg or .cast"])
    check_file(path, "--record")
    if trace is not None and (os.path.abspath(path) == os.path.abspath(trace) or _is_same(path, trace)):
        raise InputError([f"{path}: this is the trace itself; choose another --record"])


def _is_same(path: Path, trace: Path) -> bool:
    return path.exists() and trace.exists() and path.samefile(trace)


Draw = Callable[[Player, int, int], Group]
"""Draws a frame of so many columns and lines."""


def record_replay(player: Player, path: Path, size: tuple[int, int], draw: Draw, *, is_at: bool = False) -> None:
    """Write a picture of the end, or of where the player is if `is_at`; or a cast of all, from there on.

    The file is there whole or not at all. Raises `InputError` for a name that will not do, and `OSError`.
    """
    check_record(path)
    if path.suffix == ".svg":
        if not is_at:
            player.go_to_end()
        pieces: Iterator[str] = iter([picture(draw(player, *size), size, player.facts.title)])
    else:
        pieces = cast(player, size, draw)
    spare = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with spare.open("x", encoding="utf-8", newline="\n") as file:
            file.writelines(pieces)
        spare.replace(path)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        spare.unlink(missing_ok=True)


def picture(frame: Group, size: tuple[int, int], title: str) -> str:
    """A frame as SVG."""
    console = _console(size, is_recorded=True)
    console.print(frame)
    # Without an identity of its own the same frame gives the same file.
    return console.export_svg(title=title, unique_id="emulator")


def cast(player: Player, size: tuple[int, int], draw: Draw) -> Iterator[str]:
    """The lines of an asciicast of a replay, from where the player is to the end, at its speed."""
    width, height = size
    num_frames = (player.recording.duration_s - player.now_s) / (player.speed * FRAME_S)
    if num_frames > MOST_FRAMES:
        raise InputError([f"a cast of {num_frames:,.0f} frames is too long; give a higher --speed"])
    title = player.facts.title
    header = {"version": 2, "width": width, "height": height, "title": title, "env": {"TERM": "xterm-256color"}}
    yield json.dumps(header) + "\n"
    shown = [""] * height
    time_s = 0.0
    prelude = "\x1b[?25l\x1b[2J"
    if not player.is_playing:
        player.play_or_pause()
    num_frames = 0
    while True:
        lines = _lines(draw(player, width, height), size)
        changed = [f"\x1b[{row};1H{line}" for row, line in enumerate(lines, 1) if line != shown[row - 1]]
        if changed:
            yield _event(time_s, prelude + "".join(changed))
            prelude, shown = "", lines
        if player.is_at_end:
            break
        player.advance(FRAME_S)
        num_frames += 1
        time_s = num_frames * FRAME_S
    yield _event(time_s + LAST_S, f"\x1b[{height};{width}H\x1b[?25h")


def _event(time_s: float, data: str) -> str:
    return json.dumps([round(time_s, 6), "o", data]) + "\n"


def _lines(frame: Group, size: tuple[int, int]) -> list[str]:
    """Each line of a frame, with the escapes for its colours."""
    console = _console(size)
    with console.capture() as captured:
        console.print(frame)
    return captured.get().split("\n")[: size[1]]


def _console(size: tuple[int, int], *, is_recorded: bool = False) -> Console:
    """A terminal that is not there, the same everywhere."""
    return Console(
        file=io.StringIO(),
        width=size[0],
        height=size[1],
        force_terminal=True,
        color_system="256",
        highlight=False,
        legacy_windows=False,
        record=is_recorded,
        _environ={"TERM": "xterm-256color"},
    )
