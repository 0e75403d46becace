"""`emulator report`, and `--report` of a run: a run as one HTML file."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

from emulator.commands.afterwards import kept_run
from emulator.commands.answers import complain
from emulator.commands.command import Arguments, Command, Parser
from emulator.commands.flags import add_file, add_trace, open_traces
from emulator.errors import InputError
from emulator.trace.sources import TraceSource
from emulator.writing import check_file, is_same_file, written_whole

EXAMPLES = """\
examples:
  emulator --inputs samples/ --trace run.jsonl
  emulator report run.jsonl -o run.html            open it in any browser, mail it
  emulator --inputs samples/ --report run.html     both at once, without keeping the trace

A link to a moment and a client ends in #t=0.64&client=4. docs/report.md says what there is to see.
"""


def add_flags(parser: Parser) -> None:
    add_trace(parser)
    add_file(parser, ("-o", "--output"), "FILE", "the HTML file to write (default: the trace's name with .html)")


def call(arguments: Arguments) -> int:
    trace: Path = arguments.trace[0]
    output: Path = arguments.output or trace.with_name(f"{trace.name.removesuffix('.gz').removesuffix('.jsonl')}.html")
    check_report(output, arguments.trace, "--output")
    note = write_report(open_traces(arguments), output, "--output")
    if note:
        complain(note)
    return 0


def check_report(path: Path, traces: Sequence[Path], flag: str) -> None:
    """Raise `InputError` unless `path`, the value of `flag`, can be written and is none of the traces."""
    check_file(path, flag)
    if any(is_same_file(path, trace) for trace in traces):
        raise InputError([f"{path}: this is the trace itself; choose another {flag}"])


def write_report(source: Path | TraceSource, path: Path, flag: str) -> str:
    """Write the page of a trace; a sentence about a trace that is cut, else nothing."""
    from emulator.view.page.report import write_page

    with written_whole(path, flag) as file:
        report = write_page(source, file.write)
    name = source.name if isinstance(source, TraceSource) else source
    return f"{name}: the trace is {report.end}; the page shows all before that" if report.is_cut else ""


def reported_run(path: Path | None, trace: Path | None) -> AbstractContextManager[None]:
    """Write the page of what runs inside, if `path` is given."""
    keep = partial(write_report, trace, path, "--report") if path and trace else None
    return kept_run(keep, "the report was written", "no report is written")


COMMAND = Command(
    name="report",
    help="write a trace as one HTML file, to be looked at in a browser",
    description="Write a page that shows a run in any browser: one file, which needs no network.",
    examples=EXAMPLES,
    add_flags=add_flags,
    call=call,
)
