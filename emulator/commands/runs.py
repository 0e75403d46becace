"""A run, or a verification, with everything that is said about it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec

from emulator.checker.checker import Report
from emulator.commands.answers import errors_as_json, print_json
from emulator.commands.checking import check_run, report_facts, tell_report, trace_of_run
from emulator.commands.recorded import recorded_run
from emulator.errors import InputError, RunError
from emulator.running.prepare import Source, prepare
from emulator.running.runner import RunResult, run
from emulator.scenario.options import Options
from emulator.scenario.scenario import Scenario, read_scenario
from emulator.scenario.verify import verify
from emulator.trace.records import Observer
from emulator.trace.statistics import SwarmStatistics
from emulator.view.text import plural

Manner = Literal["person", "quiet", "json"]


@dataclass(frozen=True)
class RunRequest:
    """What the user asked for."""

    source: Source
    flags: dict[str, Any]
    """The options that were given, by their names in `Options`; None stands for one that was not."""
    output: Path
    manner: Manner
    """`person` watches it live on a terminal, gets lines where there is none, and a summary; `json` gets the result,
    or the error, as one JSON object."""
    trace: Path | None = None
    is_checked: bool = False
    record: Path | None = None
    """Where to keep what was to be seen: a picture or an asciicast."""


def run_and_tell(request: RunRequest) -> int:
    """Run a scenario, tell what came of it, and return the exit status. Errors are raised for the caller to tell."""
    with errors_as_json(request.manner == "json", is_proven=False):
        scenario, options = prepare(request.source, request.flags)
        with (
            trace_of_run(request.trace, request.is_checked or request.record is not None) as trace,
            recorded_run(request.record, trace, _note(options)),
        ):
            run_for = _run_for_person if request.manner == "person" else _run_for_program
            return run_for(request, scenario, options, trace)


def _run_for_program(request: RunRequest, scenario: Scenario, options: Options, trace: Path | None) -> int:
    result = run(scenario, request.output, options, trace=trace)
    report = check_run(trace, scenario) if request.is_checked and trace else None
    status = _status(result, report)
    if request.manner == "json":
        checked = report_facts(report, trace) if report and trace else None
        facts = {"is_proven": result.is_proven, "exit_status": status, "check": checked}
        print_json({**msgspec.to_builtins(result), **facts})
        return status
    if report and trace and report.verdict != "valid":
        tell_report(report, trace, is_brief=True, is_problem=True)
    if not result.is_proven:
        told = [*result.losses, f"not proven: {result.verification.summary()} in {result.output}"]
        raise RunError("\n".join(told))
    return status


def _status(result: RunResult, report: Report | None) -> int:
    return result.exit_status or (report.exit_status if report else 0)


def _run_for_person(request: RunRequest, scenario: Scenario, options: Options, trace: Path | None) -> int:
    # rich is imported by the views, and so not at all for --quiet and --json.
    from emulator.view.console import make_console, print_all
    from emulator.view.dashboard.facts import Facts
    from emulator.view.dashboard.live import LineView, LiveView
    from emulator.view.summary.run import run_summary

    console = make_console()
    wanted = sum(scenario.wanted_segments())
    console.print(
        f"{plural(len(scenario.clients), 'client')} and a tracker, {plural(len(scenario.files), 'file')}, "
        f"{plural(wanted, 'segment')} to get, strategy {options.strategy}",
        highlight=False,
    )
    facts = Facts(
        title=f"{scenario.inputs}: {plural(len(scenario.clients), 'client')}, strategy {options.strategy}",
        goals=scenario.wanted_segments(),
        wanted=[client.wanted for client in scenario.clients],
        patience_s=_patience_s(options, len(scenario.clients)),
        note=_note(options),
    )

    def watch(statistics: SwarmStatistics) -> Observer:
        if console.is_terminal and not console.is_dumb_terminal:
            return LiveView(console, facts, statistics)
        return LineView(console, scenario, statistics)

    result = run(scenario, request.output, options, watch, trace)
    print_all(console, run_summary(result))
    report = check_run(trace, scenario) if request.is_checked and trace else None
    if report and trace:
        tell_report(report, trace, is_brief=True)
    return _status(result, report)


def _patience_s(options: Options, num_clients: int) -> float:
    """A slowed run is silent for as long as a visit takes, at worst one to a seed that all clients share.

    And until somebody comes."""
    segment_s = options.network_of(num_clients).longest_segment_s
    return options.quota * num_clients * segment_s + max(options.arrivals_s, default=0.0)


def _note(options: Options) -> str:
    return f"slowed to {options.pace:g} segments/s a client" if options.pace else ""


def verify_and_tell(inputs: Path, num_clients: int | None, output: Path, as_json: bool) -> int:
    """Prove the outputs in a folder; the exit status is 0 where every wanted file is right, else 1."""
    with errors_as_json(as_json):
        scenario = read_scenario(inputs, num_clients)
        if not output.is_dir():
            raise InputError([f"{output}: not a folder; give the folder of the outputs"])
    verification = verify(scenario, output)
    if as_json:
        print_json({**msgspec.to_builtins(verification), "is_proven": verification.is_proven})
    else:
        from emulator.view.console import make_console, print_all
        from emulator.view.summary.run import unexpected_files, verification_summary, verification_table

        verdict = verification_summary(verification, str(output))
        print_all(make_console(), [*verification_table(verification), *unexpected_files(verification), *verdict])
    return 0 if verification.is_proven else 1
