"""One browser for all tests that need one."""

from collections.abc import Iterator

import pytest

from tests.view.page.chromium import Chromium, find_chromium


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    if find_chromium() is None:
        pytest.skip("a page is tested in Chromium, and there is none")
    with Chromium(tmp_path_factory.mktemp("profile")) as browser:
        browser.size(1280, 800)
        yield browser
