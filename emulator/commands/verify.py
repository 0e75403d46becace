"""`emulator verify`."""

from emulator.commands.answers import errors_as_json, print_json
from emulator.commands.command import Arguments, Command, Parser
from emulator.commands.flags import INPUTS, add_clients, add_folder, add_json


def add_flags(parser: Parser) -> None:
    add_folder(parser, "--inputs", None, INPUTS)
    add_clients(parser)
    add_folder(parser, "--outputs", None, "folder of client<R>_<file>")
    add_json(parser, "the verdict")


def call(arguments: Arguments) -> int:
    """The exit status is 0 if every wanted file is right, else 1."""
    import msgspec

    from emulator.errors import InputError
    from emulator.scenario.scenario import read_scenario
    from emulator.scenario.verify import verify

    with errors_as_json(arguments.json):
        scenario = read_scenario(arguments.inputs, arguments.clients)
        if not arguments.outputs.is_dir():
            raise InputError([f"{arguments.outputs}: not a folder; give the folder of the outputs"])
        verification = verify(scenario, arguments.outputs)
    if arguments.json:
        print_json({**msgspec.to_builtins(verification), "is_proven": verification.is_proven})
    else:
        from emulator.view.console import make_console, print_all
        from emulator.view.summary.verification import verification_report

        print_all(make_console(), verification_report(verification, str(arguments.outputs)))
    return 0 if verification.is_proven else 1


COMMAND = Command(
    name="verify", help="prove a folder of outputs against what the inputs imply", add_flags=add_flags, call=call
)
