"""The pages that tests look at."""

from pathlib import Path

import pytest

from emulator.commands.report import write_report
from tests.view.page.fixtures import browser as browser
from tests.view.page.runs import trace_of


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a page of the sample swarm, `samples.html`, and one in which things go wrong, `faults.html`."""
    folder = tmp_path_factory.mktemp("pages")
    for name in ("samples", "faults"):
        write_report(trace_of(name, folder), folder / f"{name}.html", "--output")
    return folder
