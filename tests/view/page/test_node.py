"""The page's code outside of a browser: `node --test` runs it against what Python says."""

import os
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

import pytest

from tests.view.page.folds import write_data, write_moments
from tests.view.page.runs import RUNS, trace_of

HERE = Path(__file__).parent
SOURCE = str(files("emulator.view.page") / "source")
NODE = shutil.which("node")

pytestmark = [
    pytest.mark.skipif(NODE is None, reason="the page's code is tested by node, and there is none"),
    pytest.mark.timeout(180),  # several suites may run at once
]


def node_test(name: str, **environment: object) -> None:
    """Run a file of tests; what node says about one that fails is what is shown."""
    assert NODE is not None
    done = subprocess.run(
        [NODE, "--test", str(HERE / name)],
        env={**os.environ, "SOURCE": SOURCE, **{key: str(value) for key, value in environment.items()}},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "# fail 0" in done.stdout.replace("ℹ", "#")


def test_clock_address_and_words() -> None:
    node_test("clock.test.mjs")


@pytest.mark.parametrize("name", RUNS)
def test_the_fold_is_that_of_python_at_a_hundred_moments(tmp_path: Path, name: str) -> None:
    trace = trace_of(name, tmp_path)
    data, moments = tmp_path / "data", tmp_path / "moments.json"
    write_data(trace, data, block_events=1000)
    write_moments(trace, moments)
    node_test("fold.test.mjs", DATA=data, MOMENTS=moments)
