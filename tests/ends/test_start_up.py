"""A run can be ended at any moment from the first on: while it is imported, checked, wired and forked."""

import os
import random
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.ends.leftovers import wait_until
from tests.ends.runs import START_UP_S, Run, StartRun

LATEST_S = {"fork": 0.3, "spawn": 0.8}
SITE = """
import os, sys

def hook(event, arguments):
    if event != "import":
        return
    if arguments[0] == "emulator.commands.command_line" and "TELL" in os.environ:
        os.write(int(os.environ.pop("TELL")), b"x")
    if arguments[0] == os.environ.get("END_AT"):
        os.kill(os.getpid(), 2)

sys.addaudithook(hook)
"""
"""What the interpreter of a run does first: end it at a moment that the test has chosen, or tell that it begins."""

MOMENTS = (
    "emulator.commands.command_line",
    "argparse",
    "msgspec",
    "emulator.running.run",
    "emulator.engines.processes.worker",
    "multiprocessing",
)


@pytest.fixture
def site(tmp_path: Path) -> dict[str, str]:
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(SITE)
    return {"PYTHONPATH": os.pathsep.join((str(folder), *filter(None, [os.environ.get("PYTHONPATH")])))}


def assert_ended_quietly(run: Run, signum: int) -> None:
    status = run.end(within_s=4)
    assert status in (128 + signum, -signum)
    told = f"emulator: ended by {signal.Signals(signum).name} before every wanted file was there\n"
    assert run.errors in ("", told)


@pytest.mark.parametrize("moment", MOMENTS)
def test_ctrl_c_while_modules_are_imported_ends_the_command_at_once(
    start: StartRun, site: dict[str, str], moment: str
) -> None:
    run = start(environment=site | {"END_AT": moment})
    run.process.wait(START_UP_S)
    assert run.end(within_s=START_UP_S) == -signal.SIGINT
    assert run.errors == ""


def test_nothing_is_imported_before_the_first_statement() -> None:
    """Until then, Ctrl-C prints a traceback."""
    program = "import sys; before = {*sys.modules}; import emulator; print(*{*sys.modules} - before)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "emulator\n"


def test_a_sigint_that_is_ignored_stays_ignored(start: StartRun) -> None:
    """As in a background job of a script, or under nohup."""
    run = start(before_exec=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
    run.wait_until_it_downloads()
    run.tell(signal.SIGINT)
    with pytest.raises(subprocess.TimeoutExpired):
        run.process.wait(0.3)
    run.tell(signal.SIGTERM)
    assert run.end() == 128 + signal.SIGTERM


@pytest.mark.parametrize(("method", "tries"), [("fork", 10), ("spawn", 3)])
@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGKILL])
def test_whenever_a_signal_comes_it_ends_the_run_without_a_traceback_or_an_orphan(
    start: StartRun, site: dict[str, str], method: str, tries: int, signum: signal.Signals
) -> None:
    moments = random.Random(f"{method}/{signum}")
    for _ in range(tries // (2 if signum == signal.SIGKILL else 1)):
        run = begun(start, site, method)
        time.sleep(moments.uniform(0, LATEST_S[method]))
        run.tell(signum)
        if signum == signal.SIGKILL and method == "spawn":
            # A worker whose plan was not written to the end says so.
            assert run.end(within_s=4) == -signal.SIGKILL
        else:
            assert_ended_quietly(run, signum)


def test_a_group_that_is_ended_while_it_starts_says_no_more_than_its_parent(
    start: StartRun, site: dict[str, str]
) -> None:
    """As Ctrl-C does; workers that have only just been spawned ignore it too."""
    for method, num_started in (("fork", 2), ("spawn", 3)):
        run = begun(start, site, method)
        wait_until(lambda run=run, least=num_started: len(run.workers) >= least, START_UP_S, "some are started")  # type: ignore[misc]
        run.tell(0)
        os.killpg(run.pid, signal.SIGINT)
        assert_ended_quietly(run, signal.SIGINT)


def begun(start: StartRun, site: dict[str, str], method: str) -> Run:
    """A run whose first statement is behind it: before that, the signal is the interpreter's to answer."""
    reader, writer = os.pipe()
    run = start("--quiet", "--start-method", method, environment=site | {"TELL": str(writer)}, pass_fds=[writer])
    os.close(writer)
    assert select.select([reader], [], [], START_UP_S)[0]
    assert os.read(reader, 1) == b"x"
    os.close(reader)
    return run
