"""`emulator replay`."""

import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING

from emulator.commands.answers import complain
from emulator.commands.command import Arguments, Command, Parser
from emulator.commands.flags import add_file, add_trace, open_traces
from emulator.commands.record import check_record, write_record
from emulator.commands.values import above_zero, moment, size
from emulator.errors import EmulatorError, InputError

if TYPE_CHECKING:
    from rich.console import Console

    from emulator.replay.player import Player
    from emulator.replay.recording import Recording

LONG_BYTES = 10_000_000
"""A trace of more bytes takes seconds to read."""


def add_flags(parser: Parser) -> None:
    add_trace(parser)
    parser.add_argument(
        "--at", type=moment, metavar="WHEN", help="begin at a share of the run's time such as 40%%, or at 0.12 seconds"
    )
    parser.add_argument(
        "--speed",
        type=above_zero,
        metavar="X",
        help="seconds of the run that pass in a second (default: 1, or less for a short run)",
    )
    parser.add_argument("--frame", action="store_true", help="print one frame, of --at or of the end, and stop")
    add_file(
        parser,
        "--record",
        "FILE",
        "write FILE.svg, a picture of --at or of the end, or FILE.cast, all of it (asciinema)",
    )
    parser.add_argument(
        "--size",
        type=size,
        metavar="WxH",
        help="columns and lines of what is printed or recorded (default: those of the terminal, or 120x40)",
    )


def call(arguments: Arguments) -> int:
    from emulator.view.console import make_console

    console = make_console()
    is_shown = _is_shown(arguments, console)
    if arguments.record is not None:
        check_record(arguments.record, arguments.trace)
    if is_shown:
        return _show(arguments)
    player = _player(arguments)
    if player.recording.report.is_cut:
        complain(f"{player.recording.name}: the trace is {player.recording.report.end}; all before that is shown")
    _keep(arguments, player, console)
    return 0


def _is_shown(arguments: Arguments, console: "Console") -> bool:
    """Whether this is a replay on a terminal. Raises `InputError` if it is, and there is none."""
    if arguments.record is not None or arguments.frame:
        return False
    # Textual reads keys from the first, and draws on the last.
    has_screen = all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)) and not console.is_dumb_terminal
    if not has_screen and arguments.at is None:
        raise InputError(["a replay needs a terminal; --at 40% prints one frame, --record FILE.cast keeps all of it"])
    return has_screen


def _show(arguments: Arguments) -> int:
    try:
        from emulator.view.replay.app import ReplayApp
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("textual"):
            raise
        raise EmulatorError("a replay on a terminal needs the package textual: pip install '.[replay]'") from None
    player = _player(arguments)
    if arguments.at is None:
        player.play_or_pause()
    app = ReplayApp(player)
    status = app.run(mouse=False)
    return status if status is not None else app.return_code or 0


def _player(arguments: Arguments) -> "Player":
    from emulator.replay.player import Player

    player = Player(_read(arguments), arguments.speed)
    if arguments.at is not None:
        player.seek(arguments.at)
    return player


def _read(arguments: Arguments) -> "Recording":
    """Read a trace; on a terminal, say so if that takes long."""
    from rich.console import Console

    from emulator.replay.recording import Recording
    from emulator.view.sentences import is_told

    console = Console(stderr=True, highlight=False)
    is_long = sum(trace.stat().st_size for trace in arguments.trace if trace.is_file()) > LONG_BYTES
    name = arguments.trace[0]
    with console.status(f"reading {name}", spinner="dots") if is_long and console.is_terminal else nullcontext():
        return Recording(open_traces(arguments), is_told)


def _keep(arguments: Arguments, player: "Player", console: "Console") -> None:
    """Print a frame, or write a file."""
    from emulator.view.console import screen_size
    from emulator.view.replay.screen import still

    size = arguments.size or screen_size(console)
    is_one_frame = arguments.record is None or arguments.record.suffix == ".svg"
    if arguments.at is None and is_one_frame:
        player.go_to_end()
    if arguments.record is not None:
        write_record(player, arguments.record, size, still)
    else:
        console.width = size[0]
        console.print(still(player, *size))


COMMAND = Command(
    name="replay",
    help="watch a trace again: slower, step by step, from any moment",
    add_flags=add_flags,
    call=call,
)
