"""Proving a folder of outputs: what is accepted from other programs, and what never passes."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.protocol.files import ClientInput, FileMetadata
from emulator.scenario.outputs import format_output
from emulator.scenario.scenario import Scenario, output_name
from emulator.scenario.verify import OutputCheck, Verdict, Verification, verify

A, B, C, D = "0" * 32, "1b" * 16, "Ff" * 16, "5e" * 16
ONE, TWO, EMPTY = FileMetadata("one", A + B + C), FileMetadata("two", C + D), FileMetadata("empty", "")


def swarm(*wanted: str) -> Scenario:
    """Client 1 owns all files; client 2 wants these."""
    return Scenario(Path("unused"), (ClientInput((ONE, TWO, EMPTY), ()), ClientInput((), wanted)))


def check(tmp_path: Path, content: bytes, wanted: FileMetadata = ONE) -> OutputCheck:
    """The verdict on one output with this content."""
    (tmp_path / output_name(2, wanted.name)).write_bytes(content)
    verification = verify(swarm(wanted.name), tmp_path)
    assert verification.is_proven == (verification.outputs[0].verdict == "right")
    return verification.outputs[0]


def right(file: FileMetadata) -> OutputCheck:
    return OutputCheck(2, file.name, file.num_segments, "right")


def wrong(detail: str) -> OutputCheck:
    return OutputCheck(2, "one", 3, "wrong", detail)


@pytest.mark.parametrize("file", [ONE, TWO, EMPTY], ids=lambda file: file.name)
def test_what_the_emulator_writes_is_right(tmp_path: Path, file: FileMetadata) -> None:
    assert check(tmp_path, format_output(file), file) == right(file)


@pytest.mark.parametrize(
    "content",
    [
        f"{A}\r\n{B}\r\n{C}\r\n",
        f"{A} \n{B}\t\n{C}",
        f"{A}\n{B}\n{C}\n\n\r\n \n",
        f"{A}\r\n{B}\n{C}\r",
        f" {A}\n\t{B}\n{C}\n",
        f"{A[:5]} {A[5:]}\n\f{B}\v\n{C}\n",
    ],
    ids=["CRLF", "blanks at line ends", "blank lines at the end", "mixed", "leading blanks", "blanks within lines"],
)
def test_white_space_of_another_program_makes_no_difference(tmp_path: Path, content: str) -> None:
    assert check(tmp_path, content.encode()) == right(ONE)


@pytest.mark.parametrize(
    ("content", "detail"),
    [
        (f"{A}\n{C}\n{C}\n", "line 2 is segment 3, which belongs at line 3"),
        (f"{A}\n{D}\n{C}\n", "line 2 is segment 2 of 'two'"),
        (f"{A}\n{A[1:]}1\n{C}\n", f"line 2 is '{A[1:]}1', not the hash of that segment"),
        (f"{A}\n\n{B}\n{C}\n", "line 2 is blank, not the hash of that segment"),
        (f"{A}\n{'x' * 61}\n{C}\n", f"line 2 is '{'x' * 60}…', not the hash of that segment"),
        (f"{A}\n{B}\n{C.lower()}\n", f"line 3 is '{C.lower()}', not the hash of that segment"),
        (f"{A}\n{B}\n{C[:-1]}", f"line 3 is '{C[:-1]}', not the hash of that segment"),
        (f"{A}\n{B}\n", "2 lines instead of 3"),
        ("", "0 lines instead of 3"),
        (f"{A}\n{B}\n{C}\n{A}\n", "4 lines instead of 3"),
    ],
)
def test_where_an_output_first_differs_is_said(tmp_path: Path, content: str, detail: str) -> None:
    assert check(tmp_path, content.encode()) == wrong(detail)


def test_bytes_that_are_no_text_are_wrong_like_any_others(tmp_path: Path) -> None:
    assert check(tmp_path, b"\xff\0\n").detail == "line 1 is '�\\x00', not the hash of that segment"


def test_an_output_that_is_not_there_or_no_file_is_told_apart_from_a_wrong_one(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "client2_two")
    (tmp_path / "client2_empty").mkdir()
    verification = verify(swarm("one", "two", "empty"), tmp_path)
    assert verification.outputs == (
        OutputCheck(2, "one", 3, "missing"),
        OutputCheck(2, "two", 2, "unreadable", "not a regular file"),
        OutputCheck(2, "empty", 0, "unreadable", "not a regular file"),
    )
    assert verification.summary() == "0 of 3 wanted files are right: 1 missing, 2 unreadable"


def test_an_endless_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "client2_one"
    path.touch()
    os.truncate(path, 1 << 40)
    assert verify(swarm("one"), tmp_path).outputs == (wrong(f"{1 << 40} bytes are too many for 3 segments"),)


def test_a_file_that_a_client_owned_already_has_to_be_there_too(tmp_path: Path) -> None:
    scenario = Scenario(Path("unused"), (ClientInput((ONE,), ("one",)),))
    assert verify(scenario, tmp_path).outputs == (OutputCheck(1, "one", 3, "missing"),)


def test_a_swarm_in_which_nobody_wants_anything_is_proven_by_an_empty_folder(tmp_path: Path) -> None:
    verification = verify(swarm(), tmp_path)
    assert verification == Verification((), ())
    assert verification.is_proven
    assert verification.summary() == "0 of 0 wanted files are right"


def test_files_that_nobody_asked_for_are_named_but_prove_nothing_wrong(tmp_path: Path) -> None:
    for name in ("client2_two", "client1_two", "client9_x", "notes", "client.log"):
        (tmp_path / name).write_bytes(format_output(TWO))
    verification = verify(swarm("two"), tmp_path)
    assert verification.unexpected == ("client1_two", "client9_x")
    assert verification.is_proven


def test_a_folder_that_is_not_there_proves_nothing(tmp_path: Path) -> None:
    verification = verify(swarm("one", "two"), tmp_path / "gone")
    assert [check.verdict for check in verification.outputs] == ["missing", "missing"]
    assert not verification.is_proven


def test_the_summary_counts_each_verdict() -> None:
    verdicts: tuple[Verdict, ...] = ("right", "wrong", "missing", "wrong", "unreadable", "right")
    checks = tuple(OutputCheck(1, f"file{number}", 1, verdict) for number, verdict in enumerate(verdicts))
    verification = Verification(checks, ())
    assert verification.num_right == 2
    assert verification.summary() == "2 of 6 wanted files are right: 1 missing, 2 wrong, 1 unreadable"


@given(st.data())
def test_any_other_content_is_never_proven(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """Against a model: the lines, without white space, and without blank lines at the end, are the hashes."""
    content = bytearray(format_output(ONE))
    for _ in range(data.draw(st.integers(0, 2))):
        at = data.draw(st.integers(0, len(content)))
        content[at : at + data.draw(st.integers(0, 2))] = data.draw(
            st.sampled_from([b"", b"\n", b" ", b"0", b"\r", b"\xff"])
        )
    text = bytes(content).decode("latin-1")
    lines = "\n".join(re.sub("[ \r]", "", line) for line in text.split("\n")).rstrip("\n").split("\n")
    folder = tmp_path_factory.mktemp("outputs")
    assert check(folder, bytes(content)).verdict == ("right" if lines == [A, B, C] else "wrong")


@pytest.mark.skipif(shutil.which("diff") is None, reason="there is no diff")
@given(st.data())
def test_what_diff_q_w_accepts_is_right_and_nothing_else_but_blank_lines_at_the_end(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Against the real program: the checker of the assignment compares an output with the expected one by it."""
    content = bytearray(format_output(ONE))
    for _ in range(data.draw(st.integers(0, 4))):
        at = data.draw(st.integers(0, len(content)))
        content[at : at + data.draw(st.sampled_from([0, 0, 0, 1, 33]))] = data.draw(
            st.sampled_from([b"", b"\n", b" ", b"\t", b"\f", b"\v", b"\r\n", b"0", b"F"])
        )
    folder = tmp_path_factory.mktemp("outputs")
    is_right = check(folder, bytes(content)).verdict == "right"
    (folder / "expected").write_bytes(format_output(ONE))
    assert is_right == diff_accepts(folder / "expected", without_blank_lines_at_the_end(bytes(content)))
    assert is_right or not diff_accepts(folder / "expected", bytes(content))


def diff_accepts(expected: Path, content: bytes) -> bool:
    process = subprocess.run(["diff", "-q", "-w", expected, "-"], input=content, stdout=subprocess.DEVNULL, check=False)
    return process.returncode == 0


def without_blank_lines_at_the_end(content: bytes) -> bytes:
    return content.rstrip() + b"\n"


@pytest.mark.parametrize("content", [f"{A}\n{B}\n{C}", f" {A}\n{B}\n{C}\n", f"{A}\r\n{B}\n{C}\n", f"{A}\n{B}\n{C}\n\n"])
def test_the_proof_of_a_run_is_exact(tmp_path: Path, content: str) -> None:
    (tmp_path / "client2_one").write_bytes(content.encode())
    assert verify(swarm("one"), tmp_path).is_proven
    assert verify(swarm("one"), tmp_path, is_exact=True).outputs == (wrong("only white space differs"),)
    (tmp_path / "client2_one").write_bytes(format_output(ONE))
    assert verify(swarm("one"), tmp_path, is_exact=True).outputs == (right(ONE),)
