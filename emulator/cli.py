"""The command line: arguments in, calls out, no logic."""

import argparse
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from emulator import __version__
from emulator.errors import EmulatorError
from emulator.options import ENGINES, Options
from emulator.strategies import DEFAULT, STRATEGIES
from emulator.trace.exports import EXPORTS

if TYPE_CHECKING:
    from emulator.view.replay_player import Moment

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
    _add_completion(commands)
    return parser


def _add_run_options(parser: argparse.ArgumentParser) -> None:
    what = parser.add_argument_group("what to run")
    _add_folder(what, "--inputs", "samples", "folder of in1.txt … inN.txt (default: samples)")
    what.add_argument("--clients", type=_positive, metavar="N", help="the first N clients (default: all inputs)")
    _add_folder(what, "--output", "out", "folder for the outputs, client<R>_<file> (default: out)")

    how = parser.add_argument_group("how the protocol runs")
    how.add_argument(
        "--strategy", default=DEFAULT, choices=list(STRATEGIES), help="who to download from (default: %(default)s)"
    )
    how.add_argument("--quota", type=_positive, default=10, metavar="K", help="segments a round (default: 10)")
    how.add_argument(
        "--numwant", type=_positive, default=50, metavar="K", help="most seeds, and most peers, in a list (default: 50)"
    )
    how.add_argument(
        "--rng-seed", type=_whole, default=0, metavar="S", help="makes random choices repeatable (default: 0)"
    )

    engine = parser.add_argument_group("how it is carried out")
    engine.add_argument(
        "--engine", choices=ENGINES, default=ENGINES[0], help="real processes, or virtual time (default: %(default)s)"
    )
    engine.add_argument(
        "--start-method", choices=("fork", "spawn"), help="of processes (default: fork where it is safe)"
    )
    engine.add_argument(
        "--pace", type=_above_zero, metavar="N", help="slow every client to N segments a second, to be watched"
    )
    engine.add_argument("--timeout", type=_above_zero, metavar="S", help="give up after S seconds (default: never)")

    proof = parser.add_argument_group("what is recorded and checked")
    proof.add_argument("--trace", type=Path, metavar="FILE", help="write every event to FILE; .gz compresses it")
    proof.add_argument("--check", action="store_true", help="check the run against the protocol's rules at its end")
    _add_file(proof, "--record", "FILE", "keep what was to be seen: FILE.svg its end, FILE.cast all of it (asciinema)")

    said = parser.add_argument_group("what is said")
    loudness = said.add_mutually_exclusive_group()
    loudness.add_argument("--quiet", action="store_true", help="nothing but problems")
    loudness.add_argument("--json", action="store_true", help="the result as JSON, and nothing else, on stdout")
    said.add_argument("--version", action="version", version=f"emulator {__version__}")


def _add_generate(commands: "argparse._SubParsersAction[_Parser]") -> None:
    parser = commands.add_parser("generate", help="write a swarm of any shape as input files")
    parser.set_defaults(handler=_generate)
    parser.add_argument("--clients", type=_positive, default=5, metavar="N", help="clients (default: 5)")
    parser.add_argument("--files", type=_whole, default=4, metavar="N", help="files in the swarm (default: 4)")
    parser.add_argument(
        "--segments",
        type=_span,
        default=(20, 60),
        metavar="N|A-B",
        help="segments a file, or from A to B (default: 20-60)",
    )
    parser.add_argument("--seeds", type=_positive, default=1, metavar="N", help="owners of each file (default: 1)")
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
        "--rng-seed", type=_whole, default=0, metavar="S", help="another number, another swarm (default: 0)"
    )
    _add_folder(parser, "--output", None, "folder for in1.txt … inN.txt; it may not hold any yet")


def _add_verify(commands: "argparse._SubParsersAction[_Parser]") -> None:
    parser = commands.add_parser("verify", help="prove a folder of outputs against what the inputs imply")
    parser.set_defaults(handler=_verify)
    _add_folder(parser, "--inputs", None, "folder of in1.txt … inN.txt")
    parser.add_argument("--clients", type=_positive, metavar="N", help="only the first N clients (default: all inputs)")
    _add_folder(parser, "--outputs", None, "folder of client<R>_<file>")
    parser.add_argument("--json", action="store_true", help="the verdict as JSON on stdout")


def _add_check(commands: "argparse._SubParsersAction[_Parser]") -> None:
    parser = commands.add_parser("check", help="check a trace against the protocol's rules, whoever wrote it")
    parser.set_defaults(handler=_check)
    parser.add_argument("trace", type=Path, metavar="TRACE", help="a trace (docs/trace-format.md); .gz is fine")
    _add_folder(parser, "--inputs", None, "compare with this folder of in1.txt … too", is_required=False)
    parser.add_argument("--points", type=Path, metavar="FILE", help="TOML file with points for rules, to grade by")
    parser.add_argument("--json", action="store_true", help="the verdicts as JSON on stdout")


def _add_export(commands: "argparse._SubParsersAction[_Parser]") -> None:
    parser = commands.add_parser("export", help="write a trace for Perfetto, for ShiViz, or as a table")
    parser.set_defaults(handler=_export)
    _add_file(parser, "trace", "TRACE", "a trace, compressed or not")
    parser.add_argument("--to", choices=list(EXPORTS), required=True, help="for which program; see docs/exports.md")
    _add_file(parser, "--output", "FILE", "where to, compressed where it ends in .gz (default: stdout)")


def _add_replay(commands: "argparse._SubParsersAction[_Parser]") -> None:
    parser = commands.add_parser("replay", help="watch a trace again: slower, step by step, from any moment")
    parser.set_defaults(handler=_replay)
    _add_file(parser, "trace", "TRACE", "a trace, compressed or not")
    parser.add_argument("--at", type=_moment, metavar="WHEN", help="begin at 40%% of the run, or at 0.12 seconds")
    parser.add_argument(
        "--speed", type=_above_zero, metavar="X", help="seconds of the run in a second (default: 1, or less)"
    )
    parser.add_argument("--frame", action="store_true", help="print one frame, of --at or of the end, and stop")
    _add_file(parser, "--record", "FILE", "write FILE.svg, of --at or of the end, or FILE.cast, of all (asciinema)")
    parser.add_argument(
        "--size", type=_size, metavar="WxH", help="columns and lines of what is printed or recorded (default: 120x40)"
    )


def _add_completion(commands: "argparse._SubParsersAction[_Parser]") -> None:
    parser = commands.add_parser("completion", help="print a script that completes this command in a shell")
    parser.set_defaults(handler=_completion)
    parser.add_argument("shell", choices=SHELLS)


def _add_folder(
    parser: "argparse.ArgumentParser | argparse._ArgumentGroup",
    flag: str,
    default: str | None,
    text: str,
    *,
    is_required: bool | None = None,
) -> None:
    """Add a flag that names a folder; it is required where it has no default, unless that is said otherwise."""
    folder = None if default is None else Path(default)
    required = folder is None if is_required is None else is_required
    action = parser.add_argument(flag, type=Path, default=folder, required=required, metavar="DIR", help=text)
    action.complete = {"bash": "_shtab_compgen_dirs", "zsh": "_files -/", "tcsh": "d"}  # type: ignore[attr-defined]


def _add_file(parser: "argparse.ArgumentParser | argparse._ArgumentGroup", flag: str, metavar: str, text: str) -> None:
    action = parser.add_argument(flag, type=Path, metavar=metavar, help=text)
    action.complete = {"bash": "_shtab_compgen_files", "zsh": "_files", "tcsh": "f"}  # type: ignore[attr-defined]


def _positive(text: str) -> int:
    value = _whole(text)
    if not 1 <= value <= 10**9:
        raise argparse.ArgumentTypeError(f"{text!r:.40} is not a whole number from 1 to 1,000,000,000")
    return value


def _whole(text: str) -> int:
    # `int` also takes other scripts' digits and `1_0`, and has an error of its own for thousands of digits.
    if not re.fullmatch(r"-?[0-9]{1,20}", text):
        raise argparse.ArgumentTypeError(f"{text!r:.40} is not a whole number of at most 20 digits")
    return int(text)


def _above_zero(text: str) -> float:
    value = float(text) if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text) else 0.0
    if value <= 0:
        raise argparse.ArgumentTypeError(f"{text!r:.40} is not a number above 0, such as 20 or 0.5")
    return value


def _span(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"([0-9]{1,9})(?:-([0-9]{1,9}))?", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r:.40} is neither a number nor a range such as 20-60")
    return int(match[1]), int(match[2] or match[1])


def _moment(text: str) -> "Moment":
    from emulator.view.replay_player import parse_moment

    try:
        return parse_moment(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"([0-9]{1,4})x([0-9]{1,4})", text)
    if match is None or not (int(match[1]) >= 40 and int(match[2]) >= 10):
        raise argparse.ArgumentTypeError(f"{text!r:.40} is no size such as 120x40; the least is 40x10")
    return int(match[1]), int(match[2])


def _run(arguments: argparse.Namespace) -> int:
    from emulator.view.commands import Manner, RunRequest, run_and_tell

    options = Options(
        engine=arguments.engine,
        strategy=arguments.strategy,
        quota=arguments.quota,
        numwant=arguments.numwant,
        rng_seed=arguments.rng_seed,
        start_method=arguments.start_method,
        timeout_s=arguments.timeout,
        pace=arguments.pace,
    )
    manner: Manner = "json" if arguments.json else "quiet" if arguments.quiet else "person"
    return run_and_tell(
        RunRequest(
            inputs=arguments.inputs,
            num_clients=arguments.clients,
            output=arguments.output,
            options=options,
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
    from emulator.view.commands import verify_and_tell

    return verify_and_tell(arguments.inputs, arguments.clients, arguments.outputs, arguments.json)


def _check(arguments: argparse.Namespace) -> int:
    from emulator.view.checking import check_and_tell

    return check_and_tell(arguments.trace, arguments.inputs, arguments.points, arguments.json)


def _export(arguments: argparse.Namespace) -> int:
    from emulator.trace.exports.output import export_trace

    note = export_trace(arguments.trace, arguments.to, arguments.output)
    if note:
        _complain(note)
    return 0


def _replay(arguments: argparse.Namespace) -> int:
    from emulator.view.replay import ReplayRequest, replay

    request = ReplayRequest(
        trace=arguments.trace,
        at=arguments.at,
        speed=arguments.speed,
        is_frame=arguments.frame,
        record=arguments.record,
        size=arguments.size,
    )
    return replay(request, _complain)


def _completion(arguments: argparse.Namespace) -> int:
    try:
        import shtab
    except ImportError:
        raise EmulatorError("completion needs the package shtab: pip install '.[completion]'") from None
    print(shtab.complete(make_parser(), arguments.shell))
    return 0
