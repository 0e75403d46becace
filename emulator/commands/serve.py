"""`emulator serve`: the page of a trace in the browser, also while its run is going on."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from emulator.commands.answers import complain
from emulator.commands.command import Arguments, Command, Parser
from emulator.commands.flags import add_trace, open_traces
from emulator.commands.values import whole
from emulator.errors import InputError

if TYPE_CHECKING:
    from emulator.serving.server import PageServer
    from emulator.trace.sources import TraceSource

EXAMPLES = """\
examples:
  emulator serve run.jsonl --open                  the page of a trace, in the browser
  emulator serve run.jsonl --follow --open         the same while the run is going on; in another terminal:
  emulator --inputs samples/ --pace 20 --trace run.jsonl

Only browsers on this machine are served. Ctrl-C ends it.
"""


def add_flags(parser: Parser) -> None:
    add_trace(parser)
    parser.add_argument("--follow", action="store_true", help="show what is added to the trace as it comes")
    parser.add_argument("--open", action="store_true", help="open the page in the browser")
    parser.add_argument("--port", type=whole, default=0, metavar="N", help="(default: any that is free)")


def call(arguments: Arguments) -> int:
    server = _follow(arguments) if arguments.follow else _serve(open_traces(arguments), arguments.port)
    print(f"serving {server.url} until Ctrl-C", flush=True)
    if arguments.open:
        import webbrowser

        if not webbrowser.open(server.url):
            complain("no browser could be opened; open the address above in one")
    server.serve_forever()
    return 0


def _follow(arguments: Arguments) -> "PageServer":
    from emulator.serving.live import follow

    traces: list[Path] = arguments.trace
    if len(traces) > 1 or str(traces[0]) == "-":
        raise InputError(["--follow: takes one file; leave it out for parts of a trace, or for stdin"])
    if traces[0].exists() and not traces[0].is_file():
        raise InputError([f"{traces[0]}: not a regular file; give a trace"])
    return follow(traces[0], arguments.port)


def _serve(source: "TraceSource", port: int) -> "PageServer":
    from emulator.serving.server import PageServer
    from emulator.view.page.report import write_page

    file = tempfile.TemporaryFile()  # noqa: SIM115 - it is there as long as the server
    report = write_page(source, file.write)
    if report.is_cut:
        complain(f"{source.name}: the trace is {report.end}; the page shows all before that")

    def page() -> bytes:
        file.seek(0)
        return file.read()

    return PageServer(port, page)


COMMAND = Command(
    name="serve",
    help="show a trace in the browser, also while its run is going on",
    description="Serve the page of a trace to browsers on this machine.",
    examples=EXAMPLES,
    add_flags=add_flags,
    call=call,
)
