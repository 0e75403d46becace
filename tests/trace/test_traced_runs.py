"""The traces of real runs, whole or cut short."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from emulator import Options, Scenario, run, write_inputs
from emulator.checker import rules
from emulator.checker.checker import check_trace
from emulator.checker.report import Report
from emulator.engines.processes.communicators import QueueCommunicator
from emulator.errors import RunTimedOut, WorkerFailed
from emulator.protocol.events import Died, Received, Sent, ThreadFailed
from emulator.protocol.files import ClientInput
from emulator.protocol.messages import AnyMessage, FileCompleted
from emulator.protocol.upload import Uploader
from emulator.trace.reader import Entry, Trace
from emulator.trace.records import Record
from tests.checker.histories import unknown, violations
from tests.engines.swarms import Recorder
from tests.protocol.scripted import file_of

F, G = "file1", "file2"
FILES = [file_of(60, F), file_of(25, G)]
CROWD = [ClientInput((FILES[0],), (G,)), ClientInput((FILES[1],), (F,)), *[ClientInput((), (F, G))] * 4]


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    return write_inputs(tmp_path_factory.mktemp("crowd") / "inputs", CROWD)


@pytest.fixture(scope="module", params=["trace.jsonl", "trace.jsonl.gz"])
def traced(
    request: pytest.FixtureRequest, crowd: Scenario, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Recorder]:
    """The trace of a run of six clients, and what an observer was told."""
    folder = tmp_path_factory.mktemp("traced")
    journal = Recorder()
    trace = folder / str(request.param)
    run(crowd, folder / "out", Options(start_method="fork", quota=2), lambda _: journal, trace)
    return trace, journal


def test_nothing_is_received_before_it_was_sent(traced: tuple[Path, Recorder]) -> None:
    flying: dict[tuple[str, int, int], deque[AnyMessage]] = defaultdict(deque)
    num_received = 0
    for entry in Trace(traced[0]).entries():
        rank = entry.stamp.rank
        match entry.event:
            case Sent(on, to, message):
                flying[on, rank, to].append(message)
            case Received(on, source, message):
                assert flying[on, source, rank].popleft() == message
                num_received += 1
    assert num_received > 1_000
    assert not any(flying.values())


def test_each_process_keeps_its_order(traced: tuple[Path, Recorder]) -> None:
    trace, journal = traced
    entries = list(Trace(trace).entries())
    assert all(before.stamp.t <= after.stamp.t for before, after in pairwise(entries))
    for rank in range(len(CROWD) + 1):
        shown = [entry for entry in entries if entry.stamp.rank == rank]
        told_by_rank = [record for record in journal.records if record.rank == rank]
        assert [as_record(entry) for entry in shown if not isinstance(entry.event, Sent | Received)] == told_by_rank


def as_record(entry: Entry) -> Record:
    stamp = entry.stamp
    return Record(stamp.t, stamp.rank, stamp.thread, stamp.step, entry.event)


def test_the_trace_of_a_run_is_valid_and_says_what_ran(traced: tuple[Path, Recorder], crowd: Scenario) -> None:
    trace = Trace(traced[0])
    report = check_trace(trace, crowd.clients)
    assert (report.verdict, violations(report), report.end) == ("valid", [], "complete")
    header = trace.header
    assert (header.clients, header.quota, header.numwant, header.strategy) == (6, 2, 50, "peers-first")
    assert (header.scenario, header.engine, header.start_method) == (str(crowd.inputs), "processes", "fork")
    assert header.rng_seed == 0
    assert header.python == ".".join(map(str, sys.version_info[:3]))
    assert header.events is not None
    assert set(header.events) >= {type(entry.event).__name__ for entry in Trace(traced[0]).entries()}


def check_cut(path: Path, scenario: Scenario) -> Report:
    """What a trace of a right protocol must be, wherever it is cut."""
    report = check_trace(Trace(path), scenario.clients)
    assert violations(report) == []
    assert rules.EVERYTHING_COMPLETE.name in unknown(report)
    assert (report.verdict, report.exit_status, report.is_cut) == ("unknown", 3, True)
    return report


@contextlib.contextmanager
def client_2_at_send(number: int, what: Any) -> Iterator[None]:
    """In client 2, what happens instead of handing over its message of this number."""
    send = QueueCommunicator.send
    count = Counter[int]()

    def send_some(self: QueueCommunicator, message: AnyMessage, dest: int) -> None:
        count[self._rank] += 1
        if self._rank == 2 and count[2] == number:
            what()
        send(self, message, dest)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(QueueCommunicator, "send", send_some)
        yield


@pytest.mark.parametrize("number", [1, 2, 3, 10, 40, 100])
def test_a_run_goes_on_without_a_killed_client_and_so_does_its_trace(
    crowd: Scenario, tmp_path: Path, number: int
) -> None:
    trace = tmp_path / "trace.jsonl"
    with client_2_at_send(number, lambda: os.kill(os.getpid(), signal.SIGKILL)):
        run(crowd, tmp_path / "out", Options(start_method="fork", quota=2), trace=trace)
    report = check_trace(Trace(trace), crowd.clients)
    assert (report.verdict, violations(report), report.end) == ("valid", [], "complete")
    deaths = [entry.stamp.rank for entry in Trace(trace).entries() if isinstance(entry.event, Died)]
    assert deaths == [2]


def fail() -> None:
    raise ValueError("on purpose")


@pytest.mark.parametrize("number", [1, 2, 3, 10, 40, 100])
def test_a_failed_client_leaves_a_trace_with_its_failure(crowd: Scenario, tmp_path: Path, number: int) -> None:
    trace = tmp_path / "trace.jsonl"
    with client_2_at_send(number, fail), pytest.raises(WorkerFailed) as failure:
        run(crowd, tmp_path / "out", Options(start_method="fork", quota=2), trace=trace)
    assert check_cut(trace, crowd).end == f"cut: {failure.value}"
    [failed] = [entry for entry in Trace(trace).entries() if isinstance(entry.event, ThreadFailed)]
    assert failed.stamp.rank == 2
    assert failed.event.error == "ValueError: on purpose"  # type: ignore[union-attr]


def test_a_time_limit_leaves_a_trace_that_says_so(
    crowd: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Uploader, "handle", lambda *_: None)
    trace = tmp_path / "trace.jsonl.gz"
    with pytest.raises(RunTimedOut) as limit:
        run(crowd, tmp_path / "out", Options(start_method="fork", timeout_s=0.5), trace=trace)
    assert check_cut(trace, crowd).end == f"cut: {limit.value}"


def test_a_run_without_its_last_message_is_waited_for_and_then_cut(crowd: Scenario, tmp_path: Path) -> None:
    """Every event up to the limit is there, though a client is stopped; what it may have missed to tell is not."""
    trace = tmp_path / "trace.jsonl"
    with client_2_at_send(10, lambda: os.kill(os.getpid(), signal.SIGSTOP)), pytest.raises(RunTimedOut):
        run(crowd, tmp_path / "out", Options(start_method="fork", timeout_s=0.5), trace=trace)
    assert check_cut(trace, crowd).num_events > 0


RUN = """
import sys
from pathlib import Path
from emulator import Options, read_scenario, run
inputs, output, trace = map(Path, sys.argv[1:])
run(read_scenario(inputs), output, Options(start_method="fork", quota=1), trace=trace)
"""


@pytest.mark.parametrize(("name", "enough_bytes"), [("trace.jsonl", 3_000_000), ("trace.jsonl.gz", 1_000_000)])
def test_a_killed_parent_leaves_a_trace_without_an_end(tmp_path: Path, name: str, enough_bytes: int) -> None:
    long = file_of(3_000, F)
    scenario = write_inputs(tmp_path / "inputs", [ClientInput((long,)), *[ClientInput((), (F,))] * 4])
    trace = tmp_path / name
    command = [sys.executable, "-c", RUN, str(scenario.inputs), str(tmp_path / "out"), str(trace)]
    with subprocess.Popen(command, cwd=Path(__file__).parents[2]) as process:
        while process.poll() is None and (not trace.exists() or trace.stat().st_size < enough_bytes):
            time.sleep(0.01)
        process.kill()
    assert process.returncode == -signal.SIGKILL
    report = check_cut(trace, scenario)
    assert report.end.startswith("cut, ")
    assert report.num_events > 1_000


def test_a_message_that_is_lost_is_no_reason_to_cut(
    crowd: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is written is what the processes did: a loss on the way is in the trace, and condemned."""
    send = QueueCommunicator.send
    monkeypatch.setattr(
        QueueCommunicator,
        "send",
        lambda self, message, dest: None if isinstance(message, FileCompleted) else send(self, message, dest),
    )
    run(crowd, tmp_path / "out", Options(start_method="fork"), trace=tmp_path / "trace.jsonl")
    report = check_trace(Trace(tmp_path / "trace.jsonl"))
    assert (report.verdict, report.is_cut) == ("invalid", False)
