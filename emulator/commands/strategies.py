"""`emulator strategies`."""

from emulator.commands.answers import print_json
from emulator.commands.command import Arguments, Command, Parser
from emulator.commands.flags import add_json
from emulator.strategies import STRATEGIES, describe


def add_flags(parser: Parser) -> None:
    add_json(parser, "the list")


def call(arguments: Arguments) -> int:
    listed = {name: describe(strategy) for name, strategy in STRATEGIES.items()}
    if arguments.json:
        print_json({"strategies": [{"name": name, "description": text} for name, text in listed.items()]})
    else:
        from emulator.view.console import make_console, print_all
        from emulator.view.summary.strategies import strategy_list

        print_all(make_console(), strategy_list(listed))
    return 0


COMMAND = Command(
    name="strategies",
    help="list the ways of downloading; docs/strategies.md says more",
    add_flags=add_flags,
    call=call,
)
