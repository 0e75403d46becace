"""Judging a run of real processes: it runs in a temporary folder, then its trace and outputs are checked."""

from pathlib import Path

import msgspec

from emulator.checker.checker import check_trace
from emulator.errors import Interrupted, RunError, WorkerDied
from emulator.faults import can_lose_files, killed_ranks
from emulator.protocol.events import FileNotWritten, FileUnavailable, Restarted
from emulator.protocol.messages import TRACKER
from emulator.running.run import run_setup
from emulator.scenario.scenario import Scenario, write_inputs
from emulator.scenario.setup import Setup
from emulator.scenario.verify import verify
from emulator.storm.cases import Case
from emulator.trace.reader import Trace
from emulator.writing import temporary_folder

MAX_RUN_S = 60.0
"""A run that takes longer is taken to be endless."""


def judge_processes(case: Case) -> tuple[str, ...]:
    """Run a case as real processes and return what is wrong with it; empty if it is right."""
    with temporary_folder() as folder:
        return _judge(case, folder)


def _judge(case: Case, folder: Path) -> tuple[str, ...]:
    given = case.scenario()
    scenario = given if given.is_on_disk else write_inputs(folder / "in", given.clients)
    output, trace = folder / "out", folder / "trace.jsonl"
    setup = Setup.of(scenario, msgspec.structs.replace(case.options(), engine="processes", timeout_s=MAX_RUN_S))
    died: dict[int, str] = {}
    try:
        died = run_setup(setup, output, trace=trace).died
    except WorkerDied as error:
        if TRACKER not in killed_ranks(setup.faults):
            return (str(error),)
        return _violations(trace, scenario)
    except Interrupted:
        raise
    except RunError as error:
        return (str(error), *_violations(trace, scenario))
    given_up = _given_up(trace)
    problems = list(_violations(trace, scenario))
    for check in verify(scenario, output).outputs:
        key = (check.client, check.file)
        is_excused = check.verdict == "missing" and (check.client in died or key in given_up)
        if check.verdict != "right" and not is_excused:
            problems.append(f"the output of client {check.client} for {check.file!r} is {check.verdict}")
        if key in given_up and not can_lose_files(setup.faults):
            problems.append(f"client {check.client} has given {check.file!r} up, which nothing has taken away")
    return tuple(problems)


def _violations(trace: Path, scenario: Scenario) -> tuple[str, ...]:
    report = check_trace(Trace(trace), scenario.clients)
    return tuple(
        f"{rule.rule}: {violation.text}; {violation.expected}" for rule in report.rules for violation in rule.violations
    )


def _given_up(trace: Path) -> set[tuple[int, str]]:
    given_up: set[tuple[int, str]] = set()
    for entry in Trace(trace).entries():
        if isinstance(entry.event, FileUnavailable | FileNotWritten):
            given_up.add((entry.stamp.rank, entry.event.file))
        elif isinstance(entry.event, Restarted):
            given_up = {key for key in given_up if key[0] != entry.stamp.rank}
    return given_up
