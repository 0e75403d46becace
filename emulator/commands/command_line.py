"""The command line: arguments in, calls out, no logic."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from emulator import __version__
from emulator.commands.compare import add_compare
from emulator.commands.storm import add_storm
from emulator.commands.values import (
    above_zero,
    add_file,
    add_folder,
    byte_size,
    moment,
    positive,
    rate,
    size,
    span,
    time_s,
    whole,
)
from emulator.errors import EmulatorError
from emulator.scenario.options import ENGINES
from emulator.strategies import DEFAULT, STRATEGIES
from emulator.trace.exports import EXPORTS

EXAMPLES = """\
examples:
  emulator --clients 5 --inputs samples/           run the sample swarm, watched live
  emulator --inputs samples/flash-crowd --quiet    the same for another swarm, without a word
  emulator --inputs samples/ --json > result.json  the result for a program
  emulator generate --clients 22 --seeds 2 --files 10 --segments 100 --output big/
  emulator verify --inputs samples/ --outputs out/ prove outputs, whoever wrote them
  emulator --inputs samples/ --trace run.jsonl     record every event; check it with
  emulator check run.jsonl --inputs samples/       … the rules of the protocol
  emulator replay run.jsonl                        watch it again, step by step

exit status: 0 every wanted file is complete and proven; 1 the run ended without that,
or a rule of the protocol was broken; 2 wrong usage or input; 3 the checker cannot tell;
128+n ended by signal n
"""
SHELLS = ("bash", "zsh", "tcsh", "fish")


class _Parser(argparse.ArgumentParser):
    """One line for a wrong argument, and help in colour on a terminal."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")

    def print_help(self, file: object = None) -> None:  # noqa: ARG002
        from emulator.view.help import print_help

        print_help(self.format_help())


class _Strategies(tuple[str, ...]):
    """Names for completion. Anything else is let through: it may be a file's, and is looked at with all options."""

    def __contains__(self, name: object) -> bool:
        return True


def run_command(argv: Sequence[str] | None = None) -> int:
    """Run the command that `argv` asks for and return its exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        try:
            options = _parse(arguments)
            return int(options.handler(options))
        finally:
            sys.stdout.flush()
    except EmulatorError as error:
        _complain(str(error))
        return error.exit_status
    except OSError as error:
        # Often stdout's: Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        # Whoever read the output and has gone knows.
        if not isinstance(error, BrokenPipeError):
            _complain(f"stopped by the system: {error}")
        return 1


def _complain(text: str) -> None:
    from emulator.view.text import printable

    for line in text.split("\n"):
        print(f"emulator: {printable(line)}", file=sys.stderr)


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = make_parser()
    options = parser.parse_args(arguments)
    if options.command is not None and arguments[0] != options.command:
        parser.error(f"the options before {options.command!r} are those of a run; put that word first")
    return options


def make_parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="emulator",
        description="A BitTorrent-style swarm in a box: one tracker and N clients as processes on this machine.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(handler=_run, command=None)
    _add_run_options(parser)
    commands = parser.add_subparsers(title="other commands", metavar="COMMAND", dest="command")
    _add_generate(commands)
    _add_verify(commands)
    _add_check(commands)
    _add_export(commands)
    _add_replay(commands)
    add_compare(commands)
    add_storm(commands)
    _add_strategies(commands)
    _add_completion(commands)
    return parser


def _add_run_options(parser: argparse.ArgumentParser) -> None:
    what = parser.add_argument_group("what to run")
    swarm = what.add_mutually_exclusive_group()
    add_folder(swarm, "--inputs", "samples", "folder of in1.txt … inN.txt (default: samples)")
    add_file(
        swarm, "--scenario", "FILE", "TOML file of a swarm, its network, who comes and goes; see docs/network-model.md"
    )
    what.add_argument("--clients", type=positive, metavar="N", help="the first N clients (default: all inputs)")
    add_folder(what, "--output", "out", "folder for the outputs, client<R>_<file> (default: out)")

    how = parser.add_argument_group("how the protocol runs")
    how.add_argument(
        "--strategy",
        choices=_Strategies(STRATEGIES),
        metavar="NAME",
        help=f"who to download from, by name or as path/to/mine.py:Name; see emulator strategies (default: {DEFAULT})",
    )
    how.add_argument("--quota", type=positive, metavar="K", help="segments a round (default: 10)")
    how.add_argument(
        "--numwant", type=positive, metavar="K", help="most seeds, and most peers, in a list (default: 50)"
    )
    how.add_argument("--rng-seed", type=whole, metavar="S", help="makes random choices repeatable (default: 0)")
    _add_network_options(parser)

    engine = parser.add_argument_group("how it is carried out")
    engine.add_argument(
        "--engine", choices=ENGINES, default=ENGINES[0], help="real processes, or virtual time (default: %(default)s)"
    )
    engine.add_argument(
        "--start-method", choices=("fork", "spawn"), help="of processes (default: fork where it is safe)"
    )
    engine.add_argument(
        "--pace", type=above_zero, metavar="N", help="slow every client to N segments a second, to be watched"
    )
    engine.add_argument("--timeout", type=above_zero, metavar="S", help="give up after S seconds (default: never)")

    wrong = parser.add_argument_group("what goes wrong, on purpose, and what is done about it")
    wrong.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="TEXT",
        help="such as 'kill client 3 at 40%%', of all segments that are wanted, or 'at 2s'; may be given again; "
        "docs/faults.md has the language",
    )
    wrong.add_argument("--restart", action="store_true", help="start every client again that dies")
    wrong.add_argument(
        "--resume", action="store_true", help="store segments as they come, and go on from those of an earlier run"
    )

    proof = parser.add_argument_group("what is recorded and checked")
    proof.add_argument("--trace", type=Path, metavar="FILE", help="write every event to FILE; .gz compresses it")
    proof.add_argument("--check", action="store_true", help="check the run against the protocol's rules at its end")
    add_file(proof, "--record", "FILE", "keep what was to be seen: FILE.svg its end, FILE.cast all of it (asciinema)")

    said = parser.add_argument_group("what is said")
    loudness = said.add_mutually_exclusive_group()
    loudness.add_argument("--quiet", action="store_true", help="nothing but problems")
    loudness.add_argument("--json", action="store_true", help="the result as JSON, and nothing else, on stdout")
    said.add_argument("--version", action="version", version=f"emulator {__version__}")


def _add_network_options(parser: argparse.ArgumentParser) -> None:
    lines = parser.add_argument_group("the network between the clients")
    lines.add_argument("--rate", type=rate, metavar="RATE", help="of each client's uploads, such as '100 Mbit/s'")
    lines.add_argument("--down-rate", type=rate, metavar="RATE", help="the most that a segment comes in with")
    lines.add_argument(
        "--segment-bytes", type=byte_size, metavar="SIZE", help="what a segment stands for (default: 256 KiB)"
    )
    lines.add_argument(
        "--delay",
        type=time_s,
        metavar="TIME",
        help="of every message on its way (default: 1 ms in virtual time, none on processes)",
    )


def _add_generate(commands: "argparse._SubParsersAction[_Parser]") -> None:
    parser = commands.add_parser("generate", help="write a swarm of any shape as input files")
    parser.set_defaults(handler=_generate)
    parser.add_argument("--clients", type=positive, default=5, metavar="N", help="clients (default: 5)")
    parser.add_argument("--files", type=whole, default=4, metavar="N", help="files in the swarm (default: 4)")
    parser.add_argument(
        "--segments",
        type=span,
        default=(20, 60),
        metavar="N|A-B",
        help="segments a file, or from A to B (default: 20-60)",
    )
    parser.add_argument("--seeds", type=positive, default=1, metavar="N", help="owners of each file (default: 1)")
    parser.add_argument(
        "--owners", type=positive, metavar="N", help="only the first N clients own files (default: any)"
    )
    parser.add_argument(
        "--wants", type=float, default=1.0, metavar="SHARE", help="share of the other files a client wants (default: 1)"
    )
    parser.add_argument(
        "--overlap",
        type=float,
        default=0.0,
        metavar="X",
        help="0: wants drawn for each client; 1: all alike (default: 0)",
    )
    parser.add_argument(
        "--rng-seed", type=whole, default=0, metavar="S", help="another number, another swarm (default: 0)"
    )
    add_folder(parser, "--output", None, "folder for in1.txt … inN.txt; it may not hold any yet")


def _add_verify(commands: "argparse._SubParsersAction[_Parser]") -> None:
    parser = commands.add_parser("verify", help="prove a folder of outputs against what the inputs imply")
    parser.set_defaults(handler=_verify)
    add_folder(parser, "--inputs", None, "folder of in1.txt … inN.txt")
    parser.add_argument("--clients", type=positive, metavar="N", help="only the first N clients (default: all inputs)")
    add_folder(parser, "--outputs", None, "folder of client<R>_<file>")
    parser.add_argument("--json", action="store_true", help="the verdict as JSON on stdout")


def _add_check(commands: "argparse._SubParsersAction[_Parser]") -> None:
    parser = commands.add_parser("check", help="check a trace against the protocol's rules, whoever wrote it")
    parser.set_defaults(handler=_check)
    parser.add_argument("trace", type=Path, metavar="TRACE", help="a trace (docs/trace-format.md); .gz is fine")
    add_folder(parser, "--inputs", None, "compare with this folder of in1.txt … too", is_required=False)
    parser.add_argument("--points", type=Path, metavar="FILE", help="TOML file with points for rules, to grade by")
    parser.add_argument("--json", action="store_true", help="the verdicts as JSON on stdout")


def _add_export(commands: "argparse._SubParsersAction[_Parser]") -> None:
    parser = commands.add_parser("export", help="write a trace for Perfetto, for ShiViz, or as a table")
    parser.set_defaults(handler=_export)
    add_file(parser, "trace", "TRACE", "a trace, compressed or not")
    parser.add_argument("--to", choices=list(EXPORTS), required=True, help="for which program; see docs/exports.md")
    add_file(parser, "--output", "FILE", "where to, compressed where it ends in .gz (default: stdout)")


def _add_replay(commands: "argparse._SubParsersAction[_Parser]") -> None:
    parser = commands.add_parser("replay", help="watch a trace again: slower, step by step, from any moment")
    parser.set_defaults(handler=_replay)
    add_file(parser, "trace", "TRACE", "a trace, compressed or not")
    parser.add_argument("--at", type=moment, metavar="WHEN", help="begin at 40%% of the run's time, or at 0.12 seconds")
    parser.add_argument(
        "--speed", type=above_zero, metavar="X", help="seconds of the run in a second (default: 1, or less)"
    )
    parser.add_argument("--frame", action="store_true", help="print one frame, of --at or of the end, and stop")
    add_file(parser, "--record", "FILE", "write FILE.svg, of --at or of the end, or FILE.cast, of all (asciinema)")
    parser.add_argument(
        "--size", type=size, metavar="WxH", help="columns and lines of what is printed or recorded (default: 120x40)"
    )


def _add_strategies(commands: "argparse._SubParsersAction[_Parser]") -> None:
    parser = commands.add_parser("strategies", help="list the ways of downloading; docs/strategies.md says more")
    parser.set_defaults(handler=_strategies)
    parser.add_argument("--json", action="store_true", help="as JSON on stdout")


def _add_completion(commands: "argparse._SubParsersAction[_Parser]") -> None:
    parser = commands.add_parser("completion", help="print a script that completes this command in a shell")
    parser.set_defaults(handler=_completion)
    parser.add_argument("shell", choices=SHELLS)


def _run(arguments: argparse.Namespace) -> int:
    from emulator.commands.runs import Manner, RunRequest, run_and_tell
    from emulator.running.prepare import Source
    from emulator.scenario.plan_network import NetworkFlags

    lines = NetworkFlags(
        up=arguments.rate,
        down=arguments.down_rate,
        segment_bytes=arguments.segment_bytes,
        delay_s=arguments.delay,
    )
    source = Source(inputs=arguments.inputs, plan=arguments.scenario, num_clients=arguments.clients, network=lines)
    flags = {
        "engine": arguments.engine,
        "strategy": arguments.strategy,
        "quota": arguments.quota,
        "numwant": arguments.numwant,
        "rng_seed": arguments.rng_seed,
        "start_method": arguments.start_method,
        "timeout_s": arguments.timeout,
        "pace": arguments.pace,
        "faults": tuple(arguments.fault),
        "restart": arguments.restart,
        "resume": arguments.resume,
    }
    manner: Manner = "json" if arguments.json else "quiet" if arguments.quiet else "person"
    return run_and_tell(
        RunRequest(
            source=source,
            flags=flags,
            output=arguments.output,
            manner=manner,
            trace=arguments.trace,
            is_checked=arguments.check,
            record=arguments.record,
        )
    )


def _generate(arguments: argparse.Namespace) -> int:
    from emulator.scenario.generate import Shape, generate
    from emulator.scenario.scenario import write_inputs
    from emulator.view.text import plural, printable

    shape = Shape(
        clients=arguments.clients,
        files=arguments.files,
        segments=arguments.segments,
        seeds=arguments.seeds,
        owners=arguments.owners,
        wants=arguments.wants,
        overlap=arguments.overlap,
        rng_seed=arguments.rng_seed,
    )
    clients = generate(shape)
    write_inputs(arguments.output, clients)
    folder = printable(str(arguments.output))
    print(f"{plural(len(clients), 'input file')} in {folder}; run them with: emulator --inputs {folder}")
    return 0


def _verify(arguments: argparse.Namespace) -> int:
    from emulator.commands.runs import verify_and_tell

    return verify_and_tell(arguments.inputs, arguments.clients, arguments.outputs, arguments.json)


def _check(arguments: argparse.Namespace) -> int:
    from emulator.commands.checking import check_and_tell

    return check_and_tell(arguments.trace, arguments.inputs, arguments.points, arguments.json)


def _export(arguments: argparse.Namespace) -> int:
    from emulator.trace.exports.output import export_trace

    note = export_trace(arguments.trace, arguments.to, arguments.output)
    if note:
        _complain(note)
    return 0


def _replay(arguments: argparse.Namespace) -> int:
    from emulator.view.replay.replay import ReplayRequest, replay

    request = ReplayRequest(
        trace=arguments.trace,
        at=arguments.at,
        speed=arguments.speed,
        is_frame=arguments.frame,
        record=arguments.record,
        size=arguments.size,
    )
    return replay(request, _complain)


def _strategies(arguments: argparse.Namespace) -> int:
    from emulator.commands.strategies import tell_strategies

    tell_strategies(as_json=arguments.json)
    return 0


def _completion(arguments: argparse.Namespace) -> int:
    try:
        import shtab
    except ImportError:
        raise EmulatorError("completion needs the package shtab: pip install '.[completion]'") from None
    print(shtab.complete(make_parser(), arguments.shell))
    return 0
