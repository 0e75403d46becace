"""`emulator export`."""

from emulator.commands.answers import complain
from emulator.commands.command import Arguments, Command, Parser
from emulator.commands.flags import add_file, add_trace, open_traces
from emulator.trace.exports import EXPORTS


def add_flags(parser: Parser) -> None:
    add_trace(parser)
    parser.add_argument("--to", choices=list(EXPORTS), required=True, help="the format; see docs/exports.md")
    add_file(parser, "--output", "FILE", "file to write, compressed if its name ends in .gz (default: stdout)")


def call(arguments: Arguments) -> int:
    from emulator.trace.exports.output import export_trace

    note = export_trace(open_traces(arguments), arguments.to, arguments.output)
    if note:
        complain(note)
    return 0


COMMAND = Command(
    name="export", help="write a trace for Perfetto, for ShiViz, or as a table", add_flags=add_flags, call=call
)
