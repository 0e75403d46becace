"""Flags that several commands have: the same flag means the same, and its help says the same."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from emulator.commands.answers import complain
from emulator.commands.command import Arguments, Flags
from emulator.commands.values import byte_size, positive, rate, time_s, whole

if TYPE_CHECKING:
    from emulator.scenario.plan_network import NetworkFlags
    from emulator.trace.sources import TraceSource

INPUTS = "folder of in1.txt … inN.txt"


def add_folder(flags: Flags, name: str, default: str | None, text: str, *, is_required: bool | None = None) -> None:
    """Add a flag that names a folder. Without a default it is required, unless `is_required` says otherwise."""
    folder = None if default is None else Path(default)
    required = folder is None if is_required is None else is_required
    action = flags.add_argument(name, type=Path, default=folder, required=required, metavar="DIR", help=text)
    action.complete = {"bash": "_shtab_compgen_dirs", "zsh": "_files -/", "tcsh": "d"}  # type: ignore[attr-defined]


def add_file(
    flags: Flags,
    name: str | tuple[str, ...],
    metavar: str,
    text: str,
    default: str | None = None,
    num: str | None = None,
) -> None:
    """Add a flag, or an argument, that names a file, or several with `num`, the `nargs` of argparse.

    A flag may have several names.
    """
    file = None if default is None else Path(default)
    names = (name,) if isinstance(name, str) else name
    action = flags.add_argument(*names, type=Path, default=file, metavar=metavar, nargs=num, help=text)
    action.complete = {"bash": "_shtab_compgen_files", "zsh": "_files", "tcsh": "f"}  # type: ignore[attr-defined]


def add_trace(flags: Flags) -> None:
    add_file(
        flags,
        "trace",
        "TRACE",
        "a trace (docs/trace-format.md), or its parts, which are merged; compressed or not; - for stdin",
        num="+",
    )


def open_traces(arguments: Arguments) -> "TraceSource":
    """The trace that `add_trace` names; what is wrong with how its parts fit together is said on stderr."""
    from emulator.trace.merged import source_of

    source = source_of(arguments.trace)
    for note in source.notes:
        complain(note)
    return source


def add_clients(flags: Flags) -> None:
    flags.add_argument("--clients", type=positive, metavar="N", help="only the first N clients (default: all)")


def add_json(flags: Flags, what: str) -> None:
    flags.add_argument("--json", action="store_true", help=f"print {what} as JSON, and nothing else, on stdout")


def add_rng_seed(flags: Flags, text: str) -> None:
    flags.add_argument("--rng-seed", type=whole, default=0, metavar="S", help=f"{text} (default: 0)")


def add_round_flags(flags: Flags) -> None:
    flags.add_argument("--quota", type=positive, metavar="K", help="segments a round (default: 10)")
    flags.add_argument(
        "--numwant",
        type=positive,
        metavar="K",
        help="most seeds, and most peers, in an answer of the tracker (default: 50)",
    )


def add_network_flags(flags: Flags, *, rate_default: str, delay_default: str) -> None:
    """Add the flags that `network_of` reads."""
    flags.add_argument(
        "--rate",
        type=rate,
        metavar="RATE",
        help=f"upload rate of each client, such as '100 Mbit/s' (default: {rate_default})",
    )
    flags.add_argument(
        "--down-rate",
        type=rate,
        metavar="RATE",
        help="highest rate at which a segment comes in at a client (default: no limit)",
    )
    flags.add_argument(
        "--segment-bytes", type=byte_size, metavar="SIZE", help="size of a segment for the network (default: 256 KiB)"
    )
    flags.add_argument(
        "--delay",
        type=time_s,
        metavar="TIME",
        help=f"delay of every message, such as '20 ms' (default: {delay_default})",
    )


def network_of(arguments: Arguments) -> "NetworkFlags":
    from emulator.scenario.plan_network import NetworkFlags

    return NetworkFlags(
        up=arguments.rate,
        down=arguments.down_rate,
        segment_bytes=arguments.segment_bytes,
        delay_s=arguments.delay,
    )


def add_jobs(flags: Flags) -> None:
    flags.add_argument(
        "--jobs", type=positive, default=num_cores(), metavar="N", help="runs at a time (default: one a core)"
    )


def num_cores() -> int:
    """The number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
