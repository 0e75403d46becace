"""The disk is full, or may not be written, or there are no descriptors: one clear line, and nothing half-written.

The real thing: a limit of the size of files, which the command and its workers live under, fails every kind of write
in the middle, as a full disk does; a file system of 64 kB is full; and a limit of open files leaves none.
"""

import gzip
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from emulator.checker.checker import check_trace
from emulator.running.run import run
from emulator.scenario.generate import Shape, generate
from emulator.scenario.options import Options
from emulator.scenario.scenario import Scenario, write_inputs
from emulator.scenario.storage import STORED
from emulator.trace.reader import Trace
from tests.ends.leftovers import assert_outputs_whole

SEGMENTS = 200
OUTPUT_BYTES = SEGMENTS * 33
ENGINES = ("processes", "virtual")
STARTS_S = 60


class Told(NamedTuple):
    """What a command came to."""

    status: int
    said: str
    problem: str


def command(*arguments: object, most_bytes: int | None = None, most_files: int | None = None) -> Told:
    """The command in a process of its own, with these limits. What it says on stderr is one line, or nothing."""

    def limit() -> None:
        for number, most in ((resource.RLIMIT_FSIZE, most_bytes), (resource.RLIMIT_NOFILE, most_files)):
            if most is not None:
                resource.setrlimit(number, (most, most))

    done = subprocess.run(
        [sys.executable, "-m", "emulator", *map(str, arguments)],
        preexec_fn=limit,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=STARTS_S,
        # Else Python itself would leave torn bytecode behind, for whoever starts next.
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert done.stderr.count("\n") == len(done.stderr.splitlines()) <= 1
    return Told(done.returncode, done.stdout, done.stderr.removeprefix("emulator: ").removesuffix("\n"))


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    shape = Shape(clients=3, files=1, segments=(SEGMENTS, SEGMENTS), owners=1)
    return write_inputs(tmp_path_factory.mktemp("disk") / "inputs", generate(shape))


@pytest.fixture(scope="module")
def trace(scenario: Scenario, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("trace") / "trace.jsonl"
    run(scenario, path.parent / "out", Options(engine="virtual"), trace=path)
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("engine", ENGINES)
def test_an_output_that_does_not_fit_is_named_and_not_there(engine: str, scenario: Scenario, tmp_path: Path) -> None:
    told = command(
        *("--inputs", scenario.inputs, "--output", tmp_path, "--engine", engine, "--quiet"), most_bytes=OUTPUT_BYTES - 1
    )
    assert told.status == 1
    assert "failed in its download thread at D7: OSError: [Errno 27] File too large: " in told.problem
    assert f"{tmp_path}/client" in told.problem
    assert names(tmp_path) == []


@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_stored_up_to_a_full_disk_is_whole_segments_for_a_later_run(
    engine: str, scenario: Scenario, tmp_path: Path
) -> None:
    arguments = ("--inputs", scenario.inputs, "--output", tmp_path, "--engine", engine, "--quiet", "--resume")
    told = command(*arguments, most_bytes=OUTPUT_BYTES // 2)
    assert (told.status, "No space left on device" in told.problem) == (1, True)
    assert f"{tmp_path}/.resume/client" in told.problem
    assert_outputs_whole(scenario, tmp_path)
    [metadata] = scenario.clients[0].owned
    for path in (tmp_path / ".resume").iterdir():
        stored = STORED.findall(path.read_bytes())
        assert stored
        assert all(metadata.segment(int(segment)).encode() == data for segment, data in stored)
    assert command(*arguments) == (0, "", "")
    assert_outputs_whole(scenario, tmp_path)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", ["trace.jsonl", "trace.jsonl.gz"])
def test_a_trace_that_does_not_fit_ends_the_run_and_is_a_trace_that_is_cut(
    engine: str, name: str, scenario: Scenario, tmp_path: Path
) -> None:
    path, output = tmp_path / name, tmp_path / "out"
    told = command(
        *("--inputs", scenario.inputs, "--output", output, "--engine", engine, "--quiet", "--trace", path),
        most_bytes=OUTPUT_BYTES + 900,
    )
    assert told == (1, "", f"the trace {path} cannot be written (File too large); give it more room, or none")
    assert_outputs_whole(scenario, output)
    assert check_trace(Trace(path)).verdict == "unknown"


def test_an_export_that_does_not_fit_leaves_nothing(trace: Path, tmp_path: Path) -> None:
    told = command("export", trace, "--to", "csv", "--output", tmp_path / "made", most_bytes=9_000)
    assert told == (1, "", f"stopped by the system: [Errno 27] File too large: '{tmp_path}/made'")
    assert names(tmp_path) == []


@pytest.mark.parametrize("name", ["made.svg", "made.cast"])
def test_a_recording_that_does_not_fit_leaves_nothing(name: str, tmp_path: Path) -> None:
    small = write_inputs(tmp_path / "in", generate(Shape(clients=2, files=1, segments=(1, 1))))
    told = command(
        *("--inputs", small.inputs, "--output", tmp_path / "out", "--quiet", "--engine", "virtual"),
        *("--record", tmp_path / name),
        most_bytes=11_000,
    )
    assert told == (1, "", f"stopped by the system: [Errno 27] File too large: '{tmp_path / name}'")
    assert names(tmp_path) == ["in", "out"]


def test_where_nothing_can_be_recorded_the_reason_of_the_runs_end_is_told(scenario: Scenario, tmp_path: Path) -> None:
    places = ("--output", tmp_path / "out", "--record", tmp_path / "made.svg")
    told = command("--inputs", scenario.inputs, *places, "--quiet", "--engine", "virtual", most_bytes=300)
    assert told.status == 1
    assert told.problem.endswith("/trace.jsonl cannot be written (File too large); give it more room, or none")


def test_a_replay_needs_room_for_its_copy_and_says_where(trace: Path, tmp_path: Path) -> None:
    told = command("replay", trace, "--frame", most_bytes=9_000)
    assert told.status == 1
    assert told.problem.endswith("has no room for a copy of the trace (File too large); set TMPDIR to another folder")
    assert names(tmp_path) == []


def test_results_that_do_not_fit_are_kept_up_to_there(tmp_path: Path) -> None:
    results = tmp_path / "results"
    arguments = ("compare", "--strategies", "peers-first", "--clients", "4", "--segments", "5", "--results", results)
    told = command(*arguments, most_bytes=2_000)
    assert told.status == 1
    assert told.problem == f"stopped by the system: [Errno 28] No space left on device: '{results}/runs.jsonl'"
    told = command(*arguments, "--csv", tmp_path / "runs.csv", "--json")
    assert (told.status, '"num_kept": 0' in told.said) == (0, False)
    told = command(*arguments, "--csv", tmp_path / "more.csv", most_bytes=700)
    assert (told.status, "more.csv" in names(tmp_path)) == (2, False)
    assert told.problem == f"{tmp_path}/more.csv: cannot be written (File too large); choose another --csv"


def test_inputs_that_do_not_fit_are_not_half_there(tmp_path: Path) -> None:
    told = command("generate", "--clients", 2, "--files", 1, "--segments", 99, "--output", tmp_path, most_bytes=999)
    assert told.status == 2
    assert told.problem.endswith(": cannot be written (File too large); choose another --output")
    assert all(path.stat().st_size < 100 for path in tmp_path.iterdir())


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for 64 kB, where this user may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)]
    try:
        mounted = subprocess.run(mount, check=False, capture_output=True).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("nothing can be mounted here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("flags", [(), ("--resume",), ("--trace",)])
def test_a_disk_that_fills_up_while_a_run_lasts(
    engine: str, flags: tuple[str, ...], scenario: Scenario, small_disk: Path
) -> None:
    (small_disk / "ballast").write_bytes(bytes((64 << 10) - 3 * 4096))
    output = small_disk / "out"
    more = (*flags, small_disk / "trace.jsonl") if flags == ("--trace",) else flags
    told = command("--inputs", scenario.inputs, "--output", output, "--engine", engine, "--quiet", *more)
    assert (told.status, "No space left on device" in told.problem) == (1, True)
    assert_outputs_whole(scenario, output)


@pytest.mark.parametrize("flags", [(), ("--resume",), ("--trace", "trace.jsonl")])
def test_on_a_disk_that_is_full_nothing_begins(flags: tuple[str, ...], scenario: Scenario, small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(64 << 10))
    output = small_disk / "out"
    more = [small_disk / flag if flag == "trace.jsonl" else flag for flag in flags]
    told = command("--inputs", scenario.inputs, "--output", output, "--quiet", *more)
    assert told == (2, "", f"{output}: cannot be written (No space left on device); choose another --output")
    assert not output.exists() or names(output) == []


# Without descriptors


def test_where_no_descriptors_are_left_every_command_ends_with_one_line(scenario: Scenario, tmp_path: Path) -> None:
    told = command("--inputs", scenario.inputs, "--output", tmp_path / "a", "--quiet", most_files=30)
    assert told.status == 1
    assert told.problem.startswith("this swarm needs ")
    assert "open files a process and the limit is 30: take fewer --clients, or raise the hard limit" in told.problem
    for most in (5, 7):
        told = command(
            *("--inputs", scenario.inputs, "--output", tmp_path / "b", "--quiet", "--engine", "virtual"),
            most_files=most,
        )
        assert told.status in (0, 1, 2)
        assert told.status == 0 or "Too many open files" in told.problem
        assert_outputs_whole(scenario, tmp_path / "b")
    told = command("compare", "--clients", 4, "--segments", 5, "--results", tmp_path / "c", "--json", most_files=6)
    assert (told.status, "Too many open files" in told.problem) == (1, True)


# Where something is in the way, or has gone


@pytest.mark.parametrize("engine", ENGINES)
def test_an_output_folder_that_is_a_file_or_cannot_be_written_is_told_before_anything_runs(
    engine: str, scenario: Scenario, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("mine")
    arguments = ("--inputs", scenario.inputs, "--engine", engine, "--quiet", "--output")
    told = command(*arguments, tmp_path / "file")
    assert told == (2, "", f"{tmp_path}/file: cannot be written (File exists); choose another --output")
    assert (tmp_path / "file").read_text() == "mine"
    told = command(*arguments, "/proc/self/out")
    assert (told.status, told.problem[:15]) == (2, "/proc/self/out:")


@pytest.mark.parametrize("engine", ENGINES)
def test_a_trace_is_not_written_to_a_pipe_that_nobody_reads(engine: str, scenario: Scenario, tmp_path: Path) -> None:
    for name in ("pipe", "pipe.gz"):
        os.mkfifo(tmp_path / name)
        told = command(
            *("--inputs", scenario.inputs, "--output", tmp_path / "out", "--engine", engine, "--quiet"),
            *("--trace", tmp_path / name),
        )
        problem = f"{tmp_path}/{name}: a pipe without a reader; start the reader first, or choose another name"
        assert told == (2, "", problem)


def test_a_trace_can_be_written_to_a_pipe_that_somebody_reads(scenario: Scenario, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.gz"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE) as reader:
        while True:  # until it has opened its end
            told = command(
                *("--inputs", scenario.inputs, "--output", tmp_path / "out", "--engine", "virtual", "--quiet"),
                *("--trace", pipe),
            )
            if "nobody reads" not in told.problem:
                break
        assert told == (0, "", "")
        assert reader.stdout is not None
        assert gzip.decompress(reader.stdout.read()).startswith(b'{"format":"swarm-trace"')


@pytest.mark.parametrize("kind", ["gone", "folder", "pipe"])
def test_a_scenario_file_that_is_none_is_one_line(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    told = command("--scenario", path, "--output", tmp_path / "out")
    reason = "cannot be read (No such file or directory)" if kind == "gone" else "not a regular file"
    assert told == (2, "", f"{path}: {reason}; give a TOML file")


@pytest.mark.parametrize("change", ["gone", "another text", "folder", "pipe", "other hashes", "other wishes"])
@pytest.mark.parametrize("engine", ENGINES)
def test_inputs_that_change_after_they_were_checked_make_no_wrong_run_a_right_one(
    engine: str, change: str, tmp_path: Path
) -> None:
    """Each client process reads its own input again (P1); virtual time goes by what was read first."""
    scenario = write_inputs(tmp_path / "in", generate(Shape(clients=3, files=1, segments=(4, 4), owners=1)))
    path = tmp_path / "in" / ("in1.txt" if change == "other hashes" else "in2.txt")
    text = path.read_text()
    path.unlink()
    if change == "another text":
        path.write_text("what is this\n")
    elif change == "folder":
        path.mkdir()
    elif change == "pipe":
        os.mkfifo(path)
    elif change == "other hashes":
        path.write_text(text.replace(scenario.clients[0].owned[0].segment(0), "0" * 32))
    elif change == "other wishes":
        path.write_text("0\n1\nnobodys\n")
    try:
        is_proven = run(scenario, tmp_path / "out", Options(engine=engine, timeout_s=20)).is_proven
        problem = ""
    except Exception as error:
        is_proven, problem = False, f"{type(error).__name__}: {error}"
    assert is_proven == (engine == "virtual")
    if problem:
        assert problem.startswith(f"WorkerFailed: client 2 failed in its main thread at P1: InputError: {path}:")
        assert "\n" not in problem
        assert names(tmp_path / "out") == []
