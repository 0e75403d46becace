"""`emulator check`: what it says of good, bad, cut and foreign traces, and its status."""

import gzip
import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from emulator.checker.rules import RULES
from emulator.protocol.files import ClientInput, FileMetadata
from emulator.scenario.scenario import Scenario, write_inputs
from tests.commands.calls import call, emulate
from tests.commands.traces import (
    ALL,
    BROKEN,
    HASHES,
    NOT_EXERCISED,
    WITHOUT_INPUTS,
    Capture,
    edited,
    has_full_device,
    without_closes,
)


def test_a_good_trace_is_valid_by_every_rule(pair: Scenario, trace: Path, capsys: Capture) -> None:
    status, out, err = call(capsys, "check", trace, "--inputs", pair.inputs)
    assert (status, err) == (0, "")
    rows = [line.split("│")[1:3] for line in out.splitlines() if line.startswith("│")]
    verdicts = {rule.strip(): verdict.strip() for rule, verdict in rows if rule.strip()}
    assert verdicts == {rule.name: "not exercised" if rule in NOT_EXERCISED else "valid" for rule in RULES}
    num_events = len(trace.read_text().splitlines()) - 2
    num_valid = ALL - len(NOT_EXERCISED)
    conclusion = f"valid: {num_valid} of {ALL} rules of the protocol are valid, 6 not exercised"
    assert out.splitlines()[-1] == f"{conclusion}, over {num_events} events; the trace is complete"
    _, out, _ = call(capsys, "check", trace)
    assert out.splitlines()[-1].startswith(f"valid: {num_valid - 1} of {WITHOUT_INPUTS} rules "), "but not `inputs`"


def test_a_violation_is_told_with_what_should_have_happened_and_the_lines(
    trace: Path, tmp_path: Path, capsys: Capture
) -> None:
    path, lines, evidence = without_closes(trace, tmp_path)
    status, out, err = call(capsys, "check", path)
    assert (status, err) == (1, "")
    told = out.splitlines()
    assert told[:5] + told[-1:] == [
        "closed-once (D4, D6, U4)",
        BROKEN,
        "  instead: a downloader closes its connections (D4, D6)",
        *(f"{number:>8}  {lines[number - 1]}" for number in evidence),
        f"invalid: {WITHOUT_INPUTS - 7} of {WITHOUT_INPUTS} rules of the protocol are valid, 1 invalid, "
        f"6 not exercised, over {len(lines) - 2} events; the trace is complete",
    ]


def test_json_has_all_that_is_told_and_more(pair: Scenario, trace: Path, tmp_path: Path, capsys: Capture) -> None:
    path, lines, evidence = without_closes(trace, tmp_path)
    status, out, err = call(capsys, "check", path, "--inputs", pair.inputs, "--json")
    assert (status, err, out.count("\n")) == (1, "", 1)
    answer = json.loads(out)
    rules = {rule.pop("rule"): rule for rule in answer.pop("rules")}
    assert answer == {
        "trace": str(path),
        "notes": [],
        "verdict": "invalid",
        "num_events": len(lines) - 2,
        "is_cut": False,
        "end": "complete",
        "outcome": "complete",
        "waits": [],
        "quoted": {str(number): lines[number - 1] for number in evidence},
        "places": {str(number): f"{path}:{number}" for number in evidence},
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
            "expected": "a downloader closes its connections (D4, D6)",
            "lines": evidence,
            "count": 1,
            "is_earliest": True,
        }
    ]


def test_what_a_trace_does_not_show_is_unknown(trace: Path, tmp_path: Path, capsys: Capture) -> None:
    """As with a program that was killed, or one that does not record all that the rules need."""
    path, lines = edited(trace, tmp_path, '"TraceEnded"')
    status, out, err = call(capsys, "check", path)
    assert (status, err) == (3, "")
    assert "the trace ends before the run did" in out
    assert out.splitlines()[-1] == (
        f"unknown: 20 of {WITHOUT_INPUTS} rules of the protocol are valid, 11 unknown, "
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
        assert out.endswith("; the trace is cut, in the middle of a line, which is left out\n")


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
    (found,) = judged["violations"]
    assert (judged["rule"], found["count"]) == ("inputs", 2)
    assert found["text"] in (
        "client 1 declares 'notes' with 3 segments, not what its input says",
        "client 2 declares nothing, not what its input says",
    )


def test_inputs_for_too_few_clients_are_one_line(pair: Scenario, trace: Path, tmp_path: Path, capsys: Capture) -> None:
    write_inputs(tmp_path / "in", pair.clients[:1])
    status, out, err = call(capsys, "check", trace, "--inputs", tmp_path / "in")
    assert (status, out) == (2, "")
    assert err == f"emulator: {tmp_path}/in: has inputs for 1 of 2 clients; add the others, or take fewer\n"


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
        "not_exercised": [],
    }


def test_points_for_a_rule_that_is_none_are_one_line(trace: Path, tmp_path: Path, capsys: Capture) -> None:
    points = tmp_path / "points.toml"
    points.write_text("[points]\nquotas = 2\n")
    status, out, err = call(capsys, "check", trace, "--points", points)
    assert (status, out) == (2, "")
    assert err == f"emulator: {points}: unknown rule 'quotas'; known: {', '.join(rule.name for rule in RULES)}\n"


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


def test_a_course_takes_rules_away_and_a_wrong_file_is_told(trace: Path, tmp_path: Path, capsys: Capture) -> None:
    path, _, _ = without_closes(trace, tmp_path)
    course = tmp_path / "course.toml"
    course.write_text("[protocol]\nclose = false\n")
    status, out, err = call(capsys, "check", path, "--course", course)
    assert (status, err) == (0, "")
    assert "the course leaves it out: close = false" in out
    course.write_text("[protocol]\nbarrier = false\n")
    status, out, err = call(capsys, "check", path, "--course", course)
    assert (status, out) == (2, "")
    assert f"{course}: unknown key 'barrier'; known: second-barrier, close" in err
