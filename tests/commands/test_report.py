"""`emulator report`, and `--report` of a run: the file, and what is said about it."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands.calls import call
from tests.conftest import SAMPLES
from tests.ends.leftovers import wait_until

Capture = pytest.CaptureFixture[str]
Words = list[str | Path]


def run_words(folder: Path) -> Words:
    return ["--inputs", SAMPLES, "--output", folder / "out", "--quiet", "--engine", "virtual"]


def test_a_trace_becomes_one_file_that_asks_for_nothing(tmp_path: Path, capsys: Capture) -> None:
    trace, page = tmp_path / "run.jsonl.gz", tmp_path / "run.html"
    assert call(capsys, *run_words(tmp_path), "--trace", trace) == (0, "", "")
    assert call(capsys, "report", trace, "-o", page) == (0, "", "")
    html = page.read_text(encoding="utf-8")
    assert "Content-Security-Policy" in html
    assert not any(word in html for word in ("http:", "https:", "src=", "@import", "url("))


def test_without_a_name_the_page_lies_beside_its_trace(tmp_path: Path, capsys: Capture) -> None:
    trace = tmp_path / "run.jsonl.gz"
    call(capsys, *run_words(tmp_path), "--trace", trace)
    assert call(capsys, "report", trace) == (0, "", "")
    assert (tmp_path / "run.html").exists()


def test_a_run_is_reported_without_keeping_its_trace(tmp_path: Path, capsys: Capture) -> None:
    page = tmp_path / "run.html"
    assert call(capsys, *run_words(tmp_path), "--report", page) == (0, "", "")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "run.html"]


def test_the_same_trace_gives_the_same_page(tmp_path: Path, capsys: Capture) -> None:
    trace, pages = tmp_path / "run.jsonl", [tmp_path / "1.html", tmp_path / "2.html"]
    call(capsys, *run_words(tmp_path), "--trace", trace, "--report", pages[0])
    call(capsys, "report", trace, "--output", pages[1])
    assert pages[0].read_bytes() == pages[1].read_bytes()


def test_a_trace_that_is_cut_is_shown_as_far_as_it_goes(tmp_path: Path, capsys: Capture) -> None:
    trace, page = tmp_path / "run.jsonl", tmp_path / "run.html"
    call(capsys, *run_words(tmp_path), "--trace", trace)
    trace.write_bytes(trace.read_bytes()[:100_000])
    status, out, err = call(capsys, "report", trace, "-o", page)
    cut = "the trace is cut, in the middle of a line, which is left out"
    told = f"emulator: {trace}: {cut}; the page shows all before that\n"
    assert (status, out, err) == (0, "", told)
    assert page.exists()


def test_what_is_no_trace_is_refused_and_leaves_the_page_as_it_was(tmp_path: Path, capsys: Capture) -> None:
    trace, page = tmp_path / "run.jsonl", tmp_path / "run.html"
    page.write_text("mine")
    call(capsys, *run_words(tmp_path), "--trace", trace)
    lines = trace.read_text().splitlines()
    trace.write_text("\n".join([*lines[:50], "{}", *lines[50:]]) + "\n")
    status, out, err = call(capsys, "report", trace, "-o", page)
    assert (status, out) == (2, "")
    assert err.startswith(f"emulator: {trace}:51: not an event")
    assert page.read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "run.html", "run.jsonl"]


def test_a_page_does_not_take_the_place_of_the_trace(tmp_path: Path, capsys: Capture) -> None:
    trace = tmp_path / "run.jsonl"
    status, _, err = call(capsys, *run_words(tmp_path), "--trace", trace, "--report", trace)
    assert (status, err) == (2, f"emulator: {trace}: this is the trace itself; choose another --report\n")
    assert list(tmp_path.iterdir()) == []
    trace.write_text("")
    status, _, err = call(capsys, "report", trace, "-o", trace)
    assert (status, err) == (2, f"emulator: {trace}: this is the trace itself; choose another --output\n")


def test_a_run_that_fails_is_reported_and_one_that_a_signal_ends_is_not(tmp_path: Path, capsys: Capture) -> None:
    page = tmp_path / "run.html"
    words: Words = ["--inputs", SAMPLES, "--output", tmp_path / "out", "--quiet", "--report", page]
    status, _, err = call(capsys, *words, "--pace", "20", "--fault", "kill tracker at 300ms")
    assert (status, err.count("\n"), page.exists()) == (1, 1, True)
    page.unlink()
    trace = tmp_path / "run.jsonl"
    process = subprocess.Popen(
        [sys.executable, "-m", "emulator", *map(str, words), "--pace", "5", "--trace", trace],
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until(lambda: trace.exists() and b'"event":"BarrierPassed"' in trace.read_bytes(), 30, "the run has begun")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err.count("\n")) == (130, 1)
    assert err.endswith("; no report is written\n")
    assert not page.exists()
