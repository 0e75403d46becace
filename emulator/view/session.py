"""A run, or a verification, with everything that is said about it."""

import sys
import tempfile
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from emulator.errors import InputError, RunError
from emulator.options import Options
from emulator.runner import RunResult, run
from emulator.scenario.scenario import Scenario, read_scenario
from emulator.scenario.verify import verify
from emulator.trace.checker import Report, check_trace
from emulator.trace.grade import Grade, grade, read_points
from emulator.trace.reader import Trace, quote_lines
from emulator.trace.records import Observer
from emulator.trace.statistics import SwarmStatistics
from emulator.view.text import plural

Manner = Literal["person", "quiet", "json"]


@dataclass(frozen=True)
class RunRequest:
    """What the user asked for."""

    inputs: Path
    num_clients: int | None
    output: Path
    options: Options
    manner: Manner
    """`person` watches it live on a terminal, gets lines where there is none, and a summary; `json` gets the result,
    or the error, as one JSON object."""
    trace: Path | None = None
    is_checked: bool = False


class _Failure(msgspec.Struct):
    """What `--json` says of a run that ended early."""

    error: str
    exit_status: int
    is_proven: bool = False


def run_and_tell(request: RunRequest) -> int:
    """Run a scenario, tell what came of it, and return the exit status. Errors are raised for the caller to tell."""
    with tempfile.TemporaryDirectory() if request.is_checked and not request.trace else nullcontext() as folder:
        trace = Path(folder) / "trace.jsonl" if folder else request.trace
        if request.manner == "person":
            return _run_for_person(request, trace)
        return _run_for_program(request, trace)


def _run_for_program(request: RunRequest, trace: Path | None) -> int:
    try:
        scenario = read_scenario(request.inputs, request.num_clients)
        result = run(scenario, request.output, request.options, trace=trace)
    except (InputError, RunError) as error:
        if request.manner == "json":
            _print_json(_Failure(str(error), error.exit_status))
        raise
    report = _check(trace, scenario) if request.is_checked and trace else None
    status = _status(result, report)
    if request.manner == "json":
        facts = {"is_proven": result.is_proven, "exit_status": status, "check": report}
        _print_json({**msgspec.to_builtins(result), **facts})
    elif not result.is_proven:
        raise RunError(f"not proven: {result.verification.summary()} in {result.output}")
    elif report is not None and report.verdict != "valid":
        _tell_report(report, trace, is_brief=True)
    return status


def _check(trace: Path, scenario: Scenario | None) -> Report:
    return check_trace(Trace(trace), scenario.clients if scenario else None)


def _status(result: RunResult, report: Report | None) -> int:
    return result.exit_status or (report.exit_status if report else 0)


def _print_json(value: object) -> None:
    # Imported where it is needed, as for rich; msgspec's own encoder refuses names of files that are not UTF-8.
    import json

    sys.stdout.write(json.dumps(msgspec.to_builtins(value)) + "\n")
    sys.stdout.flush()


def _run_for_person(request: RunRequest, trace: Path | None) -> int:
    scenario = read_scenario(request.inputs, request.num_clients)
    # rich is imported by the views, and so not at all for --quiet and --json.
    from emulator.view.console import make_console, print_all
    from emulator.view.live import LineView, LiveView
    from emulator.view.panels import Facts
    from emulator.view.summary import run_summary

    console = make_console()
    wanted = sum(scenario.wanted_segments())
    console.print(
        f"{plural(len(scenario.clients), 'client')} and a tracker, {plural(len(scenario.files), 'file')}, "
        f"{plural(wanted, 'segment')} to get, strategy {request.options.strategy}",
        highlight=False,
    )
    facts = Facts(
        title=f"{scenario.inputs}: {plural(len(scenario.clients), 'client')}, strategy {request.options.strategy}",
        goals=scenario.wanted_segments(),
        wanted=[client.wanted for client in scenario.clients],
        note=f"slowed to {request.options.pace:g} segments/s a client" if request.options.pace else "",
    )

    def watch(statistics: SwarmStatistics) -> Observer:
        if console.is_terminal and not console.is_dumb_terminal:
            return LiveView(console, facts, statistics)
        return LineView(console, scenario, statistics)

    result = run(scenario, request.output, request.options, watch, trace)
    print_all(console, run_summary(result))
    report = _check(trace, scenario) if request.is_checked and trace else None
    if report:
        _tell_report(report, trace, is_brief=True)
    return _status(result, report)


def _tell_report(report: Report, trace: Path | None, grade: Grade | None = None, *, is_brief: bool = False) -> None:
    from emulator.view.console import make_console, print_all
    from emulator.view.verdict import report_summary, shown_lines

    quoted = quote_lines(trace, shown_lines(report)) if trace else {}
    print_all(make_console(), report_summary(report, quoted, grade, is_brief=is_brief))


def check_and_tell(trace: Path, inputs: Path | None, points: Path | None, as_json: bool) -> int:
    """Check a trace against the rules of the protocol, and return the exit status: 0 valid, 1 invalid, 3 unknown."""
    values = read_points(points) if points else None
    opened = Trace(trace)
    scenario = read_scenario(inputs, opened.header.clients) if inputs else None
    report = check_trace(opened, scenario.clients if scenario else None)
    graded = grade(report, values) if values else None
    if as_json:
        _print_json({**msgspec.to_builtins(report), "exit_status": report.exit_status, "grade": graded})
    else:
        _tell_report(report, trace, graded)
    return report.exit_status


def verify_and_tell(inputs: Path, num_clients: int | None, output: Path, as_json: bool) -> int:
    """Prove the outputs in a folder; the exit status is 0 where every wanted file is right, else 1."""
    scenario = read_scenario(inputs, num_clients)
    if not output.is_dir():
        raise InputError([f"{output}: not a folder; give the folder of the outputs"])
    verification = verify(scenario, output)
    if as_json:
        _print_json({**msgspec.to_builtins(verification), "is_proven": verification.is_proven})
    else:
        from emulator.view.console import make_console, print_all
        from emulator.view.summary import unexpected_files, verification_summary, verification_table

        verdict = verification_summary(verification, str(output))
        print_all(make_console(), [*verification_table(verification), *unexpected_files(verification), *verdict])
    return 0 if verification.is_proven else 1
