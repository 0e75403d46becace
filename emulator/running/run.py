"""One call runs a swarm: a scenario goes in, a typed and proven result comes out."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from emulator.engines.outcome import Outcome
from emulator.faults.plan import each_on_its_own
from emulator.running.engines import find_engine
from emulator.running.result import ClientResult, RunResult
from emulator.running.trace_file import refuse_to_overwrite, traced
from emulator.running.watch import GuardedObserver, ObserverFactory
from emulator.scenario.options import Options
from emulator.scenario.outputs import prepare_output, tidy_output
from emulator.scenario.scenario import Scenario, output_name, write_inputs
from emulator.scenario.setup import Setup
from emulator.scenario.verify import Verification, verify, verify_written
from emulator.trace.statistics import SwarmStatistics, jain_index
from emulator.trace.statistics.client import ClientStatistics
from emulator.writing import temporary_folder


def run(
    scenario: Scenario,
    output: Path | None,
    options: Options | None = None,
    watch: ObserverFactory | None = None,
    trace: Path | None = None,
) -> RunResult:
    """Run `scenario` on the engine that the options name, write the outputs to the folder `output`, and prove them.

    Where `output` is None, outputs are compared in memory when they are written, and not kept; only virtual time can do
    that. Every event is written to the file `trace`, if one is given (`docs/trace-format.md`).

    An observer that raises is dropped, the run goes on, and a line on stderr says so at the end.

    Outputs of an earlier run under the same names are removed first, unless the run resumes it. Raises `InputError`
    where there is no client, the options do not fit the swarm, or `output` cannot be written, and `RunError` where the
    tracker died, a thread failed, the time limit was reached or a signal came; no process is left then, and no output
    that is not whole. A result whose `is_proven` is false is returned, not raised.
    """
    options = options or Options()
    find_engine(options.engine)
    return run_setup(Setup.of(scenario, options), output, watch, trace)


def run_setup(
    setup: Setup, output: Path | None, watch: ObserverFactory | None = None, trace: Path | None = None
) -> RunResult:
    """As `run`, for a scenario and options that have been checked against each other."""
    engine = find_engine(setup.options.engine)
    _prepare(setup, output, trace)
    statistics = SwarmStatistics(setup.num_clients)
    observer = GuardedObserver(statistics, watch(statistics) if watch else None)
    with traced(trace, setup) as writer, _tidied(setup, output), _on_disk(setup, output) as there:
        outcome = engine(there, output, observer, writer)
    return _result(setup, statistics, _proof(setup.scenario, output, outcome), outcome, output)


def _output_names(scenario: Scenario) -> list[str]:
    return [output_name(*key) for key in scenario.expected_outputs()]


def _prepare(setup: Setup, output: Path | None, trace: Path | None) -> None:
    names = _output_names(setup.scenario)
    if trace is not None:
        refuse_to_overwrite(trace, setup.scenario, output, names)
    if output is not None:
        prepare_output(output, names, is_resumed=setup.options.resume)


def _proof(scenario: Scenario, output: Path | None, outcome: Outcome) -> Verification:
    return verify_written(scenario, outcome.written) if output is None else verify(scenario, output, is_exact=True)


@contextlib.contextmanager
def _tidied(setup: Setup, output: Path | None) -> Iterator[None]:
    """However the run ends, stored segments of unfinished files are kept only where a later run may resume it."""
    try:
        yield
    finally:
        if output is not None:
            tidy_output(output, _output_names(setup.scenario), is_kept=setup.options.resume)


@contextlib.contextmanager
def _on_disk(setup: Setup, output: Path | None) -> Iterator[Setup]:
    """The setup with its input files on disk, where every client reads its own (P1).

    A run without an output folder reads none.
    """
    if setup.scenario.is_on_disk or output is None:
        yield setup
        return
    with temporary_folder() as folder:
        yield msgspec.structs.replace(setup, scenario=write_inputs(folder, setup.scenario.clients))


def _result(
    setup: Setup,
    statistics: SwarmStatistics,
    verification: Verification,
    outcome: Outcome,
    output: Path | None,
) -> RunResult:
    makespan_s = statistics.makespan_s
    clients = tuple(_client_result(client, statistics) for client in statistics.clients)
    return RunResult(
        num_clients=len(clients),
        num_files=len(setup.scenario.files),
        num_segments=statistics.num_transferred,
        elapsed_s=statistics.latest_s,
        makespan_s=makespan_s,
        segments_per_s=statistics.num_transferred / makespan_s if makespan_s else None,
        jain_index=jain_index([client.num_uploaded for client in clients]),
        clients=clients,
        verification=verification,
        options=setup.options,
        start_method=outcome.start_method,
        output=None if output is None else str(output),
        died=dict(outcome.died),
        unavailable=_unavailable(statistics),
        num_messages=outcome.num_messages,
        num_tracker_messages=outcome.num_tracker_messages,
        faults_not_begun=_not_begun(setup, statistics),
    )


def _not_begun(setup: Setup, statistics: SwarmStatistics) -> tuple[str, ...]:
    plan = map(str, each_on_its_own(setup.faults))
    return tuple(text for text in plan if text not in statistics.faults_begun)


def _client_result(client: ClientStatistics, statistics: SwarmStatistics) -> ClientResult:
    finished_s = None if client.is_lacking else client.finished_s
    return ClientResult(
        rank=client.rank,
        num_from_peers=client.num_from_peers,
        num_from_seeds=client.num_from_seeds,
        num_misses=client.num_misses,
        num_uploaded=client.num_uploaded,
        most_connections=client.most_connections,
        num_rounds=client.num_rounds,
        file_times_s={file: statistics.since_start(time_s) for file, time_s in client.written_s.items()},
        finished_s=None if finished_s is None else statistics.since_start(finished_s),
        given_up=tuple(client.unavailable),
        not_written=tuple(sorted(client.not_written)),
    )


def _unavailable(statistics: SwarmStatistics) -> dict[str, int]:
    """Files that clients gave up, each with the largest number of lost segments that one of them saw."""
    lost: dict[str, int] = {}
    for client in statistics.clients:
        for file, num_lost in client.unavailable.items():
            lost[file] = max(num_lost, lost.get(file, 0))
    return lost
