"""`emulator trace-header`."""

from emulator.commands.command import Arguments, Command, Parser

EXAMPLES = """\
example:
  emulator trace-header > swarm_trace.h            then see docs/instrument.md
"""


def add_flags(_: Parser) -> None:
    pass


def call(_: Arguments) -> int:
    from importlib.resources import files

    print(files("emulator.trace").joinpath("swarm_trace.h").read_text(encoding="utf-8"), end="")
    return 0


COMMAND = Command(
    name="trace-header",
    help="print a C and C++ header with which a program of yours writes a trace",
    description="Print swarm_trace.h: one function for each message and event, for C99 and C++11, with any MPI.",
    examples=EXAMPLES,
    add_flags=add_flags,
    call=call,
)
