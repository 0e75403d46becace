"""The page in a real browser, from the disk and without a network."""

from pathlib import Path
from typing import Any

import pytest

from emulator.commands.report import write_report
from emulator.protocol.steps import STEPS
from tests.view.page.chromium import Chromium
from tests.view.page.runs import messages_alone, trace_of, with_a_wrong_hit, write_trace

pytestmark = pytest.mark.timeout(180)  # several suites, each with a browser, may run at once

VIEWS = ("swarm", "lanes", "curves", "tables", "rules")
HOSTILE = '<img src=x onerror="window.hacked=1"></script><script>window.hacked=1</script>\x1b[31m\u202etxt.exe\x00'


def problems(browser: Chromium) -> list[Any]:
    """Exceptions, errors of the console, and every request but that for the page itself, since the last look."""
    found = [
        event["params"]
        for event in browser.events
        if event.get("method") in ("Runtime.exceptionThrown", "Log.entryAdded")
        or (
            event.get("method") == "Network.requestWillBeSent"
            and not event["params"]["request"]["url"].startswith(("file:", "about:"))
        )
    ]
    browser.events.clear()
    return found


def open_page(browser: Chromium, path: Path, hash_: str = "") -> None:
    browser.open(f"{path.as_uri()}{hash_}")
    browser.settle()


def position(browser: Chromium) -> int:
    return int(browser.evaluate("page.clock.position"))


@pytest.fixture
def samples(browser: Chromium, pages: Path) -> Chromium:
    """At the sample swarm's page, which has nothing to say against it."""
    browser.events.clear()
    open_page(browser, pages / "samples.html")
    return browser


def test_it_opens_from_the_disk_with_no_network_and_no_complaint(browser: Chromium, pages: Path) -> None:
    browser.events.clear()
    browser.go_offline()
    open_page(browser, pages / "samples.html")
    for view in VIEWS:
        browser.click(f"#tab-{view}")
        assert browser.evaluate(f"document.querySelector('#view-{view}').checkVisibility()")
        assert len(browser.text(f"#view-{view}")) > 20
    assert problems(browser) == []
    assert "5 clients got 464 segments of 5 files" in browser.text("#findings")


def test_its_policy_lets_nothing_in(samples: Chromium) -> None:
    assert samples.evaluate("fetch('https://example.org/').then(() => 'fetched', () => 'refused')") == "refused"
    assert samples.evaluate(
        "new Promise((done) => { const one = document.createElement('script'); one.textContent = 'window.hacked = 1';"
        " document.head.append(one); setTimeout(() => done(window.hacked === undefined)) })"
    )


def test_dragging_the_slider_goes_through_the_run(samples: Chromium) -> None:
    samples.drag("#slider", 0.1, 0.75)
    share = samples.evaluate("page.clock.now / page.run.duration")
    assert 0.7 < share < 0.8
    assert "7" in samples.text("#now").split("·")[1]
    assert 0 < position(samples) < samples.evaluate("page.run.length")


def test_steps_go_from_event_to_event_and_say_them(samples: Chromium) -> None:
    samples.click("#begin")
    assert position(samples) == 0
    told = []
    for _ in range(3):
        samples.click("#step")
        told.append(samples.text("#event"))
    assert len(set(told)) == 3
    samples.click("#back")
    assert samples.text("#event") == told[1]


def test_playing_goes_on_and_pausing_stays(samples: Chromium) -> None:
    samples.click("#begin")
    samples.click("#play")
    samples.wait_for("page.clock.now > 0.001")
    samples.click("#play")
    now = samples.evaluate("page.clock.now")
    samples.settle()
    assert samples.evaluate("page.clock.now") == now > 0
    assert samples.evaluate("document.querySelector('#play').getAttribute('aria-label')") == "Play"


def test_a_link_shows_its_moment_and_client_and_the_address_follows(browser: Chromium, pages: Path) -> None:
    open_page(browser, pages / "samples.html", "#t=0.05&client=4&view=tables")
    assert browser.evaluate("page.clock.now") == 0.05
    assert browser.text("#story-title") == "Client 4"
    assert browser.evaluate("document.querySelector('#view-tables').checkVisibility()")
    browser.press("n")
    hash_ = browser.evaluate("location.hash")
    view = "[page.clock.position, page.selected, page.views.shown]"
    seen = browser.evaluate(view)
    open_page(browser, pages / "samples.html", hash_)
    assert browser.evaluate(view) == seen


def test_an_address_that_is_changed_moves_the_page(samples: Chromium) -> None:
    samples.evaluate("location.hash = '#t=25%&client=2'")
    samples.wait_for("page.selected === 2")
    assert abs(samples.evaluate("page.clock.now / page.run.duration") - 0.25) < 1e-9


def test_all_of_it_works_with_keys_alone(samples: Chromium) -> None:
    samples.press("Home")
    assert position(samples) == 0
    samples.press("n", "n", "p")
    first = position(samples)
    samples.press("ArrowRight", "ArrowLeft")
    assert position(samples) == first > 0
    samples.press("c")
    assert samples.evaluate("page.run.tableOf(page.clock.position - 1).name") == "FileWritten"
    samples.press("m")
    assert samples.evaluate("page.run.tableOf(page.clock.position - 1).name") == "SegmentsTaken"
    samples.press("v")
    assert samples.text("#event") == "no violation after this"
    samples.press("ArrowDown", "ArrowDown")
    assert samples.evaluate("page.selected") == 2
    samples.press("4")
    assert samples.text("#story-title") == "Client 4"
    samples.press("a")
    assert "asks for segment" in samples.text("#told")
    samples.press("Escape")
    assert samples.evaluate("page.selected") is None
    samples.press("End")
    assert position(samples) == samples.evaluate("page.run.length")
    samples.press("]")
    assert samples.evaluate("page.views.shown") == "lanes"
    samples.press("?")
    assert "play or pause" in samples.text("#keys")
    samples.evaluate("document.querySelector('#keys').close()")


def test_every_control_can_be_reached_by_tab(samples: Chromium) -> None:
    samples.evaluate("document.activeElement.blur()")
    reached = set()
    for _ in range(60):
        samples.call("Input.dispatchKeyEvent", type="keyDown", key="Tab", code="Tab", windowsVirtualKeyCode=9)
        reached.add(samples.evaluate("document.activeElement.id"))
    controls = {"link", "projector", "theme", "help", "begin", "back", "play", "step", "end", "slower", "faster"}
    assert controls | {"client", "slider", "tab-swarm", "all", "told"} <= reached


def test_a_choice_is_explained_with_what_it_was_made_from(samples: Chromium) -> None:
    chosen = "page.run.tables.findIndex((table) => table.name === 'SeedChosen')"
    samples.evaluate(f"page.show(page.run.kind.values().indexOf({chosen}) + 1)")
    samples.settle()
    assert "fewest connections (seed " in samples.text("#event")
    rank = samples.evaluate("page.run.rankOf(page.clock.position - 1)")
    samples.evaluate(f"page.select({rank})")
    samples.settle()
    assert "which had the fewest open connections of those it asked" in samples.text("#why")


def test_a_message_is_told_with_its_step_and_what_came_of_it(samples: Chromium) -> None:
    samples.click("#tab-lanes")
    samples.evaluate("document.querySelector('#view-lanes canvas').focus()")
    asked = "page.run.tables.findIndex((table) => table.name === 'Sent SegmentRequest')"
    samples.evaluate(f"page.views.views[1].parts[0].explain(page.run.kind.values().indexOf({asked}))")
    samples.settle()
    told = samples.text("#view-lanes p[aria-live]")
    assert "asks for segment" in told
    assert "Answered with a Hit" in told or "Answered with a Miss" in told
    samples.press("ArrowRight")
    assert samples.text("#view-lanes p[aria-live]") != told


def test_a_step_number_says_its_text(samples: Chromium) -> None:
    samples.click("#tab-rules")
    samples.evaluate("document.querySelector('#view-rules .step').focus()")
    step = samples.text("#view-rules .step")
    assert samples.text("#tip") == f"{step}. {STEPS[step]}"


def test_faults_and_deaths_are_told_and_marked(browser: Chromium, pages: Path) -> None:
    browser.events.clear()
    open_page(browser, pages / "faults.html")
    assert "died: client 3 at " in browser.text("#findings")
    browser.press("Home", "d")
    assert "is dead" in browser.text("#event")
    browser.press("Home", "f")
    assert "fault" in browser.text("#event")
    for view in VIEWS:
        browser.click(f"#tab-{view}")
    assert problems(browser) == []


def test_a_violation_is_a_link_to_its_moment(browser: Chromium, tmp_path: Path) -> None:
    trace = with_a_wrong_hit(trace_of("samples", tmp_path), tmp_path / "broken.jsonl")
    write_report(trace, tmp_path / "broken.html", "--output")
    open_page(browser, tmp_path / "broken.html", "#t=0")
    assert "broken, first " in browser.text("#findings")
    browser.click("#tab-rules")
    browser.click(".violation button.moment")
    assert browser.text("#event").startswith("✗ ")
    assert position(browser) > 0
    browser.press("Home", "v")
    assert browser.text("#event").startswith("✗ ")


def test_a_trace_of_messages_alone_shows_what_they_show(browser: Chromium, tmp_path: Path) -> None:
    broken = with_a_wrong_hit(trace_of("samples", tmp_path), tmp_path / "broken.jsonl")
    trace = messages_alone(broken, tmp_path / "foreign.jsonl")
    write_report(trace, tmp_path / "foreign.html", "--output")
    open_page(browser, tmp_path / "foreign.html", "#t=100%&client=4")
    assert browser.evaluate("page.run.duration") < 1, "times count from the first event"
    assert "5 clients got 463 segments of 5 files" in browser.text("#findings")
    assert "which had the fewest open connections of those it asked" in browser.text("#why")
    browser.evaluate("page.show(page.index.violations.find((found) => found.rule.rule === 'right-hash').position)")
    browser.settle()
    assert browser.evaluate("page.run.tableOf(page.clock.position - 1).name") == "Sent Hit"
    assert browser.text("#event").startswith("✗ right-hash: ")


def test_a_trace_of_which_only_the_header_claims_clients_is_shown(browser: Chromium, tmp_path: Path) -> None:
    events = [{"event": "DownloadStarted", "file": "f", "num_segments": 2, "num_present": 0}]
    trace = write_trace(tmp_path / "claims.jsonl", {"clients": 1_000_000}, events)
    write_report(trace, tmp_path / "claims.html", "--output")
    open_page(browser, tmp_path / "claims.html")
    assert browser.evaluate("page.run.numClients") == 1000


def test_hostile_names_are_text(browser: Chromium, tmp_path: Path) -> None:
    events: list[dict[str, Any]] = [
        {"event": "RoleChanged", "client": 1, "file": HOSTILE, "role": "seed", "rank": 0, "thread": "main"},
        {"event": "DownloadStarted", "file": HOSTILE, "num_segments": 2, "num_present": 0, "step": HOSTILE},
        {
            "event": "SegmentsTaken",
            "file": HOSTILE,
            "uploader": 1,
            "is_seed": True,
            "segments": [0],
            "is_missed": False,
        },
        {"event": "FileWritten", "file": HOSTILE, "num_segments": 2},
        {"event": "Died", "cause": HOSTILE},
    ]
    header = {"clients": 2, "scenario": HOSTILE, "strategy": HOSTILE, "engine": HOSTILE, "program": HOSTILE}
    trace = write_trace(tmp_path / "hostile.jsonl", header, events)
    write_report(trace, tmp_path / "hostile.html", "--output")
    browser.events.clear()
    open_page(browser, tmp_path / "hostile.html", "#t=100%&client=2")
    for view in VIEWS:
        browser.click(f"#tab-{view}")
    browser.press("Home", "n", "n", "n", "n")
    assert browser.evaluate("window.hacked === undefined && !document.querySelector('img')")
    assert problems(browser) == []
    shown = browser.evaluate("document.body.innerText")
    assert '<img src=x onerror="window.hacked=1">' in shown
    assert "\\x1b[31m\\u{202e}txt.exe\\x00" in shown
    assert not any(character in shown for character in "\x1b\u202e\x00")


def test_light_dark_and_projector(samples: Chromium) -> None:
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    size = "parseFloat(getComputedStyle(document.documentElement).fontSize)"
    samples.prefer(color_scheme="light")
    light = samples.evaluate(ground)
    samples.prefer(color_scheme="dark")
    samples.settle()
    assert samples.evaluate(ground) != light
    samples.press("l")
    assert samples.evaluate(ground) == light
    small = samples.evaluate(size)
    samples.press("b")
    assert samples.evaluate(size) > 1.3 * small
    assert "projector=1" in samples.evaluate("location.hash")
    samples.press("b")
    samples.prefer(color_scheme="light")


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (1920, 1080), (390, 844)])
def test_nothing_is_wider_than_the_window(browser: Chromium, pages: Path, width: int, height: int) -> None:
    browser.size(width, height, is_mobile=width < 500)
    try:
        open_page(browser, pages / "samples.html", "#t=50%&client=3")
        for view in VIEWS:
            browser.click(f"#tab-{view}")
            assert browser.evaluate("document.documentElement.scrollWidth") <= width, view
    finally:
        browser.size(1280, 800)


def test_on_paper_all_views_are_there(samples: Chromium) -> None:
    samples.call("Emulation.setEmulatedMedia", media="print")
    samples.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    for view in VIEWS:
        assert samples.evaluate(f"document.querySelector('#view-{view}').checkVisibility()"), view
    assert not samples.evaluate("document.querySelector('#tabs').checkVisibility()")
    drawn = "[...document.querySelectorAll('#views canvas')].every((canvas) => canvas.width > 1)"
    assert samples.evaluate(drawn)
    samples.call("Emulation.setEmulatedMedia", media="")
