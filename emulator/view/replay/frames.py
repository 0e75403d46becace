"""Frames as files: a picture of one moment, or an asciicast of all of a replay.

An asciicast (version 2, https://docs.asciinema.org/manual/asciicast/v2/) is a line with a header, then a line a frame:
the time, and what a terminal was sent.
"""

import io
import json
from collections.abc import Callable, Iterator

from rich.console import Console, Group

from emulator.errors import InputError
from emulator.replay.player import Player
from emulator.view.replay.screen import title_of

FRAME_S = 0.1
"""Between two frames of a cast."""
LAST_S = 1.0
"""How long the last frame stays, also if the cast is played in a loop."""
MAX_FRAMES = 100_000

Draw = Callable[[Player, int, int], Group]
"""Draws a frame of so many columns and lines."""


def picture(player: Player, size: tuple[int, int], draw: Draw) -> str:
    """The frame of where the player is, as SVG."""
    console = _console(size, is_recorded=True)
    console.print(draw(player, *size))
    # A fixed identity: the same frame gives the same file.
    return console.export_svg(title=title_of(player.recording), unique_id="emulator")


def cast(player: Player, size: tuple[int, int], draw: Draw) -> Iterator[str]:
    """The lines of an asciicast, from where the player is to the end, at its speed.

    Raises `InputError` if that takes too many frames.
    """
    width, height = size
    num_frames = (player.recording.duration_s - player.now_s) / (player.speed * FRAME_S)
    if num_frames > MAX_FRAMES:
        raise InputError([f"a cast of {num_frames:,.0f} frames is too long; give a higher --speed"])
    title = title_of(player.recording)
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
    """A terminal of this size, the same on every system."""
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
