"""Virtual time: the same run every time, to the byte, and times that a person can compute by hand."""

import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from emulator import Options, RunError, Scenario, read_scenario, run, write_inputs
from emulator.engines.virtual import VirtualCommunicator
from emulator.protocol.files import ClientInput
from emulator.protocol.messages import AnyMessage, Stop
from emulator.protocol.upload import Uploader
from emulator.scenario.network import DELAY_S
from tests.conftest import SAMPLES
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
