"""The command line: which command it is, and what is said where one fails."""

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from emulator.commands import (
    check,
    compare,
    completion,
    export,
    generate,
    replay,
    report,
    run,
    serve,
    storm,
    strategies,
    trace_header,
    verify,
)
from emulator.commands.answers import complain, flush_or_give_up, give_up, say_problem
from emulator.commands.command import Arguments, Command
from emulator.errors import EmulatorError

COMMANDS: tuple[Command, ...] = (
    generate.COMMAND,
    verify.COMMAND,
    check.COMMAND,
    export.COMMAND,
    replay.COMMAND,
    report.COMMAND,
    serve.COMMAND,
    trace_header.COMMAND,
    compare.COMMAND,
    storm.COMMAND,
    strategies.COMMAND,
    completion.COMMAND,
)
"""In the order of `emulator --help`. Without one of these words, `emulator` runs a swarm."""


class _Parser(argparse.ArgumentParser):
    """One line for a wrong argument, and help in colour on a terminal."""

    def error(self, message: str) -> NoReturn:
        say_problem(f"{self.prog}: {message}; see {self.prog} --help\n")
        self.exit(2)

    def print_help(self, file: object = None) -> None:  # noqa: ARG002
        from emulator.view.help import print_help

        print_help(self.format_help())


def run_command(argv: Sequence[str] | None = None) -> int:
    """Run the command that `argv` asks for and return its exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        try:
            parsed = _parse(arguments)
            return int(parsed.call(parsed))
        except EmulatorError as error:
            flush_or_give_up(sys.stdout)  # the exit status of the error says more than a full stdout
            complain(str(error))
            return error.exit_status
        finally:
            sys.stdout.flush()
    except OSError as error:
        # Often stdout's: Python would complain once more when it flushes at exit.
        give_up(sys.stdout)
        if not isinstance(error, BrokenPipeError):  # the reader of the output has left, and knows it
            complain(f"stopped by the system: {error}")
        return 1


def _parse(arguments: list[str]) -> Arguments:
    parser = make_parser()
    parsed = parser.parse_args(arguments)
    if parsed.command is not None and arguments[0] != parsed.command:
        parser.error(f"the options before {parsed.command!r} are those of a run; put that word first")
    return parsed


def make_parser() -> argparse.ArgumentParser:
    """The parser of the whole command line. What it parses has the command's `call`."""
    parser = _Parser(
        prog="emulator",
        description=run.COMMAND.description,
        epilog=run.COMMAND.examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(call=run.COMMAND.call, command=None, parser=parser)
    run.COMMAND.add_flags(parser)
    others = parser.add_subparsers(title="other commands", metavar="COMMAND", dest="command")
    for command in COMMANDS:
        own = others.add_parser(
            command.name,
            help=command.help,
            description=command.description,
            epilog=command.examples,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        own.set_defaults(call=command.call)
        command.add_flags(own)
    return parser
