"""`emulator serve`: the page of a trace over loopback, also while the trace grows."""

import gzip
import http.client
import json
import signal
import subprocess
import sys
import time
import zlib
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from emulator.errors import EmulatorError
from emulator.serving.feed import Feed
from emulator.serving.live import follow
from emulator.serving.server import PageServer
from emulator.trace.reader import Trace
from tests.commands.calls import call
from tests.conftest import SAMPLES
from tests.ends.leftovers import wait_until
from tests.view.page.chromium import Chromium
from tests.view.page.runs import trace_of

Capture = pytest.CaptureFixture[str]


@contextmanager
def served(*words: str | Path) -> Iterator[str]:
    """`emulator serve` as a process of its own; its address."""
    command = [sys.executable, "-m", "emulator", "serve", *map(str, words)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("serving http://127.0.0.1:"), line
        try:
            yield line.split()[1]
        finally:
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=20)
            assert (process.returncode, err) == (-signal.SIGINT, "")


def ask(url: str, path: str = "", **headers: str) -> tuple[int, str]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=20)
    connection.request("GET", path or parts.path, headers=headers)
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def facts_of(piece: str) -> list[dict[str, Any]]:
    """The JSON of every frame in a piece."""
    data, found = zlib.decompress(b64decode(piece), -zlib.MAX_WBITS), []
    while data:
        head, body = int.from_bytes(data[:4], "little"), int.from_bytes(data[4:8], "little")
        found.append(json.loads(data[8 : 8 + head]))
        data = data[8 + head + body :]
    return found


def hear(feed: Feed) -> list[dict[str, Any]]:
    return [facts for piece in feed.pieces() if piece for facts in facts_of(piece)]


def test_the_page_of_a_trace_is_at_its_address_and_nothing_is_elsewhere(tmp_path: Path) -> None:
    with served(trace_of("samples", tmp_path)) as url:
        status, page = ask(url)
        assert (status, "Content-Security-Policy" in page) == (200, True)
        assert [ask(url, path)[0] for path in ("/", "/etc/passwd", "/../", f"{urlsplit(url).path}x")] == [404] * 4
        assert ask(url, Host="evil.example")[0] == 403
        assert ask(url, Host=f"localhost:{urlsplit(url).port}")[0] == 200


def test_only_this_machine_can_connect(tmp_path: Path) -> None:
    with served(trace_of("samples", tmp_path)) as url:
        assert urlsplit(url).hostname == "127.0.0.1"
        assert len(urlsplit(url).path.strip("/")) >= 16


def grow(path: Path, whole: bytes, pieces: int = 3) -> Callable[[], bool]:
    """Write a part of the file at each call; whether there is more."""
    step = len(whole) // pieces + 1
    ends = iter(range(step, len(whole) + step, step))

    def more() -> bool:
        end = next(ends, None)
        if end is not None:
            with path.open("ab") as file:
                file.write(whole[path.stat().st_size : end])
        return end is not None

    return more


@pytest.mark.parametrize("is_compressed", [False, True])
def test_what_is_added_to_a_trace_is_told_and_in_the_end_the_verdict(tmp_path: Path, is_compressed: bool) -> None:
    trace, growing = trace_of("samples", tmp_path), tmp_path / "growing.jsonl"
    growing.touch()
    whole = gzip.compress(trace.read_bytes()) if is_compressed else trace.read_bytes()
    more = grow(growing, whole)
    more()
    with follow(growing, 0) as server:
        feed = server.feed
        assert feed is not None
        first = next(iter(feed.pieces()))
        assert first is not None
        assert "schema" in facts_of(first)[0]
        while more():
            time.sleep(0.05)
        facts = hear(feed)
    with Trace(trace) as opened:
        num_events = sum(len(events) for _, _, events in opened)
    assert sum(one.get("events", 0) for one in facts) == num_events
    assert [one["report"]["verdict"] for one in facts if "report" in one] == ["valid"]


def test_a_trace_that_is_not_there_yet_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "later.jsonl"
    with follow(path, 0) as server:
        assert server.make_page() is None
        path.write_bytes(trace_of("samples", tmp_path).read_bytes())
        wait_until(lambda: server.make_page() is not None, 20, "the trace has begun")


def test_a_line_that_is_no_event_is_told_to_the_browser(tmp_path: Path) -> None:
    trace = trace_of("samples", tmp_path)
    lines = trace.read_text().splitlines(keepends=True)
    trace.write_text("".join([*lines[:9], "{}\n", *lines[9:]]))
    with follow(trace, 0) as server:
        assert server.feed is not None
        (problem,) = [one["problem"] for one in hear(server.feed) if "problem" in one]
    assert problem.startswith(f"{trace}:10: not an event")


def test_a_trace_that_another_one_replaces_is_told(tmp_path: Path) -> None:
    trace = trace_of("samples", tmp_path)
    whole = trace.read_bytes()
    trace.write_bytes(whole[:50_000])
    with follow(trace, 0) as server:
        assert server.feed is not None
        pieces = iter(server.feed.pieces())
        next(pieces)
        trace.write_bytes(whole[:1000])
        problems = [one["problem"] for piece in pieces if piece for one in facts_of(piece) if "problem" in one]
    assert problems == [f"{trace}: another trace has taken its place; serve it again"]


def test_a_port_that_is_taken_is_told() -> None:
    with PageServer(0, lambda: b"") as first, pytest.raises(EmulatorError, match="choose another --port"):
        PageServer(first.server_port, lambda: b"")
    with pytest.raises(EmulatorError, match="port 99999 cannot be used"):
        PageServer(99999, lambda: b"")


def test_only_one_file_can_be_followed(tmp_path: Path, capsys: Capture) -> None:
    status, out, err = call(capsys, "serve", tmp_path / "a", tmp_path / "b", "--follow")
    assert (status, out) == (2, "")
    assert err == "emulator: --follow: takes one file; leave it out for parts of a trace, or for stdin\n"


def test_a_run_that_is_going_on_is_followed_in_the_browser(browser: Chromium, tmp_path: Path) -> None:
    trace = tmp_path / "run.jsonl"
    words = ["--inputs", SAMPLES, "--output", tmp_path / "out", "--pace", "60", "--quiet", "--trace", trace]
    browser.events.clear()
    with served(trace, "--follow") as url:
        with subprocess.Popen([sys.executable, "-m", "emulator", *map(str, words)]) as run:
            wait_until(trace.exists, 20, "the run has begun")
            browser.open(url)
            assert browser.text("#live") == "● live"
            first = browser.evaluate("page.run.length")
            browser.wait_for(f"page.run.length > {first}")
            assert browser.evaluate("page.clock.position === page.run.length"), "it stays at the end"
            browser.evaluate("page.seekTo(0)")
            browser.wait_for(f"page.run.length > {browser.evaluate('page.run.length')}")
            assert browser.evaluate("page.clock.now") == 0, "a moment that is looked at stays"
            assert run.wait(timeout=50) == 0
        browser.wait_for("page.run.report !== null")
        browser.wait_for("document.querySelector('#live').textContent === 'the run has ended'")
        assert "got 464 segments of 5 files" in browser.text("#findings")
    assert [one for one in browser.events if one.get("method") == "Runtime.exceptionThrown"] == []
