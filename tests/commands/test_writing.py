"""Files and folders that cannot be written: one line, and told before anything is run."""

import os
from pathlib import Path

import pytest

from tests.commands.calls import call
from tests.conftest import SAMPLES

Capture = pytest.CaptureFixture[str]
Words = list[str | Path]

RUN: Words = ["--inputs", SAMPLES, "--quiet"]
STORM: Words = ["storm", "--runs", "1", "--jobs", "1"]
COMPARE: Words = ["compare", "--strategies", "peers-first", "--clients", "3", "--repeat", "1", "--jobs", "1"]

COMMANDS = [
    (RUN, "--record", "x.svg"),
    (RUN, "--record", "x.cast"),
    (RUN, "--report", "x.html"),
    (STORM, "--failure", "x.toml"),
    (COMPARE, "--csv", "x.csv"),
    (COMPARE, "--report", "x.html"),
    (COMPARE, "--plots", "plots"),
]
IDS = [f"{flag} {name}" for _, flag, name in COMMANDS]


def refused(capsys: Capture, folder: Path, words: Words, flag: str, place: Path) -> str:
    """The one line that refuses the place; nothing was run for it."""
    where: Words = []
    if "compare" in words:
        where = ["--results", folder / "results"]
    elif "storm" not in words:
        where = ["--output", folder / "out"]
    before = sorted(folder.rglob("*"))
    status, out, err = call(capsys, *words, *where, flag, place)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert sorted(folder.rglob("*")) == before, "nothing was run, and nothing is left"
    return err


@pytest.mark.parametrize(("words", "flag", "name"), COMMANDS, ids=IDS)
def test_a_place_below_a_file_is_refused_before_the_run(
    tmp_path: Path, capsys: Capture, words: Words, flag: str, name: str
) -> None:
    (tmp_path / "file").touch()
    place = tmp_path / "file" / name
    problem = f"{place}: cannot be written (Not a directory); choose another {flag}"
    assert refused(capsys, tmp_path, words, flag, place) == f"emulator: {problem}\n"


@pytest.mark.parametrize(("words", "flag", "name"), COMMANDS, ids=IDS)
def test_a_name_that_is_too_long_is_refused_before_the_run(
    tmp_path: Path, capsys: Capture, words: Words, flag: str, name: str
) -> None:
    place = tmp_path / f"{'x' * 300}{name}"
    problem = f"{place}: cannot be written (File name too long); choose another {flag}"
    assert refused(capsys, tmp_path, words, flag, place) == f"emulator: {problem}\n"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
@pytest.mark.parametrize(("words", "flag", "name"), COMMANDS, ids=IDS)
def test_a_folder_without_the_right_to_write_is_refused_before_the_run(
    tmp_path: Path, capsys: Capture, words: Words, flag: str, name: str
) -> None:
    (tmp_path / "closed").mkdir(mode=0o500)
    place = tmp_path / "closed" / name
    problem = f"{place}: cannot be written (Permission denied); choose another {flag}"
    assert refused(capsys, tmp_path, words, flag, place) == f"emulator: {problem}\n"


@pytest.mark.parametrize(("words", "flag", "name"), COMMANDS[:-1], ids=IDS[:-1])
def test_a_folder_is_no_place_for_a_file(tmp_path: Path, capsys: Capture, words: Words, flag: str, name: str) -> None:
    (tmp_path / name).mkdir()
    problem = f"{tmp_path / name}: not a regular file, a character device or a pipe; choose another {flag}"
    assert refused(capsys, tmp_path, words, flag, tmp_path / name) == f"emulator: {problem}\n"


@pytest.mark.parametrize("words", [RUN, [*RUN[:2], "--json"]], ids=["quiet", "json"])
def test_a_record_in_a_folder_that_is_not_there_is_refused_before_the_run(
    tmp_path: Path, capsys: Capture, words: Words
) -> None:
    place = tmp_path / "gone" / "run.svg"
    status, out, err = call(capsys, *words, "--output", tmp_path / "out", "--record", place)
    assert (status, err) == (
        2,
        f"emulator: {place}: cannot be written (No such file or directory); choose another --record\n",
    )
    assert ("No such file" in out) == ("--json" in words)
    assert list(tmp_path.iterdir()) == []


def test_a_replay_is_not_read_for_a_record_that_cannot_be_written(tmp_path: Path, capsys: Capture) -> None:
    trace = tmp_path / "no trace"
    trace.write_text("that would be told of as well\n")
    place = tmp_path / "gone" / "run.svg"
    problem = f"{place}: cannot be written (No such file or directory); choose another --record"
    assert call(capsys, "replay", trace, "--record", place) == (2, "", f"emulator: {problem}\n")


def test_what_was_there_stays_as_it_was_where_nothing_is_run(tmp_path: Path, capsys: Capture) -> None:
    record = tmp_path / "run.svg"
    record.write_text("before")
    status, _, _ = call(capsys, "--inputs", tmp_path, "--record", record)
    assert (status, record.read_text()) == (2, "before")
