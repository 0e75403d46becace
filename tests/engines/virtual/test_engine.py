"""Virtual time: the same run every time, to the byte, and times that a person can compute by hand."""

import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from emulator import InputError, Options, RunError, Scenario, read_scenario, run, write_inputs
from emulator.engines.virtual.communicators import VirtualCommunicator
from emulator.engines.virtual.engine import simulate
from emulator.protocol.events import (
    AnyEvent,
    Arrived,
    BarrierPassed,
    Channel,
    ClientLeft,
    DownloadsFinished,
    Received,
    RoundBegan,
    Sent,
)
from emulator.protocol.files import ClientInput, FileMetadata
from emulator.protocol.library import HeldFile
from emulator.protocol.messages import AnyMessage, Stop
from emulator.protocol.upload import Uploader
from emulator.scenario.network import DELAY_S
from emulator.scenario.setup import Setup
from emulator.trace.reader import Trace
from emulator.trace.records import Record
from tests.conftest import SAMPLES
from tests.engines.swarms import Recorder
from tests.protocol.scripted import file_of

DIGEST_OF_SAMPLES = "af1f94e1ad363476"
"""Of the events of `samples/` with the default options, on every Python; another one after every change of them."""


def swarm(folder: Path, num_seeds: int, num_leechers: int, num_segments: int) -> Scenario:
    metadata = file_of(num_segments)
    seeds = [ClientInput((metadata,), ())] * num_seeds
    return write_inputs(folder, [*seeds, *[ClientInput((), (metadata.name,))] * num_leechers])


def makespan_s(scenario: Scenario, output: Path, **options: float) -> float:
    result = run(scenario, output, Options(engine="virtual", **options))  # type: ignore[arg-type]
    assert result.is_proven
    assert result.makespan_s is not None
    return result.makespan_s


def trace_of_samples(folder: Path, name: str) -> bytes:
    trace = folder / f"{name}.jsonl"
    run(read_scenario(SAMPLES), folder / f"out-{name}", Options(engine="virtual"), trace=trace)
    return trace.read_bytes()


def test_ten_runs_have_the_same_trace_to_the_byte(tmp_path: Path) -> None:
    traces = {trace_of_samples(tmp_path, str(number)) for number in range(10)}
    assert len(traces) == 1


def test_the_trace_is_the_same_on_every_python(tmp_path: Path) -> None:
    _, _, events = trace_of_samples(tmp_path, "any").partition(b"\n")
    assert hashlib.sha256(events).hexdigest()[:16] == DIGEST_OF_SAMPLES


@pytest.mark.parametrize("hash_seed", ["0", "1", "4294967295"])
def test_the_order_of_hashes_plays_no_part(tmp_path: Path, hash_seed: str) -> None:
    trace = tmp_path / "trace.jsonl"
    command = [sys.executable, "-m", "emulator", "--engine", "virtual", "--inputs", str(SAMPLES), "--quiet"]
    command += ["--output", str(tmp_path / "out"), "--trace", str(trace)]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONHASHSEED": hash_seed})
    assert trace.read_bytes().partition(b"\n")[2] == trace_of_samples(tmp_path, "here").partition(b"\n")[2]


def test_another_seed_is_another_run(tmp_path: Path) -> None:
    scenario = read_scenario(SAMPLES)
    results = [run(scenario, tmp_path, Options(engine="virtual", rng_seed=seed)).clients for seed in range(3)]
    assert results[0] != results[1] != results[2]


@pytest.mark.parametrize(("num_segments", "num_rounds"), [(1, 1), (10, 1), (11, 2), (25, 3)])
def test_one_seed_and_one_leecher_take_as_long_as_their_messages(
    tmp_path: Path, num_segments: int, num_rounds: int
) -> None:
    """The barrier's signal, two messages a question (swarm, connections, segments), and the word that all is there."""
    num_questions = num_segments + 2 * num_rounds
    due_s = (1 + 2 * num_questions + 1) * DELAY_S
    assert makespan_s(swarm(tmp_path / "in", 1, 1, num_segments), tmp_path / "out") == pytest.approx(due_s)


def test_a_pace_makes_each_segment_take_its_time(tmp_path: Path) -> None:
    scenario = swarm(tmp_path / "in", 1, 1, 10)
    without = makespan_s(scenario, tmp_path / "out")
    assert makespan_s(scenario, tmp_path / "out", pace=4.0) == pytest.approx(without + 10 / 4)


def test_segments_of_one_uploader_leave_one_after_the_other(tmp_path: Path) -> None:
    """Three leechers that have nothing to give each other yet: their one segment each comes from one line."""
    scenario = swarm(tmp_path / "in", 1, 3, 1)
    messages_s = makespan_s(scenario, tmp_path / "out")
    assert makespan_s(scenario, tmp_path / "out", pace=2.0) == pytest.approx(3 / 2 + messages_s, abs=10 * DELAY_S)


def test_a_failure_names_the_client_the_thread_and_the_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_self: Uploader, source: int, _message: object) -> None:
        raise LookupError(f"no answer to {source}")

    monkeypatch.setattr(Uploader, "handle", refuse)
    with pytest.raises(RunError, match=r"^client 1 failed in its upload thread at U1: LookupError: no answer to 2$"):
        makespan_s(swarm(tmp_path / "in", 1, 1, 3), tmp_path / "out")


def test_a_swarm_that_waits_for_ever_is_told_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    send = VirtualCommunicator.send

    def lose_stops(self: VirtualCommunicator, message: AnyMessage, dest: int) -> None:
        if not isinstance(message, Stop):
            send(self, message, dest)

    monkeypatch.setattr(VirtualCommunicator, "send", lose_stops)
    with pytest.raises(RunError, match=r"^nothing is left to happen, and these wait for ever: client 1, client 2$"):
        makespan_s(swarm(tmp_path / "in", 1, 1, 3), tmp_path / "out")


def test_the_time_limit_is_one_of_the_wall(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"^the time limit was reached at [0-9.]+ s of virtual time$"):
        makespan_s(swarm(tmp_path / "in", 2, 20, 500), tmp_path / "out", timeout_s=0.05)


def test_a_signal_ends_it_with_its_status_and_leaves_a_trace_that_says_so(tmp_path: Path) -> None:
    swarm(tmp_path / "in", 2, 20, 5_000)
    trace = tmp_path / "trace.jsonl"
    command = [sys.executable, "-m", "emulator", "--engine", "virtual", "--inputs", str(tmp_path / "in"), "--quiet"]
    command += ["--output", str(tmp_path / "out"), "--trace", str(trace)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        while not (trace.exists() and trace.stat().st_size > 100_000):
            assert process.poll() is None, "it ended before it could be interrupted"
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert (process.returncode, said) == (130, "emulator: ended by SIGINT before every wanted file was there\n")
    assert b'"TraceEnded","outcome":"cut"' in trace.read_bytes()[-300:]


# Who comes late, and who departs


def events(scenario: Scenario, **options: object) -> list[Record]:
    recorder = Recorder()
    result = run(scenario, None, Options(engine="virtual", **options), lambda _: recorder)  # type: ignore[arg-type]
    assert result.is_proven
    return recorder.records


def of(records: list[Record], *kinds: type) -> list[tuple[float, int, AnyEvent]]:
    return [(round(it.time_s, 9), it.rank, it.event) for it in records if isinstance(it.event, kinds)]


def test_a_client_comes_at_its_time_after_the_second_barrier_and_asks_for_nothing_before(tmp_path: Path) -> None:
    records = events(swarm(tmp_path / "in", 1, 2, 30), arrivals_s=(0.0, 0.0, 0.5, 2.0))
    passed_s = next(record.time_s for record in records if record.event == BarrierPassed(2))
    assert of(records, Arrived) == [
        (round(passed_s + 0.5, 9), 2, Arrived()),
        (round(passed_s + 2.0, 9), 3, Arrived()),
    ]
    rounds = of(records, RoundBegan)
    assert rounds[0][0] == pytest.approx(passed_s + 0.5 + 2 * DELAY_S)
    assert min(time_s for time_s, rank, _ in rounds if rank == 3) > passed_s + 2.0


def test_a_client_departs_so_long_after_its_last_file_and_is_in_no_list_after_that(tmp_path: Path) -> None:
    records = events(swarm(tmp_path / "in", 1, 3, 30), arrivals_s=(0.0, 0.0, 0.0, 0.0, 3.0), stays_s=0.25)
    done_s = {rank: time_s for time_s, rank, event in of(records, DownloadsFinished)}
    left = [(round(done_s[rank] + 0.25 + DELAY_S, 9), 0, ClientLeft(rank)) for rank in (2, 3)]
    assert sorted(of(records, ClientLeft))[:2] == sorted(left)  # client 4 departs when all have finished
    lists = [event for _, rank, event in of(records, RoundBegan) if rank == 4]
    assert {(event.seeds, event.peers) for event in lists if isinstance(event, RoundBegan)} == {((1,), ())}


def test_whoever_stays_for_ever_is_in_the_lists_of_those_who_come_later(tmp_path: Path) -> None:
    records = events(swarm(tmp_path / "in", 1, 3, 30), arrivals_s=(0.0, 0.0, 0.0, 0.0, 3.0))
    lists = [event for _, rank, event in of(records, RoundBegan) if rank == 4]
    assert {(event.seeds, event.peers) for event in lists if isinstance(event, RoundBegan)} == {((1, 2, 3), ())}


# Runs without a folder for outputs


def test_a_run_without_a_folder_is_the_same_run_and_proves_its_outputs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = read_scenario(SAMPLES)
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    traces = [tmp_path / "a.jsonl", tmp_path / "b.jsonl"]
    on_disk = run(scenario, tmp_path / "out", Options(engine="virtual"), trace=traces[0])
    in_memory = run(scenario, None, Options(engine="virtual"), trace=traces[1])
    assert traces[0].read_bytes() == traces[1].read_bytes()
    assert in_memory.output is None
    assert (in_memory.clients, in_memory.num_messages) == (on_disk.clients, on_disk.num_messages)
    assert in_memory.verification.outputs == on_disk.verification.outputs
    assert list(here.iterdir()) == []


def test_what_is_written_wrong_is_found_without_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = vars(HeldFile)["content"].fget
    monkeypatch.setattr(HeldFile, "content", property(lambda self: FileMetadata(content(self).name, "0" * 96)))
    result = run(swarm(tmp_path / "in", 1, 2, 3), None, Options(engine="virtual"))
    assert [(check.client, check.verdict) for check in result.verification.outputs] == [(2, "wrong"), (3, "wrong")]
    assert result.exit_status == 1


def test_real_processes_need_a_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^only the engine 'virtual' runs without a folder for outputs; give one$"):
        run(swarm(tmp_path / "in", 1, 1, 3), None, Options())


# Runs for an ear alone


class Hearer:
    """Writes down what it hears as a trace has it."""

    def __init__(self) -> None:
        self.heard: list[tuple[int, AnyEvent]] = []

    def sent(self, rank: int, on: Channel, to: int, message: AnyMessage) -> None:
        self.heard.append((rank, Sent(on, to, message)))

    def received(self, rank: int, on: Channel, source: int, message: AnyMessage) -> None:
        self.heard.append((rank, Received(on, source, message)))

    def event(self, rank: int, thread: str, event: AnyEvent) -> None:  # noqa: ARG002
        self.heard.append((rank, event))


def test_an_ear_hears_all_that_a_trace_has_in_the_same_order(tmp_path: Path) -> None:
    scenario, ear, trace = read_scenario(SAMPLES), Hearer(), tmp_path / "trace.jsonl"
    result = run(scenario, None, Options(engine="virtual"), trace=trace)
    totals = simulate(Setup.of(scenario, Options(engine="virtual")), ear, 100_000)
    blocks = ((stamps, events) for _, stamps, events in Trace(trace))
    traced = [(stamp.rank, event) for stamps, events in blocks for stamp, event in zip(stamps, events, strict=True)]
    assert ear.heard == traced
    assert totals.num_messages == result.num_messages
    assert all(all(files.values()) for files in totals.written.values())


def test_a_run_for_an_ear_that_never_ends_is_given_up(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"^no end after 2,000 events, at [0-9.]+ s of virtual time$"):
        simulate(Setup.of(swarm(tmp_path / "in", 2, 20, 500), Options(engine="virtual")), Hearer(), 2_000)
