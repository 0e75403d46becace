"""`--trace` and `--check` of a run."""

import gzip
import json
import os
import signal
import sys
from pathlib import Path

import pytest

from emulator.checker import checker
from emulator.checker.rules import RULES
from emulator.protocol.round import Connection
from emulator.scenario.scenario import Scenario, read_scenario, write_inputs
from emulator.trace.reader import Trace
from tests.commands.calls import call
from tests.commands.traces import (
    ALL,
    BROKEN,
    CONCLUSION,
    Capture,
    has_full_device,
)
from tests.conftest import SAMPLES


def test_a_run_can_be_traced_and_checked_at_its_end(tmp_path: Path, capsys: Capture) -> None:
    trace = tmp_path / "run.jsonl.gz"
    status, out, err = call(
        capsys, "--inputs", SAMPLES, "--output", tmp_path / "out", "--trace", trace, "--check", "--start-method", "fork"
    )
    assert (status, err) == (0, "")
    lines = gzip.decompress(trace.read_bytes()).splitlines()
    assert out.splitlines()[-2:] == [
        f"proven: 14 of 14 wanted files are right in {tmp_path}/out",
        f"valid: {ALL - 4} of {ALL} rules of the protocol are valid, 4 not exercised, over {len(lines) - 2:,} events; "
        "the trace is complete",
    ]
    header, last = json.loads(lines[0]), json.loads(lines[-1])
    assert (header["clients"], header["scenario"], header["start_method"]) == (5, str(SAMPLES), "fork")
    assert last["outcome"] == "complete"


def test_a_valid_run_is_nothing_to_talk_about_for_quiet(pair: Scenario, tmp_path: Path, capsys: Capture) -> None:
    assert call(capsys, "--inputs", pair.inputs, "--output", tmp_path, "--check", "--quiet") == (0, "", "")


def test_json_has_the_verdicts_beside_the_result(pair: Scenario, tmp_path: Path, capsys: Capture) -> None:
    arguments: list[str | Path] = ["--inputs", pair.inputs, "--output", tmp_path, "--json"]
    status, out, err = call(capsys, *arguments, "--check")
    assert (status, err, out.count("\n")) == (0, "", 1)
    result = json.loads(out)
    assert (result["is_proven"], result["exit_status"]) == (True, 0)
    assert (result["check"]["verdict"], result["check"]["end"]) == ("valid", "complete")
    assert [rule["rule"] for rule in result["check"]["rules"]] == [rule.name for rule in RULES]
    _, out, _ = call(capsys, *arguments)
    assert json.loads(out)["check"] is None


@pytest.fixture
def closes_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """A protocol that is broken for real, in the processes that are forked from this one."""
    if sys.platform == "darwin":
        pytest.skip("forking is not safe on macOS")
    leave = Connection.__exit__

    def leave_open(self: Connection, error: type[BaseException] | None, *rest: object) -> None:
        self._is_open = False
        leave(self, error, *rest)

    monkeypatch.setattr(Connection, "__exit__", leave_open)


@pytest.mark.usefixtures("closes_are_forgotten")
@pytest.mark.parametrize("manner", ["person", "quiet"])
def test_a_broken_protocol_is_named_after_a_run(pair: Scenario, tmp_path: Path, capsys: Capture, manner: str) -> None:
    options = ["--quiet"] if manner == "quiet" else []
    status, out, err = call(
        capsys, "--inputs", pair.inputs, "--output", tmp_path, "--start-method", "fork", "--check", *options
    )
    assert status == 1
    assert (err if manner == "person" else out) == "", "what is wrong is a problem where nothing else is said"
    said = (out if manner == "person" else err).splitlines()
    assert "The rules of the protocol" not in "\n".join(said)
    violation = said[said.index("closed-once (D4, D6, U4)") :]
    assert violation[1:3] == [BROKEN, "  instead: a downloader closes its connections (D4, D6)"]
    assert '"Hit","notes",0' in violation[3]
    assert '"FileCompleted","notes"' in violation[4]
    assert violation[5].startswith(CONCLUSION)


@pytest.mark.usefixtures("closes_are_forgotten")
def test_a_broken_protocol_is_named_in_the_result(
    pair: Scenario, tmp_path: Path, capsys: Capture, temporary: Path
) -> None:
    arguments: list[str | Path] = [
        "--inputs",
        pair.inputs,
        "--output",
        tmp_path / "out",
        "--start-method",
        "fork",
        "--json",
    ]
    status, out, err = call(capsys, *arguments)
    assert (status, json.loads(out)["exit_status"]) == (0, 0), "the outputs are right: only a check can tell"
    status, out, err = call(capsys, *arguments, "--check")
    assert (status, err) == (1, "")
    result = json.loads(out)
    assert (result["is_proven"], result["exit_status"], result["check"]["verdict"]) == (True, 1, "invalid")
    (judged,) = (rule for rule in result["check"]["rules"] if rule["verdict"] == "invalid")
    assert judged["rule"] == "closed-once"
    quoted = [result["check"]["quoted"][str(number)] for number in judged["violations"][0]["lines"]]
    assert [json.loads(line)["event"] for line in quoted] == ["Received", "Sent"]
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("manner", ["--quiet", "--json"])
def test_a_run_that_fails_says_why_as_without_a_check_and_leaves_no_temporary_trace(
    pair: Scenario, tmp_path: Path, capsys: Capture, temporary: Path, manner: str
) -> None:
    status, out, err = call(
        capsys, "--inputs", pair.inputs, "--output", tmp_path / "out", "--check", "--timeout", "0.0001", manner
    )
    assert status == 1
    assert err.startswith("emulator: the time limit was reached; still running: ")
    assert err.count("\n") == 1
    if manner == "--json":
        answer = {"error": err.removeprefix("emulator: ").rstrip(), "exit_status": 1, "is_proven": False}
        assert json.loads(out) == answer
    assert list(temporary.iterdir()) == []


def test_the_trace_of_a_run_that_failed_says_so(pair: Scenario, tmp_path: Path, capsys: Capture) -> None:
    trace = tmp_path / "cut.jsonl"
    arguments: list[str | Path] = ["--inputs", pair.inputs, "--output", tmp_path / "out", "--trace", trace]
    _, _, err = call(capsys, *arguments, "--timeout", "0.0001", "--quiet")
    status, out, _ = call(capsys, "check", trace)
    assert status == 3
    assert out.endswith(f"; the trace is cut: {err.removeprefix('emulator: ')}")


def test_a_signal_while_the_trace_is_read_leaves_no_temporary_trace(
    pair: Scenario, tmp_path: Path, capsys: Capture, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = signal.getsignal(signal.SIGTERM)

    def end(trace: Trace, _inputs: object) -> None:
        assert trace.path.exists()
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(checker, "check_trace", end)
    status, _, err = call(capsys, "--inputs", pair.inputs, "--output", tmp_path / "out", "--check", "--quiet")
    assert (status, err) == (128 + signal.SIGTERM, "emulator: ended by SIGTERM while the trace was checked\n")
    assert list(temporary.iterdir()) == []
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_trace_that_cannot_be_written_is_one_line(pair: Scenario, tmp_path: Path, capsys: Capture) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    places = [(tmp_path / "gone" / "trace", "No such file or directory"), (tmp_path, "Is a directory")]
    if os.geteuid() != 0:
        places.append((closed / "trace", "Permission denied"))
    for place, reason in places:
        arguments: list[str | Path] = ["--inputs", pair.inputs, "--output", tmp_path / "out", "--trace", place]
        problem = f"{place}: cannot be written ({reason}); choose another name"
        assert call(capsys, *arguments, "--quiet") == (2, "", f"emulator: {problem}\n")
        _, out, _ = call(capsys, *arguments, "--check", "--json")
        assert json.loads(out) == {"error": problem, "exit_status": 2, "is_proven": False}


@has_full_device
@pytest.mark.parametrize("name", ["full.jsonl", "full.jsonl.gz"])
def test_a_full_disk_under_the_trace_is_one_line(pair: Scenario, tmp_path: Path, capsys: Capture, name: str) -> None:
    trace = tmp_path / name
    trace.symlink_to("/dev/full")
    arguments: list[str | Path] = ["--inputs", pair.inputs, "--output", tmp_path / "out", "--trace", trace, "--quiet"]
    problem = f"the trace {trace} cannot be written (No space left on device); give it more room, or none"
    assert call(capsys, *arguments) == (1, "", f"emulator: {problem}\n")
    problem = f"{trace}: not a regular file, so it cannot be checked; choose another --trace"
    assert call(capsys, *arguments, "--check") == (2, "", f"emulator: {problem}\n")


def test_a_trace_may_lie_in_the_output_folder_and_is_written_anew(
    pair: Scenario, tmp_path: Path, capsys: Capture
) -> None:
    trace = tmp_path / "trace"
    trace.write_text("what was there before")
    arguments: list[str | Path] = [
        "--inputs",
        pair.inputs,
        "--output",
        tmp_path,
        "--trace",
        trace,
        "--check",
        "--quiet",
    ]
    for _ in range(2):
        assert call(capsys, *arguments) == (0, "", "")
        assert sorted(path.name for path in tmp_path.iterdir()) == ["client2_notes", "trace"]


def test_a_trace_takes_no_place_of_an_input_or_an_output(tmp_path: Path, capsys: Capture) -> None:
    inputs, output = tmp_path / "in", tmp_path / "out"
    scenario = write_inputs(inputs, read_scenario(SAMPLES).clients)
    output.mkdir()
    (output / "client1_file3").write_text("of an earlier run")
    (tmp_path / "link").symlink_to(output / "client1_file3")
    for trace, what in [
        (inputs / "in1.txt", "an input file"),
        (output / "client1_file3", "an output of this run"),
        (tmp_path / "link", "an output of this run"),
    ]:
        status, out, err = call(capsys, "--inputs", inputs, "--output", output, "--quiet", "--trace", trace)
        assert (status, out, err) == (2, "", f"emulator: {trace}: is {what}; choose another --trace\n")
    assert read_scenario(inputs) == scenario
    assert (output / "client1_file3").read_text() == "of an earlier run"
