"""One call runs a swarm: a scenario goes in, a typed and proven result comes out."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import msgspec

from emulator import __version__
from emulator.engines.processes.engine import Ended, StartMethod, choose_start_method, run_processes
from emulator.errors import InputError
from emulator.protocol.events import AnyEvent
from emulator.scenario.options import Options
from emulator.scenario.outputs import prepare_output, tidy_output
from emulator.scenario.scenario import INPUT_NAME, Scenario, output_name, write_inputs
from emulator.scenario.verify import Verification, verify, verify_written
from emulator.trace.format import VERSION, Header, host_facts
from emulator.trace.records import Observer, Record
from emulator.trace.statistics import SwarmStatistics, jain_index
from emulator.trace.statistics.client import ClientStatistics
from emulator.trace.writer import TraceWriter

if TYPE_CHECKING:
    from emulator.engines.virtual.run import Totals


class ClientResult(msgspec.Struct, frozen=True):
    """What one client did. Times are in seconds since the second barrier (T4)."""

    rank: int
    num_from_peers: int
    num_from_seeds: int
    num_misses: int
    num_uploaded: int
    most_connections: int
    num_rounds: int
    file_times_s: dict[str, float]
    """When each of its wanted files was written (D7)."""
    finished_s: float | None
    """When the tracker knew that it had everything (T8); None where it gave a file up."""
    given_up: tuple[str, ...] = ()
    """Its wanted files that it gave up, as nobody could give them to it any more."""


class RunResult(msgspec.Struct, frozen=True):
    """What a run did, as its events and its outputs show. Times are in seconds."""

    num_clients: int
    num_files: int
    num_segments: int
    """Segments transferred between clients."""
    elapsed_s: float
    """The whole run, processes started and ended included."""
    makespan_s: float | None
    """From the second barrier to the last living client's end; None where one of them gave a file up."""
    segments_per_s: float | None
    """`num_segments` over `makespan_s`."""
    jain_index: float
    """How evenly uploads were spread over the clients: 1 for all equal, 1/N for one client alone."""
    clients: tuple[ClientResult, ...]
    verification: Verification
    options: Options
    start_method: StartMethod | None
    """How processes were started; None where there were none."""
    output: str | None
    """The folder; None for a run without one."""
    died: dict[int, str] = {}
    """Clients that died and did not come back: what of, and where they were."""
    unavailable: dict[str, int] = {}
    """Wanted files that no live client could have any more, and how many of their segments nobody gave at most; 0 where
    nobody was left who knew their segments."""
    num_messages: int | None = None
    """Messages that arrived; None where the engine does not count them."""
    num_tracker_messages: int | None = None
    """Those that arrived at the tracker."""
    faults_not_begun: tuple[str, ...] = ()
    """Faults of the options, as the fault language writes them, whose time never came."""

    @property
    def losses(self) -> list[str]:
        """A line for each client that died and did not come back, and for each file that nobody alive gives."""
        segments = {check.file: check.num_segments for check in self.verification.outputs}
        gone = "held by nobody alive who gives them"  # liars and free riders may hold them still
        lost = [
            f"{file} is unavailable: {num_lost:,} of its {segments.get(file, 0):,} segments are {gone}"
            if num_lost
            else f"{file} is unavailable: nobody alive owns it"
            for file, num_lost in self.unavailable.items()
        ]
        return [*self.died.values(), *lost]

    @property
    def is_proven(self) -> bool:
        """Whether every wanted file is complete and right."""
        return self.verification.is_proven and self.makespan_s is not None

    @property
    def exit_status(self) -> int:
        return 0 if self.is_proven else 1


ObserverFactory = Callable[[SwarmStatistics], Observer]
"""Makes an observer of a run. The statistics that it is given are kept up to date, before it is told of records."""


class _Watch:
    """Keeps the statistics, then passes everything on to whoever watches, if anybody does.

    Watching can do a run no harm: an observer that raises is told of nothing more but the end, the run goes on, and a
    line on stderr says so when it is over.
    """

    def __init__(self, statistics: SwarmStatistics, observer: Observer | None) -> None:
        self.interval_s = observer.interval_s if observer else None
        self.undo = observer.undo if observer else b""
        self._statistics = statistics
        self._observer = observer
        self._failure: Exception | None = None

    def begin(self) -> None:
        if self._observer:
            self._guard(self._observer.begin)

    def observe(self, records: Sequence[Record]) -> None:
        self._statistics.add_all(records)
        if self._observer:
            self._guard(partial(self._observer.observe, records))

    def tick(self) -> None:
        if self._observer:
            self._guard(self._observer.tick)

    def end(self) -> None:
        self._end_observer()
        # Whoever read the output and has gone knows.
        if self._failure is not None and not isinstance(self._failure, BrokenPipeError):
            text = f"emulator: the view failed ({self._failure!r}); the run went on without it"
            with contextlib.suppress(Exception):  # as where the terminal was hung up
                sys.stderr.write(text + "\n")
                sys.stderr.flush()

    def _end_observer(self) -> None:
        observer, self._observer = self._observer, None
        if observer:
            self._guard(observer.end)

    def _guard(self, call: Callable[[], None]) -> None:
        try:
            call()
        except Exception as error:  # whatever it is
            self._failure = self._failure or error
            self._end_observer()


def run(
    scenario: Scenario,
    output: Path | None,
    options: Options | None = None,
    watch: ObserverFactory | None = None,
    trace: Path | None = None,
) -> RunResult:
    """Run `scenario` on the engine that the options name, write the outputs to the folder `output`, and prove them.

    Where `output` is None, outputs are compared in memory when they are written, and are gone then; only virtual time
    does that.
    Every event is written to the file `trace`, if one is given (`docs/trace-format.md`).

    An observer that raises is dropped, the run goes on, and a line on stderr says so at the end.

    Outputs of an earlier run under the same names are removed first, unless it is resumed. Raises `InputError` where
    there is no client, a fault cannot be or `output` cannot be written, and `RunError` where the tracker died, a thread
    failed, the time limit was reached or a signal came; no process is left then, and no output that is not whole. A
    result whose `is_proven` is false is returned, not raised.
    """
    options = options or Options()
    if not scenario.clients:
        raise InputError([f"{scenario.inputs}: a swarm has at least one client"])
    options.check_size(len(scenario.clients))
    options.faults_of(len(scenario.clients))
    _prepare(scenario, output, options, trace)
    statistics = SwarmStatistics(len(scenario.clients))
    observer = _Watch(statistics, watch(statistics) if watch else None)
    with _traced(trace, scenario, options) as writer, _tidied(scenario, output, options):
        ended: Ended | Totals
        if output is None:
            if options.engine != "virtual":
                raise InputError(["only the engine 'virtual' runs without a folder for outputs; give one"])
            ended = _run_virtual(scenario, None, options, observer, writer)
        else:
            with _on_disk(scenario) as there:
                if options.engine == "virtual":
                    ended = _run_virtual(there, output, options, observer, writer)
                else:
                    ended = run_processes(there.inputs, len(there.clients), output, options, observer, writer)
    if output is None:
        verification = verify_written(scenario, getattr(ended, "written", {}))
    else:
        verification = verify(scenario, output)
    return _result(scenario, statistics, verification, options, ended, output)


def _prepare(scenario: Scenario, output: Path | None, options: Options, trace: Path | None) -> None:
    names = [output_name(*key) for key in scenario.expected_outputs()]
    if trace is not None:
        _refuse_to_overwrite(trace, scenario, output, names)
    if output is not None:
        prepare_output(output, names, is_resumed=options.resume)


@contextlib.contextmanager
def _tidied(scenario: Scenario, output: Path | None, options: Options) -> Iterator[None]:
    """However the run ends, what clients have stored of unfinished files stays only where a later run may resume it."""
    try:
        yield
    finally:
        if output is not None:
            names = (output_name(*key) for key in scenario.expected_outputs())
            tidy_output(output, names, is_kept=options.resume)


def _run_virtual(
    scenario: Scenario, output: Path | None, options: Options, observer: Observer, trace: TraceWriter | None
) -> "Totals":
    # Only here: workers need not carry it along.
    from emulator.engines.virtual.engine import run_virtual

    return run_virtual(scenario, output, options, observer, trace)


def _refuse_to_overwrite(trace: Path, scenario: Scenario, output: Path | None, names: list[str]) -> None:
    """Raise `InputError` where the trace would take the place of an input or an output, or they that of the trace."""
    at = Path(os.path.realpath(trace))
    if at == Path(os.path.realpath(scenario.inputs)):
        raise InputError([f"{trace}: is the scenario file; choose another --trace"])
    if at.parent == Path(os.path.realpath(scenario.inputs)) and INPUT_NAME.fullmatch(at.name):
        raise InputError([f"{trace}: is an input file; choose another --trace"])
    if output is not None and at.parent == Path(os.path.realpath(output)) and at.name in names:
        raise InputError([f"{trace}: is an output of this run; choose another --trace"])


@contextlib.contextmanager
def _on_disk(scenario: Scenario) -> Iterator[Scenario]:
    """The scenario with its input files, which every client reads for itself (P1), for the time of a run."""
    if scenario.is_on_disk:
        yield scenario
        return
    with tempfile.TemporaryDirectory(prefix="emulator-inputs-") as folder:
        yield write_inputs(Path(folder), scenario.clients)


@contextlib.contextmanager
def _traced(path: Path | None, scenario: Scenario, options: Options) -> Iterator[TraceWriter | None]:
    """A trace for the time of a run, which says at its end whether the run came to one."""
    if path is None:
        yield None
        return
    writer = TraceWriter(path, _header(scenario, options))
    try:
        yield writer
    except BaseException as error:
        writer.close("cut", str(error))
        raise
    writer.close("complete")


def _header(scenario: Scenario, options: Options) -> Header:
    header = Header(
        format="swarm-trace",
        version=VERSION,
        clients=len(scenario.clients),
        strategy=options.strategy,
        quota=options.quota,
        numwant=options.numwant,
        events=tuple(kind.__name__ for kind in get_args(AnyEvent)),
        scenario=str(scenario.inputs),
        engine=options.engine,
        rng_seed=options.rng_seed,
        faults=options.faults,
        is_resumed=options.resume,
        program=f"emulator {__version__}",
    )
    if options.engine == "virtual":
        return header  # the same run has the same trace, wherever it is made
    return msgspec.structs.replace(
        header,
        start_method=choose_start_method(options),
        python=".".join(map(str, sys.version_info[:3])),
        host=host_facts(),
    )


def _result(
    scenario: Scenario,
    statistics: SwarmStatistics,
    verification: Verification,
    options: Options,
    ended: "Ended | Totals",
    output: Path | None,
) -> RunResult:
    makespan_s = statistics.makespan_s
    clients = tuple(
        ClientResult(
            rank=client.rank,
            num_from_peers=client.num_from_peers,
            num_from_seeds=client.num_from_seeds,
            num_misses=client.num_misses,
            num_uploaded=client.num_uploaded,
            most_connections=client.most_connections,
            num_rounds=client.num_rounds,
            file_times_s={file: statistics.since_start(time_s) for file, time_s in client.written_s.items()},
            finished_s=_finished_s(client, statistics),
            given_up=tuple(client.unavailable),
        )
        for client in statistics.clients
    )
    return RunResult(
        num_clients=len(clients),
        num_files=len(scenario.files),
        num_segments=statistics.num_transferred,
        elapsed_s=statistics.latest_s,
        makespan_s=makespan_s,
        segments_per_s=statistics.num_transferred / makespan_s if makespan_s else None,
        jain_index=jain_index([client.num_uploaded for client in clients]),
        clients=clients,
        verification=verification,
        options=options,
        start_method=getattr(ended, "start_method", None),
        output=None if output is None else str(output),
        died=dict(ended.died),
        unavailable=_unavailable(statistics),
        num_messages=getattr(ended, "num_messages", None),
        num_tracker_messages=getattr(ended, "num_tracker_messages", None),
        faults_not_begun=_faults_not_begun(options, statistics),
    )


def _finished_s(client: ClientStatistics, statistics: SwarmStatistics) -> float | None:
    if client.finished_s is None or client.unavailable:
        return None
    return statistics.since_start(client.finished_s)


def _faults_not_begun(options: Options, statistics: SwarmStatistics) -> tuple[str, ...]:
    plan = (str(fault) for fault in options.faults_of(len(statistics.clients)))
    return tuple(fault for fault in plan if fault not in statistics.faults_begun)


def _unavailable(statistics: SwarmStatistics) -> dict[str, int]:
    lost: dict[str, int] = {}
    for client in statistics.clients:
        for file, num_lost in client.unavailable.items():
            lost[file] = max(num_lost, lost.get(file, 0))
    return lost
