"""A disk that is full at one client, on every engine: it goes on in memory, and no output is ever half."""

from pathlib import Path

import pytest

from emulator import Options, RunResult, read_scenario, run
from emulator.checker.checker import check_trace
from emulator.protocol.events import FaultBegan, FileNotWritten
from emulator.trace.reader import Trace

SAMPLES = Path(__file__).parents[2] / "samples"
ENGINES = pytest.mark.parametrize("engine", ["virtual", "processes"])


def run_with(fault: str, engine: str, folder: Path, *more: str) -> RunResult:
    """A run of the samples, whose trace has to be valid."""
    scenario = read_scenario(SAMPLES)
    options = Options(engine=engine, faults=(fault, *more), timeout_s=40.0)
    result = run(scenario, folder / "out", options, trace=folder / "trace.jsonl")
    report = check_trace(Trace(folder / "trace.jsonl"), scenario.clients)
    assert [str(violation) for rule in report.rules for violation in rule.violations] == []
    return result


@ENGINES
def test_a_client_whose_disk_is_full_writes_nothing_and_all_others_finish(engine: str, tmp_path: Path) -> None:
    result = run_with("fill the disk of client 3", engine, tmp_path)
    wanted = read_scenario(SAMPLES).clients[2].wanted
    assert result.exit_status == 1
    assert result.clients[2].not_written == tuple(sorted(wanted))
    assert [client.not_written for client in result.clients if client.rank != 3] == [()] * 4
    assert {(check.client, check.verdict) for check in result.verification.outputs if check.verdict != "right"} == {
        (3, "missing")
    }
    assert [path.name for path in (tmp_path / "out").iterdir() if path.name.startswith("client3")] == []
    assert result.losses == [f"client 3 could not write {', '.join(sorted(wanted))}: its disk was full"]
    assert (result.makespan_s, result.clients[2].finished_s) == (None, None)


@ENGINES
def test_what_is_in_its_memory_is_given_to_others(engine: str, tmp_path: Path) -> None:
    """Client 3 gets segments of others in spite of it, and gives them on: it is a seed in the tracker's eyes."""
    result = run_with("fill the disk of client 3", engine, tmp_path)
    assert result.clients[2].num_from_peers + result.clients[2].num_from_seeds == sum(
        check.num_segments for check in result.verification.outputs if check.client == 3
    )
    assert result.clients[2].num_uploaded > 0


@ENGINES
def test_the_trace_tells_of_the_fault_before_what_comes_of_it(engine: str, tmp_path: Path) -> None:
    result = run_with("fill the disks of clients 3-4 at 40%", engine, tmp_path)
    events = [entry.event for entry in Trace(tmp_path / "trace.jsonl").entries()]
    began = events.index(FaultBegan("fill the disks of clients 3-4 at 40%"))
    failed = [place for place, event in enumerate(events) if isinstance(event, FileNotWritten)]
    assert began < min(failed)
    assert len(failed) == sum(len(client.not_written) for client in result.clients) > 0
    assert result.faults_not_begun == ()


@ENGINES
def test_there_is_room_again_when_the_fault_has_ended(engine: str, tmp_path: Path) -> None:
    result = run_with("fill the disk of client 3 for 1ms", engine, tmp_path)
    assert (result.exit_status, result.clients[2].not_written) == (0, ())


@ENGINES
def test_each_client_has_its_own_time_after_segments(engine: str, tmp_path: Path) -> None:
    """A client that never gets so many keeps its room, and its part of the fault never happened."""
    num_most = max(read_scenario(SAMPLES).wanted_segments())
    fault = f"fill the disks of clients 1-5 after {num_most} segments"
    result = run_with(fault, engine, tmp_path)
    full = [rank for rank, num in enumerate(read_scenario(SAMPLES).wanted_segments(), 1) if num == num_most]
    assert len(result.faults_not_begun) == 5 - len(full)


def test_without_such_a_fault_a_file_that_is_not_written_breaks_a_rule(tmp_path: Path) -> None:
    run_with("fill the disk of client 3", "virtual", tmp_path)
    trace = tmp_path / "trace.jsonl"
    lines = trace.read_text(encoding="utf-8").splitlines(keepends=True)
    trace.write_text("".join(line for line in lines if '"event":"FaultBegan"' not in line), encoding="utf-8")
    report = check_trace(Trace(trace), read_scenario(SAMPLES).clients)
    assert {rule.rule for rule in report.rules if rule.violations} == {"completion"}


@ENGINES
def test_a_client_that_comes_back_downloads_again_what_it_could_not_store(engine: str, tmp_path: Path) -> None:
    restart = "kill client 3 after 20 segments and restart it after 20ms"
    result = run_with("fill the disk of client 3", engine, tmp_path, restart)
    assert set(result.clients[2].not_written) == set(read_scenario(SAMPLES).clients[2].wanted)
    assert result.died == {}
