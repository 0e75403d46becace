"""`emulator compare`."""

from pathlib import Path
from typing import TYPE_CHECKING

from emulator.commands.answers import errors_as_json, print_json
from emulator.commands.command import Arguments, Command, Flags, Parser
from emulator.commands.flags import (
    add_file,
    add_folder,
    add_jobs,
    add_json,
    add_network_flags,
    add_rng_seed,
    add_round_flags,
    network_of,
)
from emulator.commands.values import above_zero, positive, sizes, words
from emulator.errors import InputError
from emulator.strategies import STRATEGIES
from emulator.writing import check_file, written_whole

if TYPE_CHECKING:
    from emulator.comparison.compare import Comparison
    from emulator.comparison.grid import Grid

EXAMPLES = """\
examples:
  emulator compare                                 all strategies, swarms of 10 and 100
  emulator compare --strategies peers-first,rarest-first --clients 10,100,1000 --rate '100 Mbit/s'
  emulator compare --scenarios samples/flash-crowd,a.toml --repeat 20 --csv runs.csv --plots plots
  emulator compare --clients 20 --report compare.html     look at it in a browser

Finished runs are kept in the folder --results: after Ctrl-C, the same command goes on from there.
exit status: 0 every run proved all its outputs; 1 some did not; 2 wrong usage or input; 128+n ended by signal n
"""
DEFAULT_CLIENTS = (10, 100)
MADE_ONLY = ("segments", "seeds")
"""Flags that only swarms made by this command have."""


def add_flags(parser: Parser) -> None:
    what = parser.add_argument_group("what to compare")
    what.add_argument("--strategies", type=words, metavar="A,B", help="strategies (default: all that have a name)")
    what.add_argument("--clients", type=sizes, metavar="N,N", help="sizes of swarms (default: 10,100)")
    what.add_argument(
        "--repeat", type=positive, default=6, metavar="N", help="runs of each strategy on each swarm (default: 6)"
    )
    add_rng_seed(what, "rng seed of the first of these runs; the others count up")
    what.add_argument(
        "--scenarios", type=words, metavar="A,B", help="scenario files and folders of inputs, in place of made swarms"
    )
    what.add_argument(
        "--segments", type=positive, metavar="N", help="segments of the one file of a made swarm (default: 50)"
    )
    what.add_argument("--seeds", type=positive, metavar="N", help="clients that own it from the start (default: 1)")
    how = parser.add_argument_group("how each swarm runs")
    add_round_flags(how)
    add_network_flags(how, rate_default="10 MB/s", delay_default="1 ms")
    add_jobs(how)
    how.add_argument("--timeout", type=above_zero, metavar="S", help="give a run up after S seconds (default: never)")
    _add_output_flags(parser.add_argument_group("what comes of it"))


def _add_output_flags(flags: Flags) -> None:
    add_folder(flags, "--results", "results", "folder that keeps finished runs (default: results)")
    add_json(flags, "estimates and verdicts")
    add_file(flags, "--csv", "FILE", "write a line for each run")
    add_file(flags, "--report", "FILE", "write the comparison as one HTML file, to be looked at in a browser")
    add_folder(flags, "--plots", None, "folder for pictures, SVG and PNG (needs matplotlib)", is_required=False)


def call(arguments: Arguments) -> int:
    with errors_as_json(arguments.json):
        if arguments.csv is not None:
            check_file(arguments.csv, "--csv")
        if arguments.report is not None:
            check_file(arguments.report, "--report")
        if arguments.plots is not None:
            from emulator.view.summary.plots import check_plots, write_plots

            check_plots(arguments.plots)
        comparison = _compare(arguments, _grid(arguments))
        if arguments.csv is not None:
            from emulator.comparison.tables import write_table

            write_table(comparison, arguments.csv)
        if arguments.report is not None:
            _report(comparison, arguments.report)
        if arguments.plots is not None:
            write_plots(comparison, arguments.plots)
    _tell(arguments, comparison)
    return comparison.exit_status


def _grid(arguments: Arguments) -> "Grid":
    from emulator.comparison.grid import Grid

    made = {name: value for name in MADE_ONLY if (value := vars(arguments)[name]) is not None}
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
        lines=network_of(arguments),
        **{f"num_{name}": value for name, value in made.items()},
    )


def _compare(arguments: Arguments, grid: "Grid") -> "Comparison":
    # rich is imported in this process only: nothing is drawn in workers.
    from emulator.comparison.compare import compare
    from emulator.view.console import is_screen, make_console
    from emulator.view.summary.comparison import BarView, what_is_run

    if not arguments.json:
        make_console().print(f"{what_is_run(grid)}, results in {arguments.results}", soft_wrap=True, markup=False)
    console = make_console(is_problem=True)
    bar = BarView(console) if is_screen(console) else None
    return compare(grid, arguments.results, arguments.jobs, bar, arguments.timeout)


def _report(comparison: "Comparison", path: Path) -> None:
    from emulator.view.page.comparison import write_comparison

    with written_whole(path, "--report") as file:
        write_comparison(comparison, file.write)


def _tell(arguments: Arguments, comparison: "Comparison") -> None:
    if arguments.json:
        from emulator.comparison.tables import facts_of

        print_json(facts_of(comparison))
    else:
        from emulator.view.console import make_console, print_all
        from emulator.view.summary.comparison import comparison_summary

        print_all(make_console(), comparison_summary(comparison))


COMMAND = Command(
    name="compare",
    help="try strategies on many swarms in virtual time, and say which is better",
    description="Run each strategy on each swarm, with several rng seeds, in virtual time and on all cores.",
    examples=EXAMPLES,
    add_flags=add_flags,
    call=call,
)
