"""The words of `emulator compare`."""

import argparse
from typing import TYPE_CHECKING, Any

from emulator.commands.values import (
    above_zero,
    add_file,
    add_folder,
    byte_size,
    num_cores,
    positive,
    rate,
    time_s,
    whole,
    words,
)
from emulator.errors import InputError
from emulator.strategies import STRATEGIES

if TYPE_CHECKING:
    from emulator.comparison.grid import Grid

EXAMPLES = """\
examples:
  emulator compare                                 all strategies, swarms of 10 and 100
  emulator compare --strategies peers-first,rarest-first --clients 10,100,1000 --rate '100 Mbit/s'
  emulator compare --scenarios samples/flash-crowd,a.toml --repeat 20 --csv runs.csv --plots plots

What is done is kept in the folder --results: after Ctrl-C, the same command goes on.
exit status: 0 every run proved all its outputs; 1 not every one did; 2 wrong usage or input
"""
DEFAULT_CLIENTS = (10, 100)
MADE_ONLY = ("segments", "seeds")


def add_compare(commands: "argparse._SubParsersAction[Any]") -> None:
    parser = commands.add_parser(
        "compare",
        help="try strategies on many swarms in virtual time, and say which is better",
        description="Run each strategy on each swarm, with several rng seeds, in virtual time and on all cores.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(handler=_compare)
    what = parser.add_argument_group("what to compare")
    what.add_argument("--strategies", type=words, metavar="A,B", help="which ones (default: all that are known)")
    what.add_argument("--clients", type=_sizes, metavar="N,N", help="sizes of swarms (default: 10,100)")
    what.add_argument(
        "--repeat", type=positive, default=6, metavar="N", help="runs of each, from rng seed 0 on (default: 6)"
    )
    what.add_argument("--rng-seed", type=whole, default=0, metavar="S", help="the first rng seed (default: 0)")
    what.add_argument(
        "--scenarios", type=words, metavar="A,B", help="scenario files and folders of inputs, in place of made swarms"
    )
    what.add_argument("--segments", type=positive, metavar="N", help="of the one file of made swarms (default: 50)")
    what.add_argument("--seeds", type=positive, metavar="N", help="clients that own it from the start (default: 1)")
    how = parser.add_argument_group("how each is run")
    how.add_argument("--quota", type=positive, metavar="K", help="segments a round (default: 10)")
    how.add_argument(
        "--numwant", type=positive, metavar="K", help="most seeds, and most peers, in a list (default: 50)"
    )
    how.add_argument("--rate", type=rate, metavar="RATE", help="of each client's uploads (default: 10 MB/s)")
    how.add_argument("--down-rate", type=rate, metavar="RATE", help="the most that a segment comes in with")
    how.add_argument("--segment-bytes", type=byte_size, metavar="SIZE", help="of a segment (default: 256 KiB)")
    how.add_argument("--delay", type=time_s, metavar="TIME", help="of every message on its way (default: 1 ms)")
    how.add_argument("--jobs", type=positive, metavar="N", help="runs at once (default: one a core)")
    how.add_argument("--timeout", type=above_zero, metavar="S", help="give a run up after S seconds (default: never)")
    said = parser.add_argument_group("what comes of it")
    add_folder(said, "--results", "results", "folder that keeps what is done (default: results)")
    said.add_argument("--json", action="store_true", help="estimates and verdicts as JSON on stdout")
    add_file(said, "--csv", "FILE", "write a line for each run")
    add_folder(said, "--plots", None, "folder for pictures, SVG and PNG (needs matplotlib)", is_required=False)


def _sizes(text: str) -> tuple[int, ...]:
    return tuple(positive(word) for word in words(text))


def _grid(arguments: argparse.Namespace) -> "Grid":
    from emulator.comparison.grid import Grid
    from emulator.scenario.plan_network import NetworkFlags

    made = {name: value for name in MADE_ONLY if (value := getattr(arguments, name)) is not None}
    if made and arguments.scenarios:
        raise InputError([f"--{name}: scenarios have their own; leave out one of the two" for name in made])
    return Grid(
        strategies=arguments.strategies or tuple(STRATEGIES),
        clients=arguments.clients or (() if arguments.scenarios else DEFAULT_CLIENTS),
        scenarios=arguments.scenarios or (),
        repeat=arguments.repeat,
        rng_seed=arguments.rng_seed,
        quota=arguments.quota,
        numwant=arguments.numwant,
        lines=NetworkFlags(
            up=arguments.rate,
            down=arguments.down_rate,
            segment_bytes=arguments.segment_bytes,
            delay_s=arguments.delay,
        ),
        **{f"num_{name}": value for name, value in made.items()},
    )


def _compare(arguments: argparse.Namespace) -> int:
    from emulator.commands.comparing import CompareRequest, compare_and_tell

    return compare_and_tell(
        CompareRequest(
            make_grid=lambda: _grid(arguments),
            results=arguments.results,
            num_workers=arguments.jobs or num_cores(),
            timeout_s=arguments.timeout,
            is_json=arguments.json,
            table=arguments.csv,
            plots=arguments.plots,
        )
    )
