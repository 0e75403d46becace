"""The page of a comparison."""

from pathlib import Path

import pytest

from tests.commands.calls import call
from tests.view.page.chromium import Chromium
from tests.view.page.test_accessibility import AXE, RUN
from tests.view.page.test_page import problems

pytestmark = pytest.mark.timeout(180)  # several suites, each with a browser, may run at once

Capture = pytest.CaptureFixture[str]


def make(folder: Path, capsys: Capture, *words: str) -> Path:
    page = folder / "compare.html"
    common: list[str | Path] = ["compare", "--results", folder / "results", "--jobs", "1", "--json", "--report", page]
    status, _, err = call(capsys, *common, *words)
    assert (status, err) == (0, "")
    return page


def test_strategies_stand_side_by_side_on_one_clock(browser: Chromium, tmp_path: Path, capsys: Capture) -> None:
    words = ["--strategies", "peers-first,swift", "--clients", "4,6", "--segments", "6", "--repeat", "6"]
    page = make(tmp_path, capsys, *words, "--rate", "10 MB/s")
    browser.events.clear()
    browser.open(f"{page.as_uri()}#swarm=1")
    browser.settle()
    assert browser.text("#subtitle").startswith("6 clients, 6 segments of 1 seed · 6 runs of each · no strategy can be")
    assert "makespan: swift is faster than peers-first by" in browser.text("#findings")
    done = "document.querySelector('#race').getAttribute('aria-label')"
    browser.press("Home")
    assert "peers-first 0 of 5, swift 0 of 5" in browser.evaluate(done)
    browser.press("End")
    assert "peers-first 5 of 5, swift 5 of 5" in browser.evaluate(done)
    browser.click("#toggles label:first-child input")
    assert "peers-first" not in browser.evaluate(done)
    assert [line.split("\t")[0] for line in browser.text("#table").splitlines()[1:]] == ["peers-first", "swift"]
    browser.press("Home")
    browser.click("#play")
    browser.wait_for("page.now > 0")
    browser.evaluate("page.choose(0)")
    assert browser.text("#subtitle").startswith("4 clients")
    assert problems(browser) == []
    browser.evaluate(AXE.decode() + "; 0")
    assert browser.evaluate(RUN) == []


def test_a_comparison_without_intervals_says_that_nothing_is_certain(
    browser: Chromium, tmp_path: Path, capsys: Capture
) -> None:
    page = make(tmp_path, capsys, "--strategies", "peers-first", "--clients", "3", "--segments", "2", "--repeat", "1")
    browser.open(page.as_uri())
    assert "Nothing is certain" in browser.text("#findings")
