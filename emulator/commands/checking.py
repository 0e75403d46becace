"""Checking a trace, of a run that has just ended or any other, with everything that is said about it."""

import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

import msgspec

from emulator.checker.checker import Report, check_trace
from emulator.checker.grade import Grade, grade, read_points
from emulator.commands.answers import errors_as_json, print_json
from emulator.engines.signals import ENDING_SIGNALS
from emulator.errors import InputError, Interrupted
from emulator.scenario.scenario import Scenario, read_scenario
from emulator.trace.lines import quote_lines
from emulator.trace.reader import Trace


@contextmanager
def trace_of_run(trace: Path | None, is_checked: bool) -> Iterator[Path | None]:
    """Where a run is traced to, if at all. A trace that is made for the check alone does not outlive it."""
    if trace is not None:
        if is_checked and os.path.exists(trace) and not os.path.isfile(trace) and not os.path.isdir(trace):
            raise InputError([f"{trace}: not a regular file, so it cannot be checked; choose another --trace"])
        yield trace
    elif is_checked:
        with _signals_raised(), tempfile.TemporaryDirectory(prefix="emulator-") as folder:
            yield Path(folder) / "trace.jsonl"
    else:
        yield None


@contextmanager
def _signals_raised() -> Iterator[None]:
    """While something has to be cleaned up, an ending signal is an exception; a run has handlers of its own."""

    def stop(signum: int, _frame: FrameType | None) -> None:
        raise Interrupted(f"ended by {signal.Signals(signum).name} before the trace was checked", signum)

    before = {}
    with suppress(ValueError):  # only the main thread may set handlers
        for signum in ENDING_SIGNALS:
            if signal.getsignal(signum) not in (signal.SIG_IGN, None):
                before[signum] = signal.signal(signum, stop)
    try:
        yield
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)


def check_run(trace: Path, scenario: Scenario) -> Report:
    with Trace(trace) as opened:
        return check_trace(opened, scenario.clients)


def report_facts(report: Report, trace: Path) -> dict[str, object]:
    """A report for a program: with the lines of the trace that its violations name, as far as they are quoted."""
    lines = {line for judged in report.rules for found in judged.violations for line in found.lines}
    quoted = {str(number): text for number, text in sorted(quote_lines(trace, lines).items())}
    return {**msgspec.to_builtins(report), "quoted": quoted}


def tell_report(
    report: Report, trace: Path, grade: Grade | None = None, *, is_brief: bool = False, is_problem: bool = False
) -> None:
    """Tell a person; a problem goes where problems go, to stderr."""
    from emulator.view.console import make_console, print_all
    from emulator.view.summary.verdict import report_summary, shown_lines

    quoted = quote_lines(trace, shown_lines(report))
    print_all(make_console(is_problem=is_problem), report_summary(report, quoted, grade, is_brief=is_brief))


def check_and_tell(trace: Path, inputs: Path | None, points: Path | None, as_json: bool) -> int:
    """Check a trace against the rules of the protocol, and return the exit status: 0 valid, 1 invalid, 3 unknown."""
    with errors_as_json(as_json):
        values = read_points(points) if points else None
        with Trace(trace) as opened:
            scenario = read_scenario(inputs, opened.header.clients) if inputs else None
            report = check_trace(opened, scenario.clients if scenario else None)
        graded = grade(report, values) if values else None
        if as_json:
            facts = report_facts(report, trace)
            print_json({"trace": str(trace), **facts, "grade": graded, "exit_status": report.exit_status})
        else:
            tell_report(report, trace, graded)
        return report.exit_status
