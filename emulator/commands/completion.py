"""`emulator completion`."""

from emulator.commands.command import Arguments, Command, Parser
from emulator.errors import EmulatorError

SHELLS = ("bash", "zsh", "tcsh", "fish")


def add_flags(parser: Parser) -> None:
    parser.add_argument("shell", choices=SHELLS)


def call(arguments: Arguments) -> int:
    try:
        import shtab
    except ImportError:
        raise EmulatorError("completion needs the package shtab: pip install '.[completion]'") from None
    print(shtab.complete(arguments.parser, arguments.shell))
    return 0


COMMAND = Command(
    name="completion", help="print a script that completes this command in a shell", add_flags=add_flags, call=call
)
