"""The folder in which results are kept: what was cut, what is somebody else's, what is not there."""

import json
import os
from pathlib import Path

import pytest

from emulator.comparison.results import Results
from emulator.errors import InputError
from tests.comparison.made import grid, job, row


def keep(folder: Path, *keys: str) -> None:
    results = Results(folder, grid())
    for seed, key in enumerate(keys):
        results.append(key, row(job(seed)))
    results.close()


def kept(folder: Path) -> list[str]:
    results = Results(folder, grid())
    results.close()
    return list(results.rows)


def test_what_is_kept_is_there_the_next_time(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "there"
    keep(folder, "a", "b")
    results = Results(folder, grid())
    results.close()
    assert results.rows == {"a": row(job(0)), "b": row(job(1))}
    assert (folder / "runs.jsonl").read_bytes().count(b"\n") == 2
    plan = json.loads((folder / "plan.json").read_text())
    assert (plan["format"], plan["version"], plan["grid"]["repeat"]) == ("swarm-comparison", 1, 2)


def test_wherever_the_last_line_was_cut_the_others_are_there_and_the_next_one_is_whole(tmp_path: Path) -> None:
    keep(tmp_path, "a", "b")
    whole = (tmp_path / "runs.jsonl").read_bytes()
    first = whole.index(b"\n") + 1
    for length in (first, first + 1, first + 40, len(whole) - 2):
        (tmp_path / "runs.jsonl").write_bytes(whole[:length])
        assert kept(tmp_path) == ["a"], length
        keep(tmp_path, "c")
        assert kept(tmp_path) == ["a", "c"], length
    (tmp_path / "runs.jsonl").write_bytes(whole[:-1])
    assert kept(tmp_path) == ["a", "b"], "all but the end of the line was there"


def test_a_line_of_no_use_is_passed_over(tmp_path: Path) -> None:
    keep(tmp_path, "a")
    with (tmp_path / "runs.jsonl").open("ab") as file:
        file.write(b'\xff\n{"key": "x"}\n[]\n' + b"z" * 3_000_000 + b"\n")
        file.write(b'{"key": "\xff"}\n{"key": "y", "more": ' + b"[" * 100_000 + b"\n")
    keep(tmp_path, "b")
    assert kept(tmp_path) == ["a", "b"]


def test_two_comparisons_can_share_a_folder_at_the_same_time(tmp_path: Path) -> None:
    one, other = Results(tmp_path, grid()), Results(tmp_path, grid())
    for number in range(20):
        (one if number % 2 else other).append(str(number), row())
    one.close()
    other.close()
    assert len(kept(tmp_path)) == 20


@pytest.mark.parametrize(
    "plan",
    [None, "", "[1]", "{}", '{"a": "\udcff"}', '{"a": ' + "[" * 5_000, '{"format": "swarm-comparison", "version": 99}'],
)
def test_what_is_not_a_comparisons_is_left_alone(tmp_path: Path, plan: str | None) -> None:
    (tmp_path / "runs.jsonl").write_text("mine\n")
    if plan is not None:
        (tmp_path / "plan.json").write_bytes(plan.encode(errors="surrogateescape"))
    with pytest.raises(InputError) as caught:
        Results(tmp_path, grid())
    path = tmp_path / "runs.jsonl"
    assert caught.value.problems == (f"{path}: not of a comparison of this program; choose another --results",)
    assert path.read_text() == "mine\n"


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "runs.jsonl")
    with pytest.raises(InputError, match=r"runs\.jsonl: not a regular file; choose another --results"):
        Results(tmp_path, grid())


def test_a_folder_that_cannot_be_one_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError) as caught:
        Results(tmp_path / "file" / "results", grid())
    assert caught.value.problems == (
        f"{tmp_path}/file/results: cannot be used (Not a directory); choose another --results",
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_told(tmp_path: Path) -> None:
    results = Results(tmp_path, grid())
    os.dup2(os.open("/dev/full", os.O_WRONLY), results._file)
    with pytest.raises(OSError, match="No space left"):
        results.append("a", row())
    results.close()
