"""`swarm_trace.h`: what programs in C and C++ write with it is a trace, whatever their files are called."""

import json
import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

import emulator
from emulator.checker.checker import check_trace
from emulator.checker.course import read_course
from emulator.protocol.events import FileWritten
from emulator.protocol.files import HASH_DIGITS
from emulator.protocol.messages import (
    Barrier,
    Close,
    ConnectionCount,
    ConnectionCountRequest,
    FileCompleted,
    Finished,
    Hit,
    Metadata,
    MetadataAnswer,
    MetadataRequest,
    Miss,
    SegmentRequest,
    Stop,
    SwarmAnswer,
    SwarmRequest,
)
from emulator.trace.merged import source_of
from emulator.trace.reader import Trace
from tests.commands.calls import call
from tests.conftest import SAMPLES

PROGRAM = SAMPLES / "tracing" / "swarm.c"
WARNINGS = ["-Wall", "-Wextra", "-pedantic", "-Werror", "-O1"]
LANGUAGES = {"c99": ["gcc", "-std=c99"], "c11": ["gcc", "-std=c11"], "c++11": ["g++", "-std=c++11", "-x", "c++"]}
PLAIN = (
    Metadata,
    Barrier,
    MetadataRequest,
    MetadataAnswer,
    SwarmRequest,
    SwarmAnswer,
    SegmentRequest,
    Hit,
    Miss,
    ConnectionCountRequest,
    ConnectionCount,
    Close,
    FileCompleted,
    Finished,
    Stop,
)
HASH = "3f" * (HASH_DIGITS // 2)


@pytest.fixture(params=LANGUAGES)
def compiled(request: pytest.FixtureRequest, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """The sample program, compiled with the header that the command prints."""
    return compile_in(tmp_path, PROGRAM.read_text(), request.param, capsys)


def compile_in(
    folder: Path, program: str, language: str, capsys: pytest.CaptureFixture[str], *more: str, name: str = "swarm"
) -> Path:
    compiler, *options = LANGUAGES[language]
    if shutil.which(compiler) is None:
        pytest.skip(f"this system has no {compiler}")
    status, header, _ = call(capsys, "trace-header")
    assert status == 0
    (folder / "swarm_trace.h").write_text(header)
    (folder / f"{name}.c").write_text(program)
    command = [compiler, *options, *WARNINGS, f"{name}.c", "-o", name, *more]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    return folder / name


def run_all(program: Path, *arguments: str | bytes) -> list[Path]:
    """Run every rank, and return the parts."""
    for rank in ("2", "0", "1"):
        subprocess.run([program, rank, *arguments], cwd=program.parent, check=True, timeout=60)
    return sorted(program.parent.glob("part.*.jsonl"))


def test_a_program_in_c_or_c_plus_plus_writes_a_valid_trace(compiled: Path) -> None:
    source = source_of(run_all(compiled))
    report = check_trace(Trace(source))
    assert not source.notes
    assert {judged.verdict for judged in report.rules} <= {"valid", "not exercised"}
    assert report.verdict == "valid"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (b'say "hi" \\ back\\', 'say "hi" \\ back\\'),
        (b"two\nlines\ttab\x01\x7f", "two\nlines\ttab\x01\x7f"),
        ("größe ✓ 🐝".encode(), "größe ✓ 🐝"),
        (b"latin \xff\xc3 \xed\xa0\x80 \xf5\x80\x80\x80 \xc0\x80", "latin ÿÃ í\xa0\x80 õ\x80\x80\x80 À\x80"),
        (b"%s%n%d", "%s%n%d"),
        (b"x" * 100_000, "x" * 100_000),
    ],
    ids=["quotes", "controls", "utf-8", "no utf-8", "format", "long"],
)
def test_any_name_is_written_as_json_wants_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: bytes, expected: str
) -> None:
    parts = run_all(compile_in(tmp_path, PROGRAM.read_text(), "c99", capsys), name)
    trace = Trace(source_of(parts))
    [written] = [event for _, _, event in trace.entries() if isinstance(event, FileWritten)]
    assert written.file == expected
    assert check_trace(Trace(source_of(parts))).verdict == "valid"


THREADS = f"""
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include "swarm_trace.h"
void in_another_file(void);
static void *record(void *number)
{{
    int i;
    for (i = 0; i < 2000; i++)
        swarm_hit(SWARM_TO, 2, "file \\"1\\"", *(int *)number * 10000 + i, "{HASH}");
    return NULL;
}}
int main(void)
{{
    pthread_t threads[4];
    int i, numbers[4] = {{0, 1, 2, 3}};
    swarm_hit(SWARM_TO, 2, "before", 0, "{HASH}");
    swarm_trace_open(1, 3);
    for (i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, record, &numbers[i]);
    for (i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    in_another_file();
    abort();
}}
"""
OTHER = """
#include "swarm_trace.h"
void in_another_file(void);
void in_another_file(void)
{
    swarm_finished(SWARM_TO, 0);
}
"""


def test_threads_and_files_of_one_program_write_whole_lines_into_one_part_that_outlives_a_crash(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "other.c").write_text(OTHER)
    program = compile_in(tmp_path, THREADS, "c11", capsys, "other.c", "-lpthread")
    (tmp_path / "here").mkdir()
    environment = os.environ | {"SWARM_TRACE_DIR": str(tmp_path / "here")}
    assert subprocess.run([program], env=environment, cwd=tmp_path, timeout=60).returncode < 0
    header, *lines = map(json.loads, (tmp_path / "here" / "part.1.jsonl").read_text().splitlines())
    assert header == {"format": "swarm-trace", "version": 1, "clients": 2}
    *hits, last = [line["message"] for line in lines]
    assert sorted(hit[2] for hit in hits) == [thread * 10_000 + i for thread in range(4) for i in range(2000)]
    assert {(hit[0], hit[1], hit[3]) for hit in hits} == {("Hit", 'file "1"', HASH)}
    assert last == ["Finished"]


def test_a_folder_that_is_not_there_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program = compile_in(tmp_path, PROGRAM.read_text(), "c99", capsys)
    environment = os.environ | {"SWARM_TRACE_DIR": str(tmp_path / "none")}
    done = subprocess.run([program, "0"], env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, f"{tmp_path}/none/part.0.jsonl: No such file or directory\n")


def test_the_manual_names_every_function_and_no_other() -> None:
    """All but those that the header itself is made of."""
    header = (Path(emulator.__file__).parent / "trace" / "swarm_trace.h").read_text()
    manual = (SAMPLES.parent / "docs" / "instrument.md").read_text()
    inner = {"put", "write", "message", "end_message", "about_file", "request", "segment_answer", "character"}
    functions = set(re.findall(r"^static inline \w+ swarm_(\w+)\(", header, re.M))
    public = {name for name in functions if name not in inner and not name.startswith("put_")}
    assert set(re.findall(r"swarm_(\w+)\(", manual)) == public


def test_every_message_and_event_of_a_plain_run_has_a_function() -> None:
    header = (Path(emulator.__file__).parent / "trace" / "swarm_trace.h").read_text()
    for kind in PLAIN:
        assert f'"{kind.__name__}"' in header


@pytest.mark.parametrize("course", sorted((SAMPLES / "courses").glob("*.toml")), ids=lambda path: path.stem)
def test_the_courses_of_the_manual_can_be_read(course: Path) -> None:
    read = read_course(course)
    assert (read.second_barrier, read.close, read.counts) == (False, False, False)
    assert (read.metadata_by_file, read.seeds_in_peers, read.quota) == (True, True, 10)
    manual = (SAMPLES.parent / "docs" / "courses.md").read_text()
    assert f"homework, {course.stem[-4:]} |" in manual
    for key in tomllib.loads(course.read_text())["protocol"]:
        assert f"`{key} = " in manual


def program_of_a_course() -> str:
    """The sample program without connection counts, closes and a second barrier."""
    lines = PROGRAM.read_text().splitlines()
    left_out = re.compile(r"connection_count|swarm_close|barrier\(SWARM_FROM, 0, 2\)")
    kept = (re.sub(r"^ +swarm_barrier\(SWARM_TO, client, 2\);", "        ;", line) for line in lines)
    return "\n".join(line for line in kept if not left_out.search(line)) + "\n"


@pytest.mark.parametrize("course", sorted((SAMPLES / "courses").glob("*.toml")), ids=lambda path: path.stem)
def test_a_program_of_a_course_is_judged_by_the_steps_that_the_course_has(
    course: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its tracker answers with one list."""
    program = program_of_a_course().replace("&seed, 1, NULL, 0", "&seed, 1, &seed, 1")
    source = source_of(run_all(compile_in(tmp_path, program, "c99", capsys)))
    assert check_trace(Trace(source), None, read_course(course)).verdict == "valid"
    report = check_trace(Trace(source))
    assert {judged.rule for judged in report.rules if judged.verdict == "invalid"} >= {"closed-once", "swarm-list"}


def test_a_step_that_a_course_leaves_out_is_held_against_no_program(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    course = tmp_path / "course.toml"
    course.write_text("[protocol]\nsecond-barrier = false\nclose = false\ncounts = false\n")
    source = source_of(run_all(compile_in(tmp_path, program_of_a_course(), "c99", capsys)))
    report = check_trace(Trace(source))
    assert {judged.rule for judged in report.rules if judged.verdict == "invalid"} >= {"closed-once", "three-counts"}
    report = check_trace(Trace(source), None, read_course(course))
    assert [judged.rule for judged in report.rules if judged.violations] == []
    assert report.verdict == "valid"
