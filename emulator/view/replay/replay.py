"""Replaying a trace: on a terminal, as one frame on stdout, or into a file that can be shown."""

import sys
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from emulator.errors import EmulatorError, InputError
from emulator.view.console import make_console, screen_size
from emulator.view.replay.player import Moment, Player
from emulator.view.replay.record import check_name, record_replay
from emulator.view.replay.recording import Recording
from emulator.view.replay.screen import still


@dataclass(frozen=True)
class ReplayRequest:
    """What the user asked for."""

    trace: Path
    at: Moment | None = None
    speed: float | None = None
    is_frame: bool = False
    """Only the frame at that moment, to stdout."""
    record: Path | None = None
    """A file to make of it, `.svg` or `.cast`, instead of showing it."""
    size: tuple[int, int] | None = None
    """Columns and lines of what is not shown on a terminal; its own where there is one."""


def replay(request: ReplayRequest, complain: Callable[[str], None]) -> int:
    """Replay a trace and return the exit status; `complain` takes a line about a trace that is cut."""
    console = make_console()
    # Textual reads from the first, writes to the last, and what is not a screen should not look for keys.
    streams = (sys.stdin, sys.stdout, sys.stderr)
    has_screen = all(stream.isatty() for stream in streams) and not console.is_dumb_terminal
    is_shown = request.record is None and not request.is_frame and (has_screen or request.at is None)
    if is_shown and not has_screen:
        raise InputError(["a replay needs a terminal; --at 40% prints one frame, --record FILE.cast keeps all of it"])
    if request.record is not None:
        check_name(request.record, request.trace)
    run_app = _import_app() if is_shown else None
    recording = _read(request.trace)
    player = Player(recording, request.speed)
    if request.at is not None:
        player.seek(request.at)
    if run_app is not None:
        if request.at is None:
            player.play_or_pause()
        return run_app(player)
    if recording.report.is_cut:
        complain(f"{request.trace}: the trace is {recording.report.end}; all before that is shown")
    size = request.size or screen_size(console)
    if request.record is not None:
        record_replay(player, request.record, size, still, is_at=request.at is not None)
    else:
        if request.at is None:
            player.go_to_end()
        console.width = size[0]
        console.print(still(player, *size))
    return 0


def _read(path: Path) -> Recording:
    """A long trace takes seconds: whoever waits is told."""
    console = Console(stderr=True, highlight=False)
    is_long = path.is_file() and path.stat().st_size > 10_000_000
    with console.status(f"reading {path}", spinner="dots") if is_long and console.is_terminal else nullcontext():
        return Recording(path)


def _import_app() -> Callable[[Player], int]:
    try:
        from emulator.view.replay.app import ReplayApp
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("textual"):
            raise
        raise EmulatorError("a replay on a terminal needs the package textual: pip install '.[replay]'") from None

    def show(player: Player) -> int:
        app = ReplayApp(player)
        status = app.run(mouse=False)
        return status if status is not None else app.return_code or 0

    return show
