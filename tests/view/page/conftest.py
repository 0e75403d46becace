"""One browser for all tests of the page, and the pages that they look at."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.commands.report import write_report
from tests.view.page.chromium import Chromium, find_chromium
from tests.view.page.runs import trace_of


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    if find_chromium() is None:
        pytest.skip("a page is tested in Chromium, and there is none")
    with Chromium(tmp_path_factory.mktemp("profile")) as browser:
        browser.size(1280, 800)
        yield browser


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a page of the sample swarm, `samples.html`, and one in which things go wrong, `faults.html`."""
    folder = tmp_path_factory.mktemp("pages")
    for name in ("samples", "faults"):
        write_report(trace_of(name, folder), folder / f"{name}.html", "--output")
    return folder
