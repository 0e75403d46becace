"""Many runs that are ended at random moments; what each of them has to leave, and what it must not.

    python benchmarks/ends.py kills --runs 1000
    python benchmarks/ends.py signals --runs 500
    python benchmarks/ends.py resume --runs 200
    python benchmarks/ends.py notice --runs 50

Every run has a number, and `--first N` begins with the run of that number: its swarm, its victim and its moment are
the same again, as far as a machine keeps time.
"""

import argparse
import contextlib
import os
import random
import re
import signal
import statistics
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from emulator.protocol.messages import TRACKER
from emulator.scenario.generate import Shape, generate
from emulator.scenario.outputs import format_output
from emulator.scenario.scenario import Scenario, output_name, write_inputs
from emulator.scenario.storage import DirectoryStorage
from tests.ends.leftovers import assert_survivors_have_what_there_is, wait_until
from tests.ends.runs import Run
from tests.ends.terminals import Terminal

LONGEST_S = 60.0
"""After which a run is taken for one that hangs."""
PROMISED_S = 2.0
"""Between a signal and the end."""

Trial = Callable[[random.Random, Path], str]
"""One run in a folder of its own; returns what kind of run it was, and raises where it went wrong."""


def small_swarm(rng: random.Random, folder: Path, num_segments: int = 1_000) -> Scenario:
    """Three to six clients, and files enough to last for some tenths of a second."""
    shape = Shape(
        clients=rng.randint(3, 6),
        files=rng.randint(2, 4),
        segments=(num_segments // 2, num_segments),
        seeds=rng.randint(1, 2),
        rng_seed=rng.randrange(10**6),
    )
    return write_inputs(folder / "inputs", generate(shape))


# Kills


def kill(rng: random.Random, folder: Path) -> str:
    """SIGKILL of the parent, the tracker or a client at any moment, that of its start included."""
    run = Run(small_swarm(rng, folder), folder, ("--quiet", "--timeout", str(LONGEST_S)))
    try:
        if rng.random() < 0.8:
            wait_until(lambda: len(run.workers) == run.num_ranks or run.process.poll() is not None, LONGEST_S, "begun")
        time.sleep(rng.uniform(0.0, 0.5))
        victim = rng.choice([run.pid, *(process.pid for process in run.workers)])
        if run.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):  # it has ended just now
                os.kill(victim, signal.SIGKILL)
        return _assert_ended_well(run, is_parent=victim == run.pid)
    finally:
        run.kill_all()


def _assert_ended_well(run: Run, *, is_parent: bool) -> str:
    """What the run tells of whom it lost, and that it left what it has to."""
    status = run.process.wait(LONGEST_S)
    run.assert_nothing_left()
    if is_parent and status == -signal.SIGKILL:
        assert run.errors == ""
        return "the parent"
    if status == 0:
        assert {path.name for path in run.output.iterdir()} == _names(run.scenario), "status 0 without all outputs"
        return "nobody, or one that had done all its work"
    assert status == 1, f"status {status}: {run.errors}"
    if re.fullmatch(r"emulator: the tracker .* was killed by SIGKILL; .*\n", run.errors):
        return "the tracker"
    lost = r"(?:emulator: .* is unavailable: .*\n)*"
    found = re.fullmatch(
        rf"emulator: client (\d+) .* was killed by SIGKILL; .*\n{lost}emulator: not proven: .*\n", run.errors
    )
    assert found, run.errors
    assert_survivors_have_what_there_is(run.scenario, run.output, dead={int(found[1])})
    return "a client"


def _names(scenario: Scenario) -> set[str]:
    return {output_name(*key) for key in scenario.expected_outputs()}


# Signals


def signal_on_terminal(rng: random.Random, folder: Path) -> str:
    """INT, once or twice, TERM or HUP, at any moment from the live view's first picture on."""
    terminal = Terminal(small_swarm(rng, folder, 20_000), folder)
    try:
        terminal.watch_until_the_view()
        terminal.watch_for(rng.uniform(0.0, 0.5))
        kind = rng.choice(["INT", "INT twice", "TERM", "HUP"])
        told_s = time.monotonic()
        if kind == "INT":
            terminal.type(b"\x03")
        elif kind == "INT twice":
            terminal.type(b"\x03")
            terminal.watch_for(rng.choice([0.0, rng.uniform(0.0, 0.05)]))
            terminal.type(b"\x03")
        else:
            os.kill(terminal.parent, signal.SIGTERM if kind == "TERM" else signal.SIGHUP)
        status = terminal.end(LONGEST_S)
        took_s = time.monotonic() - told_s
        expected = 128 + (signal.SIGINT if kind.startswith("INT") else signal.Signals[f"SIG{kind}"])
        assert status == expected, f"{kind}: status {status}"
        assert took_s < PROMISED_S, f"{kind}: {took_s:.1f} s to end"
        return kind
    finally:
        terminal.close()


# Resume


def resume(rng: random.Random, folder: Path) -> str:
    """SIGKILL of the whole process group, perhaps twice; then the run goes on, and transfers nothing twice."""
    scenario = small_swarm(rng, folder)
    num_cuts = rng.randint(1, 2)
    for _ in range(num_cuts):
        run = Run(scenario, folder, ("--quiet", "--resume"))
        time.sleep(rng.uniform(0.1, 0.9))
        run.kill_all()
        run.assert_nothing_left()
    stored = _stored(scenario, folder / "out")
    trace = folder / "trace.jsonl"
    run = Run(scenario, folder, ("--quiet", "--resume", "--timeout", str(LONGEST_S), "--trace", str(trace)))
    try:
        assert run.process.wait(LONGEST_S) == 0, run.errors
        run.assert_nothing_left()
    finally:
        run.kill_all()
    for key, metadata in scenario.expected_outputs().items():
        assert (run.output / output_name(*key)).read_bytes() == format_output(metadata)
    assert not (run.output / ".resume").exists(), "segments are left that nobody needs any more"
    twice = _transferred(trace) & stored
    assert not twice, f"{len(twice)} segments were stored and transferred again: {sorted(twice)[:3]}"
    return f"{'something' if stored else 'nothing'} was stored when it was cut"


Segment = tuple[int, str, int]
"""Who has it, its file, and its number."""


def _stored(scenario: Scenario, output: Path) -> set[Segment]:
    found: set[Segment] = set()
    for (rank, file), metadata in scenario.expected_outputs().items():
        storage = DirectoryStorage(scenario.inputs, output, rank, is_storing=True)
        found |= {
            (rank, file, segment)
            for segment, data in storage.read_stored(metadata)
            if data == metadata.segment(segment)
        }
    return found


def _transferred(trace: Path) -> set[Segment]:
    found: set[Segment] = set()
    for line in trace.read_bytes().splitlines():
        if line.startswith(b'{"event":"SegmentsTaken"'):
            event = msgspec.json.decode(line)
            found |= {(event["rank"], event["file"], segment) for segment in event["segments"]}
    return found


# How soon a death is told


def notice_s(rng: random.Random, folder: Path) -> float:
    """22 clients at work, of which one is killed: the time until the last of the others has read of its death."""
    shape = Shape(clients=22, files=4, segments=(300, 300), seeds=2, rng_seed=rng.randrange(10**6))
    trace = folder / "trace.jsonl"
    fault = f"kill client {rng.randint(1, 22)} at {rng.randint(20, 80)}%"
    scenario = write_inputs(folder / "inputs", generate(shape))
    run = Run(scenario, folder, ("--quiet", "--timeout", str(LONGEST_S), "--trace", str(trace), "--fault", fault))
    try:
        run.process.wait(LONGEST_S)
        run.assert_nothing_left()
    finally:
        run.kill_all()
    return _last_told_s(trace)


def _last_told_s(trace: Path) -> float:
    began_s, told_s = 0.0, dict[int, float]()
    for line in trace.read_bytes().splitlines()[1:]:  # the first is the header
        event = msgspec.json.decode(line)
        if event["event"] == "FaultBegan":
            began_s = event["t"]
        elif event["event"] == "Received" and event["message"][0] == "Lost" and event["rank"] != TRACKER:
            told_s.setdefault(event["rank"], event["t"])
    assert len(told_s) >= 20, f"only {len(told_s)} clients were told"
    return max(told_s.values()) - began_s


# Many of them


class Tally(msgspec.Struct):
    """What came of a storm."""

    kinds: Counter[str]
    failures: list[str]


def storm(name: str, trial: Trial, runs: int, first: int = 0) -> Tally:
    """That many trials, each with a generator and a folder of its own."""
    tally = Tally(Counter(), [])
    for number in range(first, first + runs):
        with tempfile.TemporaryDirectory() as folder:
            try:
                tally.kinds[trial(random.Random(f"{name}/{number}"), Path(folder))] += 1
            except Exception:
                tally.failures.append(f"run {number}: {traceback.format_exc()}")
    return tally


TRIALS: dict[str, Trial] = {"kills": kill, "signals": signal_on_terminal, "resume": resume}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="End runs at random moments, and look at what they leave.")
    parser.add_argument("what", choices=[*TRIALS, "notice"])
    parser.add_argument("--runs", type=int, default=20, metavar="N")
    parser.add_argument("--first", type=int, default=0, metavar="N", help="the number of the first run")
    options = parser.parse_args(arguments)
    began_s = time.monotonic()
    if options.what == "notice":
        times_s: list[float] = []

        def trial(rng: random.Random, folder: Path) -> str:
            times_s.append(notice_s(rng, folder))
            return "told"

        tally = storm("notice", trial, options.runs, options.first)
        print(
            f"from a death to the last of 21 told: median {1000 * statistics.median(times_s or [0]):.1f} ms, "
            f"least {1000 * min(times_s or [0]):.1f}, most {1000 * max(times_s or [0]):.1f}"
        )
    else:
        tally = storm(options.what, TRIALS[options.what], options.runs, options.first)
    for failure in tally.failures:
        print(failure)
    print(f"{options.runs} runs, {len(tally.failures)} went wrong, {time.monotonic() - began_s:.0f} s")
    for kind, count in tally.kinds.most_common():
        print(f"{count:6} {kind}")
    return 1 if tally.failures else 0
