"""What axe-core has to say about the pages: https://github.com/dequelabs/axe-core."""

import hashlib
import re
from pathlib import Path

import pytest

from tests.view.page.chromium import Chromium

pytestmark = pytest.mark.timeout(180)  # several suites, each with a browser, may run at once

VENDOR = Path(__file__).parent / "vendor"
AXE = (VENDOR / "axe.min.js").read_bytes()
RUN = """
axe.run(document, {resultTypes: ["violations"]}).then(({violations}) =>
  violations.map(({id, nodes}) => `${id}: ${nodes.map((node) => node.target).slice(0, 3).join(" and ")}`))
"""
VIEWS = ("swarm", "lanes", "curves", "tables", "rules")


def test_axe_is_what_it_says() -> None:
    (checksum,) = re.findall(r"\b[0-9a-f]{64}\b", (VENDOR / "README.md").read_text())
    assert hashlib.sha256(AXE).hexdigest() == checksum


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_wrong_in_any_view(browser: Chromium, pages: Path, theme: str) -> None:
    browser.prefer(color_scheme=theme)
    try:
        browser.open(f"{(pages / 'faults.html').as_uri()}#t=60%&client=3")
        browser.evaluate(AXE.decode() + "; 0")
        for view in VIEWS:
            browser.click(f"#tab-{view}")
            assert browser.evaluate(RUN) == [], view
        browser.press("?")
        assert browser.evaluate(RUN) == [], "the keys"
    finally:
        browser.prefer(color_scheme="light")


def test_axe_notices_what_is_wrong(browser: Chromium, pages: Path) -> None:
    browser.open((pages / "samples.html").as_uri())
    browser.evaluate(AXE.decode() + "; 0")
    browser.evaluate("document.querySelector('#play').setAttribute('aria-label', '')")
    browser.evaluate("document.querySelector('#play').textContent = ''; document.querySelector('#play').title = ''")
    assert any("button-name" in found for found in browser.evaluate(RUN))
