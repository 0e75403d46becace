"""`emulator check`, and what is told of a check, here and after a run."""

from typing import TYPE_CHECKING

from emulator.commands.answers import errors_as_json, print_json
from emulator.commands.command import Arguments, Command, Parser
from emulator.commands.flags import INPUTS, add_file, add_folder, add_json, add_trace, open_traces

if TYPE_CHECKING:
    from emulator.checker.grade import Grade
    from emulator.checker.report import Report
    from emulator.trace.sources import TraceSource


def add_flags(parser: Parser) -> None:
    add_trace(parser)
    add_folder(parser, "--inputs", None, f"{INPUTS}, to compare the trace with", is_required=False)
    add_file(parser, "--points", "FILE", "TOML file with points for rules, to grade by")
    add_file(parser, "--course", "FILE", "TOML file that says which steps a course leaves out")
    add_json(parser, "the verdicts")


def call(arguments: Arguments) -> int:
    """The exit status is 0 for a valid trace, 1 for an invalid one, 3 for one that does not show it."""
    from emulator.checker.checker import check_trace
    from emulator.checker.course import WHOLE_PROTOCOL, read_course
    from emulator.checker.grade import grade, read_points
    from emulator.scenario.scenario import read_scenario
    from emulator.trace.reader import Trace

    with errors_as_json(arguments.json):
        points = read_points(arguments.points) if arguments.points else None
        course = read_course(arguments.course) if arguments.course else WHOLE_PROTOCOL
        source = open_traces(arguments)
        with Trace(source) as trace:
            scenario = read_scenario(arguments.inputs, trace.header.clients) if arguments.inputs else None
            report = check_trace(trace, scenario.clients if scenario else None, course)
        graded = grade(report, points) if points else None
        if arguments.json:
            facts = {"trace": source.name, "notes": source.notes, **report_facts(report, source)}
            print_json({**facts, "grade": graded, "exit_status": report.exit_status})
        else:
            tell_report(report, source, graded)
        return report.exit_status


def report_facts(report: "Report", source: "TraceSource") -> dict[str, object]:
    """A report for a program, with the lines of the trace that its violations name."""
    import msgspec

    from emulator.trace.lines import quote_lines

    lines = {line for judged in report.rules for found in judged.violations for line in found.lines}
    lines |= {wait.line for wait in report.waits}
    quoted = {str(number): text for number, text in sorted(quote_lines(source, lines).items())}
    places = {str(number): source.place(number) for number in sorted(lines)}
    return {**msgspec.to_builtins(report), "quoted": quoted, "places": places}


def tell_report(
    report: "Report",
    source: "TraceSource",
    grade: "Grade | None" = None,
    *,
    is_brief: bool = False,
    is_problem: bool = False,
) -> None:
    """Tell a person on stdout, or on stderr if it is a problem."""
    from emulator.trace.lines import quote_lines
    from emulator.view.console import make_console, print_all
    from emulator.view.summary.verdict import report_summary, shown_lines

    quoted = {line: source.label(line) + text for line, text in quote_lines(source, shown_lines(report)).items()}
    print_all(make_console(is_problem=is_problem), report_summary(report, quoted, grade, is_brief=is_brief))


COMMAND = Command(
    name="check", help="check a trace of any program against the protocol's rules", add_flags=add_flags, call=call
)
