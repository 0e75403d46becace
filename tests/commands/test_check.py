"""Traces and the checker from the command line: what it says of good, bad, cut and foreign traces, and its status."""

import gzip
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from emulator.checker import checker
from emulator.checker.rules import RULES
from emulator.protocol.files import ClientInput, FileMetadata
from emulator.protocol.round import Connection
from emulator.running.run import run
from emulator.scenario.scenario import Scenario, read_scenario, write_inputs
from emulator.trace.reader import Trace
from tests.commands.test_command_line import call, emulate
from tests.conftest import SAMPLES

Capture = pytest.CaptureFixture[str]
ALL = len(RULES)
WITHOUT_INPUTS = ALL - 1
HASHES = ["0a" * 16, "0b" * 16, "0c" * 16]

has_full_device = pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    """Client 1 owns a file of three segments, client 2 wants it: all but the order of some lines is known."""
    file = FileMetadata("notes", "".join(HASHES))
    return write_inputs(tmp_path_factory.mktemp("pair"), [ClientInput((file,), ()), ClientInput((), ("notes",))])


@pytest.fixture(scope="module")
def trace(pair: Scenario, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The trace of a run of `pair` that went well."""
    folder = tmp_path_factory.mktemp("run")
    assert run(pair, folder / "out", trace=folder / "run.jsonl").is_proven
    return folder / "run.jsonl"


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of temporary files, empty."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def edited(trace: Path, folder: Path, *dropped: str) -> tuple[Path, list[str]]:
    """A copy of a trace without the lines that contain any of these, and the lines that are left."""
    lines = [line for line in trace.read_text().splitlines() if not any(text in line for text in dropped)]
    path = folder / "edited.jsonl"
    path.write_text("\n".join(lines) + "\n")
    return path, lines


def number_of(lines: list[str], *parts: str) -> int:
    """The number of the one line that contains all of these."""
    (number,) = (number for number, line in enumerate(lines, 1) if all(part in line for part in parts))
    return number


def without_closes(trace: Path, folder: Path) -> tuple[Path, list[str], list[int]]:
    """A run in which client 2 never closed its connection; and the lines that show it."""
    path, lines = edited(trace, folder, '"Close"')
    opened = number_of(lines, '"Received"', f'["Hit","notes",0,"{HASHES[0]}"')
    ended = number_of(lines, '"Sent"', '["FileCompleted","notes"]')
    return path, lines, [opened, ended]


# Right after a run


def test_a_run_can_be_traced_and_checked_at_its_end(tmp_path: Path, capsys: Capture) -> None:
    trace = tmp_path / "run.jsonl.gz"
    status, out, err = call(
        capsys, "--inputs", SAMPLES, "--output", tmp_path / "out", "--trace", trace, "--check", "--start-method", "fork"
    )
    assert (status, err) == (0, "")
    lines = gzip.decompress(trace.read_bytes()).splitlines()
    assert out.splitlines()[-2:] == [
        f"proven: 14 of 14 wanted files are right in {tmp_path}/out",
        f"valid: {ALL} of {ALL} rules of the protocol are valid, over {len(lines) - 2:,} events; the trace is complete",
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


BROKEN = "  client 2 has not closed its connection with rank 1 when it ends its round"
CONCLUSION = f"invalid: {ALL - 1} of {ALL} rules of the protocol are valid, 1 invalid, over "


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
    violation = said[said.index("closed-once (D4, D6, U4): 1 violation") :]
    assert violation[1:3] == [BROKEN, "  instead: it sends a close when it leaves an uploader (D4, D6)"]
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
    assert (status, err) == (128 + signal.SIGTERM, "emulator: ended by SIGTERM before the trace was checked\n")
    assert list(temporary.iterdir()) == []
    assert signal.getsignal(signal.SIGTERM) is before


# Where a trace goes


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


# Any trace


def test_a_good_trace_is_valid_by_every_rule(pair: Scenario, trace: Path, capsys: Capture) -> None:
    status, out, err = call(capsys, "check", trace, "--inputs", pair.inputs)
    assert (status, err) == (0, "")
    rows = [line.split("│")[1:3] for line in out.splitlines() if line.startswith("│")]
    verdicts = {rule.strip(): verdict.strip() for rule, verdict in rows if rule.strip()}
    assert verdicts == {rule.name: "valid" for rule in RULES}
    num_events = len(trace.read_text().splitlines()) - 2
    conclusion = f"valid: {ALL} of {ALL} rules of the protocol are valid, over {num_events} events"
    assert out.splitlines()[-1] == f"{conclusion}; the trace is complete"
    _, out, _ = call(capsys, "check", trace)
    assert out.splitlines()[-1].startswith(f"valid: {WITHOUT_INPUTS} of {WITHOUT_INPUTS} rules "), "but not `inputs`"


def test_a_violation_is_told_with_what_should_have_happened_and_the_lines(
    trace: Path, tmp_path: Path, capsys: Capture
) -> None:
    path, lines, evidence = without_closes(trace, tmp_path)
    status, out, err = call(capsys, "check", path)
    assert (status, err) == (1, "")
    told = out[out.index("closed-once (D4, D6, U4)") :].splitlines()
    assert told == [
        "closed-once (D4, D6, U4): 1 violation",
        BROKEN,
        "  instead: it sends a close when it leaves an uploader (D4, D6)",
        *(f"{number:>8}  {lines[number - 1]}" for number in evidence),
        f"invalid: {WITHOUT_INPUTS - 1} of {WITHOUT_INPUTS} rules of the protocol are valid, 1 invalid, "
        f"over {len(lines) - 2} events; the trace is complete",
    ]


def test_json_has_all_that_is_told_and_more(pair: Scenario, trace: Path, tmp_path: Path, capsys: Capture) -> None:
    path, lines, evidence = without_closes(trace, tmp_path)
    status, out, err = call(capsys, "check", path, "--inputs", pair.inputs, "--json")
    assert (status, err, out.count("\n")) == (1, "", 1)
    answer = json.loads(out)
    rules = {rule.pop("rule"): rule for rule in answer.pop("rules")}
    assert answer == {
        "trace": str(path),
        "verdict": "invalid",
        "num_events": len(lines) - 2,
        "is_cut": False,
        "end": "complete",
        "quoted": {str(number): lines[number - 1] for number in evidence},
        "grade": None,
        "exit_status": 1,
    }
    assert list(rules) == [rule.name for rule in RULES]
    assert rules["quota"] == {
        "steps": ["D3"],
        "text": "No more segments are got in a round than the quota.",
        "verdict": "valid",
        "num_violations": 0,
        "violations": [],
        "reason": "",
    }
    assert rules["closed-once"]["num_violations"] == 1
    assert rules["closed-once"]["violations"] == [
        {
            "rule": "closed-once",
            "steps": ["D4", "D6", "U4"],
            "text": BROKEN.strip(),
            "expected": "it sends a close when it leaves an uploader (D4, D6)",
            "lines": evidence,
        }
    ]


def test_what_a_trace_does_not_show_is_unknown(trace: Path, tmp_path: Path, capsys: Capture) -> None:
    """As with a program that was killed, or one that does not record all that the rules need."""
    path, lines = edited(trace, tmp_path, '"TraceEnded"')
    status, out, err = call(capsys, "check", path)
    assert (status, err) == (3, "")
    assert "the trace ends before the run did" in out
    assert out.splitlines()[-1] == (
        f"unknown: 0 of {WITHOUT_INPUTS} rules of the protocol are valid, {WITHOUT_INPUTS} unknown, "
        f"over {len(lines) - 1} events; the trace is cut, without a last line"
    )
    status, out, _ = call(capsys, "check", path, "--json")
    assert (status, json.loads(out)["exit_status"], json.loads(out)["is_cut"]) == (3, 3, True)


def test_a_trace_that_is_torn_is_judged_as_far_as_it_goes(trace: Path, tmp_path: Path, capsys: Capture) -> None:
    data = trace.read_bytes()
    for name, torn in {"torn.jsonl": data[:-20], "torn.jsonl.gz": gzip.compress(data)[:-300]}.items():
        (tmp_path / name).write_bytes(torn)
        status, out, err = call(capsys, "check", tmp_path / name)
        assert (status, err) == (3, "")
        assert out.endswith("; the trace is cut, in the middle of a line\n")


HEADER = '{"format":"swarm-trace","version":1,"clients":2}\n'


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", ":1: not the header of a trace"),
        (b"# notes\n", ":1: not the header of a trace"),
        (bytes(range(256)) * 8, ":1: not the header of a trace"),
        (HEADER.replace(":1,", ":7,").encode(), ":1: version 7 of swarm-trace; this program reads version 1"),
        (f"{HEADER}\n".encode(), ":2: a blank line"),
        (
            f'{HEADER}{{"event":"Guessed","t":1,"rank":0,"thread":"main"}}\n'.encode(),
            ":2: not an event (Invalid value 'Guessed'",
        ),
        (
            f'{HEADER}{{"event":"ThreadEnded","t":1,"rank":3,"thread":"main"}}\n'.encode(),
            ":2: rank 3, where the header",
        ),
        (None, ": cannot be read (No such file or directory); give a trace"),
    ],
    ids=["empty", "text", "bytes", "version", "blank", "event", "rank", "missing"],
)
def test_what_is_no_trace_is_one_line(tmp_path: Path, capsys: Capture, content: bytes | None, problem: str) -> None:
    path = tmp_path / "trace"
    if content is not None:
        path.write_bytes(content)
    status, out, err = call(capsys, "check", path)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"emulator: {path}{problem}")
    status, out, again = call(capsys, "check", path, "--json")
    assert (status, again) == (2, err)
    assert json.loads(out) == {"error": err.removeprefix("emulator: ").rstrip("\n"), "exit_status": 2}


def test_the_inputs_of_another_swarm_are_told_from_those_of_this_one(
    trace: Path, tmp_path: Path, capsys: Capture
) -> None:
    write_inputs(tmp_path / "in", [ClientInput((), ()), ClientInput((FileMetadata("notes", HASHES[0]),), ("notes",))])
    status, out, _ = call(capsys, "check", trace, "--inputs", tmp_path / "in", "--json")
    answer = json.loads(out)
    assert status == 1
    (judged,) = (rule for rule in answer["rules"] if rule["verdict"] == "invalid")
    assert (judged["rule"], judged["num_violations"]) == ("inputs", 2)
    assert {found["text"] for found in judged["violations"]} == {
        "client 1 declares 'notes' with 3 segments, not what its input says",
        "client 2 declares nothing, not what its input says",
    }


def test_inputs_for_too_few_clients_are_one_line(pair: Scenario, trace: Path, tmp_path: Path, capsys: Capture) -> None:
    write_inputs(tmp_path / "in", pair.clients[:1])
    status, out, err = call(capsys, "check", trace, "--inputs", tmp_path / "in")
    assert (status, out) == (2, "")
    assert err == f"emulator: {tmp_path}/in: has inputs for 1 of 2 clients; add the others, or take fewer\n"


# Grading


def test_points_are_earned_by_the_rules_that_are_kept(trace: Path, tmp_path: Path, capsys: Capture) -> None:
    path, _, _ = without_closes(trace, tmp_path)
    points = tmp_path / "points.toml"
    points.write_text("[points]\nquota = 2\nclosed-once = 3.5\ninputs = 1\n")
    status, out, err = call(capsys, "check", path, "--points", points)
    assert (status, err) == (1, "")
    cells = [[cell.strip() for cell in line.split("│")] for line in out.splitlines() if line.startswith("│")]
    assert {row[1]: row[3] for row in cells if row[3]} == {"quota": "2/2", "closed-once": "0/3.5"}
    *_, unchecked, conclusion = out.splitlines()
    assert unchecked == "inputs was not checked (give --inputs): 0 of 1 point"
    assert conclusion.endswith("; the trace is complete · 2 of 6.5 points")
    status, out, _ = call(capsys, "check", path, "--points", points, "--json")
    assert json.loads(out)["grade"] == {
        "earned": 2,
        "possible": 6.5,
        "rules": {
            "quota": {"earned": 2, "possible": 2},
            "closed-once": {"earned": 0, "possible": 3.5},
            "inputs": {"earned": 0, "possible": 1},
        },
        "not_checked": ["inputs"],
    }


def test_points_for_a_rule_that_is_none_are_one_line(trace: Path, tmp_path: Path, capsys: Capture) -> None:
    points = tmp_path / "points.toml"
    points.write_text("[points]\nquotas = 2\n")
    status, out, err = call(capsys, "check", trace, "--points", points)
    assert (status, out) == (2, "")
    assert err == f"emulator: {points}: unknown rule 'quotas'; known: {', '.join(rule.name for rule in RULES)}\n"


# Where the words go


def test_a_reader_who_has_gone_is_no_error_to_talk_about(trace: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        for options in ([], ["--json"]):
            done = emulate("check", trace, *options, stdout=writer)
            assert (done.returncode, done.stderr) == (1, "")
    finally:
        os.close(writer)


@has_full_device
def test_a_full_disk_under_stdout_is_one_line(trace: Path) -> None:
    with open("/dev/full", "w") as full:
        done = emulate("check", trace, stdout=full)
    said = "emulator: stopped by the system: [Errno 28] No space left on device\n"
    assert (done.returncode, done.stderr) == (1, said)


@pytest.mark.parametrize("name", ["trace.jsonl", "trace.jsonl.gz"])
def test_an_endless_line_is_refused_in_little_memory(tmp_path: Path, name: str) -> None:
    """Eight gigabytes of a file that has none of them on the disk, or half a gigabyte in half a megabyte."""
    header = b'{"format":"swarm-trace","version":1,"clients":2}\n'
    path = tmp_path / name
    if name.endswith(".gz"):
        with gzip.open(path, "wb", 1) as file:
            file.writelines([header, *[bytes(1 << 20)] * 300])
    else:
        path.write_bytes(header)
        os.truncate(path, 8 << 30)

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (600 << 20, 600 << 20))

    command = [sys.executable, "-m", "emulator", "check", str(path)]
    done = subprocess.run(command, preexec_fn=limit, capture_output=True, text=True)
    problem = f"{path}:2: a line of more than 134217728 bytes; see docs/trace-format.md"
    assert (done.returncode, done.stderr) == (2, f"emulator: {problem}\n")
