"""The command `export`: what it writes where, and what it says when it cannot."""

import gzip
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from pathlib import Path

import pytest

from emulator.protocol.events import Channel, Received, Sent
from emulator.protocol.messages import Close, Hit, SegmentRequest
from emulator.trace.exports import EXPORTS
from emulator.trace.reader import Trace
from emulator.trace.records import Record
from tests.commands.calls import emulate
from tests.trace.exports.traces import write

Capture = pytest.CaptureFixture[str]
every_format = pytest.mark.parametrize("to", list(EXPORTS))


def pieces(trace: Path, to: str) -> Iterator[bytes]:
    export: Callable[[Trace], Iterator[bytes]] = import_module(f"emulator.trace.exports.{EXPORTS[to]}").export
    return export(Trace(trace))


def pieces_of(trace: Path, to: str) -> bytes:
    return b"".join(pieces(trace, to))


def fail(*arguments: str | Path) -> str:
    """A call that ends with the status of wrong usage or input; the one line that it says."""
    done = emulate("export", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    [line] = done.stderr.splitlines()
    return line


@pytest.fixture
def bad_trace(sample_trace: Path, tmp_path: Path) -> Path:
    """A trace with a line in its middle that is no event."""
    lines = sample_trace.read_bytes().splitlines(keepends=True)
    path = tmp_path / "bad.jsonl"
    path.write_bytes(b"".join([*lines[:999], b'{"event":"Nothing"}\n', *lines[999:]]))
    return path


@every_format
def test_an_export_goes_to_stdout_or_to_a_file(to: str, sample_trace: Path, tmp_path: Path) -> None:
    output = tmp_path / "it"
    to_stdout, to_file = (
        emulate("export", sample_trace, "--to", to),
        emulate("export", sample_trace, "--to", to, "--output", output),
    )
    assert (to_stdout.returncode, to_stdout.stderr) == (0, "")
    assert (to_file.returncode, to_file.stderr, to_file.stdout) == (0, "", "")
    assert to_stdout.stdout == output.read_text() == pieces_of(sample_trace, to).decode().replace("\r\n", "\n")
    assert output.read_bytes() == pieces_of(sample_trace, to)
    assert list(tmp_path.iterdir()) == [output]


@every_format
def test_traces_and_exports_can_be_compressed(to: str, sample_trace: Path, tmp_path: Path) -> None:
    trace, output = tmp_path / "run.jsonl.gz", tmp_path / "it.gz"
    trace.write_bytes(gzip.compress(sample_trace.read_bytes()))
    assert emulate("export", trace, "--to", to, "--output", output).returncode == 0
    assert gzip.decompress(output.read_bytes()) == pieces_of(sample_trace, to)


def test_the_same_trace_gives_the_same_compressed_file(sample_trace: Path, tmp_path: Path) -> None:
    for name in ("a.gz", "b.gz"):
        assert emulate("export", sample_trace, "--to", "csv", "--output", tmp_path / name).returncode == 0
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()


@every_format
def test_a_cut_trace_is_exported_as_far_as_it_goes_and_told_of(to: str, sample_trace: Path, tmp_path: Path) -> None:
    lines = sample_trace.read_bytes().splitlines(keepends=True)
    whole, torn = tmp_path / "whole.jsonl", tmp_path / "torn.jsonl"
    whole.write_bytes(b"".join(lines[:2_000]))
    torn.write_bytes(b"".join(lines[:2_000]) + lines[2_000][:30])
    done = emulate("export", torn, "--to", to, "--output", tmp_path / "it")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"emulator: {torn}: the trace is cut, without a last line; all before that was exported\n"
    assert (tmp_path / "it").read_bytes() == pieces_of(whole, to)


def test_a_trace_that_says_why_it_is_cut_is_quoted(sample_trace: Path, tmp_path: Path) -> None:
    lines = sample_trace.read_bytes().splitlines(keepends=True)
    cut = tmp_path / "cut.jsonl"
    end = b'{"event":"TraceEnded","outcome":"cut","reason":"client 3 died","t":1.0,"rank":0,"thread":"main"}\n'
    cut.write_bytes(b"".join(lines[:500]) + end)
    done = emulate("export", cut, "--to", "csv")
    assert done.returncode == 0
    assert done.stderr == f"emulator: {cut}: the trace is cut (client 3 died); all before that was exported\n"


@every_format
def test_a_trace_without_events_is_exported(to: str, tmp_path: Path) -> None:
    trace = write(tmp_path / "trace.jsonl", [])
    done = emulate("export", trace, "--to", to)
    assert done.returncode == 0
    assert done.stdout == pieces_of(trace, to).decode().replace("\r\n", "\n")


def test_a_line_that_is_no_event_leaves_the_output_as_it_was(bad_trace: Path, tmp_path: Path) -> None:
    output = tmp_path / "it.json"
    output.write_text("older")
    said = fail(bad_trace, "--to", "perfetto", "--output", output)
    assert said.startswith(f"emulator: {bad_trace}:1000: not an event (")
    assert output.read_text() == "older"
    assert set(tmp_path.iterdir()) == {bad_trace, output}


@pytest.mark.parametrize("content", [b"", b"hello\n", b"{}\n", b"\x1f\x8b\x00"])
def test_what_is_no_trace_is_told_in_one_line(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    path.write_bytes(content)
    assert fail(path, "--to", "csv").startswith(f"emulator: {path}:1: ")


def test_a_trace_that_is_not_there_is_told_in_one_line(tmp_path: Path) -> None:
    said = fail(tmp_path / "none", "--to", "csv")
    assert said == f"emulator: {tmp_path / 'none'}: cannot be read (No such file or directory); give a trace"


def test_an_unknown_format_is_told_with_the_known_ones(sample_trace: Path) -> None:
    said = fail(sample_trace, "--to", "svg")
    assert all(f"'{name}'" in said for name in ("svg", "perfetto", "shiviz", "csv"))
    assert "--to" in fail(sample_trace)


def test_an_output_that_cannot_be_written_is_told_in_one_line(sample_trace: Path, tmp_path: Path) -> None:
    output = tmp_path / "none" / "it.csv"
    said = fail(sample_trace, "--to", "csv", "--output", output)
    assert said == f"emulator: {output}: cannot be written (No such file or directory); choose another --output"


def test_an_output_that_is_no_file_is_left_alone(sample_trace: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    refused = {
        tmp_path: "not a regular file, a character device or a pipe; choose another --output",
        pipe: "a pipe without a reader; start the reader first, or choose another --output",
    }
    for output, why in refused.items():
        assert fail(sample_trace, "--to", "csv", "--output", output) == f"emulator: {output}: {why}"
    assert pipe.is_fifo()


def test_a_trace_is_not_overwritten_with_its_export(sample_trace: Path, tmp_path: Path) -> None:
    trace, other_name = tmp_path / "trace.jsonl", tmp_path / "link"
    trace.write_bytes(sample_trace.read_bytes())
    other_name.symlink_to(trace)
    said = fail(trace, "--to", "csv", "--output", other_name)
    assert said == f"emulator: {other_name}: this is the trace itself; choose another --output"
    assert trace.read_bytes() == sample_trace.read_bytes()


def test_an_export_that_does_not_fit_leaves_nothing(sample_trace: Path, tmp_path: Path) -> None:
    output = tmp_path / "it.csv"
    output.write_text("older")
    few_blocks = ["sh", "-c", 'ulimit -f 100; exec "$0" "$@"', sys.executable, "-m", "emulator", "export"]
    command = [*few_blocks, str(sample_trace), "--to", "csv", "--output", str(output)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr == f"emulator: stopped by the system: [Errno 27] File too large: '{output}'\n"
    assert output.read_text() == "older"
    assert list(tmp_path.iterdir()) == [output]


def long_trace(path: Path, num_visits: int) -> Path:
    """One client that takes a segment of another again and again."""
    records = []
    for time_s in range(num_visits):
        for sender, receiver, message in (
            (1, 2, SegmentRequest("file1", 0)),
            (2, 1, Hit("file1", 0, "ab" * 16)),
            (1, 2, Close()),
        ):
            on: Channel = "download" if isinstance(message, Hit) else "upload"
            records.append(Record(time_s, sender, "download", "D4", Sent(on, receiver, message)))
            records.append(Record(time_s, receiver, "upload", "U1", Received(on, sender, message)))
    return write(path, records)


def peak_of(work: Iterable[object]) -> int:
    """The most memory that is in use at once while something is iterated over."""
    tracemalloc.start()
    try:
        for _ in work:
            pass
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@every_format
def test_a_long_trace_takes_little_more_memory_than_reading_it(to: str, tmp_path: Path) -> None:
    path = long_trace(tmp_path / "long.jsonl", 5_000)
    assert len(pieces_of(path, to)) > 1_500_000
    assert peak_of(pieces(path, to)) < peak_of(Trace(path).entries()) + 200_000
