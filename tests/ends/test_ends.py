"""How runs end that do not end well: soon, with one line, and without leaving anything."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from emulator.scenario.scenario import Scenario, output_name
from tests.ends.leftovers import assert_survivors_have_what_there_is, wait_until
from tests.ends.runs import StartRun, is_stopped, no_core_dumps

# A worker dies

WHERE = r"download thread at [PD]\d, upload thread at [PU]\d"
LOST = r"(emulator: file\d is unavailable: no live client gives .* segments\n)*"
NOT_PROVEN = LOST + r"emulator: not proven: \d+ of 12 wanted files are right: \d+ missing in .*\n"


@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV])
def test_the_death_of_the_tracker_ends_the_run_and_is_named(start: StartRun, signum: signal.Signals) -> None:
    run = start()
    run.wait_until_it_downloads()
    pid = run.tell_rank(0, signum)
    assert run.end() == 1
    told = rf"emulator: the tracker \(process {pid}\) was killed by {signum.name}; main thread at T\d\n"
    assert re.fullmatch(told, run.errors)


@pytest.mark.parametrize(
    ("method", "signum"),
    [("fork", signal.SIGKILL), ("fork", signal.SIGTERM), ("fork", signal.SIGSEGV), ("spawn", signal.SIGKILL)],
)
def test_when_a_client_dies_the_others_go_on_without_it(
    start: StartRun, short: Scenario, method: str, signum: signal.Signals
) -> None:
    run = start("--quiet", "--start-method", method, scenario=short)
    run.wait_until_it_downloads()
    pid = run.tell_rank(3, signum)
    assert run.process.wait(50) == 1
    run.assert_nothing_left()
    assert_survivors_have_what_there_is(short, run.output, dead={3})
    told = rf"emulator: client 3 \(process {pid}\) was killed by {signum.name}; {WHERE}\n{NOT_PROVEN}"
    assert re.fullmatch(told, run.errors)


def test_when_all_clients_but_one_die_that_one_comes_to_its_end(start: StartRun, short: Scenario) -> None:
    run = start(scenario=short)
    run.wait_until_it_downloads()
    clients = run.workers[1:]
    for worker in clients[1:]:
        os.kill(worker.pid, signal.SIGKILL)
    assert run.process.wait(50) == 1
    run.assert_nothing_left()
    assert_survivors_have_what_there_is(short, run.output, dead={2, 3, 4})
    assert run.errors.count(" was killed by SIGKILL; ") == 3
    assert re.fullmatch(r"(emulator: client \d .*\n){3}" + NOT_PROVEN, run.errors)


def test_a_stopped_client_hears_of_a_death_when_it_goes_on(start: StartRun, short: Scenario) -> None:
    run = start(scenario=short)
    run.wait_until_it_downloads()
    stopped = run.tell_rank(1, signal.SIGSTOP)
    wait_until(lambda: is_stopped(stopped), 5, "the client is stopped")
    run.tell_rank(2, signal.SIGKILL)
    wait_until(lambda: len(run.workers) == 4, 5, "the dead client is noticed")
    os.kill(stopped, signal.SIGCONT)
    assert run.process.wait(50) == 1
    run.assert_nothing_left()
    assert_survivors_have_what_there_is(short, run.output, dead={2})
    assert "emulator: client 2 " in run.errors


def test_workers_that_all_die_together_are_one_line(start: StartRun) -> None:
    run = start()
    run.wait_until_it_downloads()
    for worker in run.workers:
        with contextlib.suppress(ProcessLookupError):  # the parent kills the rest as soon as it sees the tracker's end
            os.kill(worker.pid, signal.SIGKILL)
    assert run.end(within_s=20) == 1
    assert re.fullmatch(r"emulator: the tracker .* was killed by SIGKILL; .*\n", run.errors)


def test_as_json_a_death_is_told_on_stdout(start: StartRun, short: Scenario) -> None:
    run = start("--json", scenario=short)
    run.wait_until_it_downloads()
    pid = run.tell_rank(2, signal.SIGKILL)
    assert run.process.wait(50) == 1
    run.assert_nothing_left()
    told = json.loads(run.told)
    assert re.fullmatch(rf"client 2 \(process {pid}\) was killed by SIGKILL; {WHERE}", told["died"]["2"])
    assert told["is_proven"] is False
    assert told["exit_status"] == 1
    assert run.errors == ""


def test_a_client_that_is_killed_comes_back_where_the_run_says_so(start: StartRun, short: Scenario) -> None:
    run = start("--quiet", "--restart", scenario=short)
    run.wait_until_it_downloads()
    run.tell_rank(2, signal.SIGKILL)
    assert run.process.wait(50) == 0
    run.assert_nothing_left()
    assert run.errors == ""
    assert sorted(path.name for path in run.output.iterdir()) == sorted(
        output_name(*key) for key in short.expected_outputs()
    )


def test_a_paused_client_does_not_outlive_a_parent_that_is_killed(start: StartRun) -> None:
    run = start("--quiet", "--fault", "pause client 2 at 0.1s for 1000s")
    wait_until(lambda: any(is_stopped(worker.pid) for worker in run.workers), 20, "the client is stopped")
    run.tell(signal.SIGKILL)
    assert run.end() == -signal.SIGKILL


# A worker is stopped


def test_a_client_that_is_stopped_for_a_while_is_waited_for(start: StartRun, short: Scenario) -> None:
    run = start(scenario=short)
    run.wait_until_it_downloads()
    stopped = run.tell_rank(2, signal.SIGSTOP)
    wait_until(lambda: is_stopped(stopped), 5, "the client is stopped")
    time.sleep(0.5)  # long enough for whoever would take it for dead
    assert run.process.poll() is None
    assert len(run.workers) == 5
    os.kill(stopped, signal.SIGCONT)
    assert run.process.wait(50) == 0
    run.assert_nothing_left()
    assert len(list(run.output.iterdir())) == len(short.expected_outputs())
    assert run.errors == ""


def test_a_run_that_is_suspended_as_a_whole_goes_on_where_it_was(start: StartRun, short: Scenario) -> None:
    run = start("--quiet", "--timeout", "50", scenario=short)
    run.wait_until_it_downloads()
    os.killpg(run.pid, signal.SIGSTOP)
    wait_until(lambda: all(is_stopped(pid) for pid in (run.pid, *(each.pid for each in run.workers))), 5, "all stopped")
    os.killpg(run.pid, signal.SIGCONT)
    assert run.process.wait(50) == 0
    run.assert_nothing_left()


# The parent is told to end


@pytest.mark.parametrize(
    ("method", "signum"),
    [("fork", signal.SIGINT), ("fork", signal.SIGTERM), ("fork", signal.SIGHUP), ("spawn", signal.SIGINT)],
)
def test_a_signal_to_the_parent_ends_the_run(start: StartRun, method: str, signum: signal.Signals) -> None:
    run = start("--quiet", "--start-method", method)
    run.wait_until_it_downloads()
    run.tell(signum)
    assert run.end() == 128 + signum
    assert run.errors == f"emulator: ended by {signum.name} before every wanted file was there\n"


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_the_whole_group_is_the_parents_to_answer(start: StartRun, signum: signal.Signals) -> None:
    run = start()
    run.wait_until_it_downloads()
    os.killpg(run.pid, signum)
    assert run.end(within_s=20) == 128 + signum
    assert run.errors == f"emulator: ended by {signum.name} before every wanted file was there\n"


def test_impatience_does_not_make_it_worse(start: StartRun) -> None:
    run = start()
    run.wait_until_it_downloads()
    run.tell(signal.SIGINT)
    while run.process.poll() is None:
        os.kill(run.pid, signal.SIGINT)
    # The last of them may come when everything is put away, and then ends the process as it ends any.
    assert run.end() in (130, -signal.SIGINT)
    assert run.errors in ("", "emulator: ended by SIGINT before every wanted file was there\n")


def test_a_run_that_ignores_hang_ups_goes_on(start: StartRun) -> None:
    def ignore() -> None:
        no_core_dumps()
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    run = start(before_exec=ignore)
    run.wait_until_it_downloads()
    os.killpg(run.pid, signal.SIGHUP)
    run.tell(signal.SIGTERM)
    assert run.end() == 143


def test_the_time_limit_ends_a_run(start: StartRun) -> None:
    run = start("--quiet", "--timeout", "0.5")
    assert run.end(within_s=2.5) == 1
    assert run.errors.startswith("emulator: the time limit was reached; still running: the tracker (main thread at T")
    assert run.errors.count("\n") == 1


# The parent is killed


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_nobody_outlives_a_parent_that_is_killed(start: StartRun, method: str) -> None:
    run = start("--quiet", "--start-method", method)
    run.wait_until_it_downloads()
    run.tell(signal.SIGKILL)
    assert run.end() == -signal.SIGKILL
    assert run.errors == ""


def test_not_even_a_worker_that_was_stopped_outlives_the_parent_when_it_goes_on(start: StartRun) -> None:
    run = start()
    run.wait_until_it_downloads()
    stopped = run.tell_rank(2, signal.SIGSTOP)
    run.tell(signal.SIGKILL)
    run.process.wait(5)
    os.kill(stopped, signal.SIGCONT)
    assert run.end() == -signal.SIGKILL


# Standard streams


@pytest.mark.parametrize(
    ("method", "closed"), [("fork", "<&-"), ("fork", ">&-"), ("fork", "<&- >&- 2>&-"), ("spawn", "<&- >&- 2>&-")]
)
def test_standard_streams_that_are_closed_do_no_harm(tmp_path: Path, closed: str, method: str) -> None:
    samples = Path(__file__).parent.parent.parent / "samples"
    command = (
        f'exec "{sys.executable}" -m emulator --inputs "{samples}" --output "{tmp_path}/out" --start-method {method}'
    )
    result = subprocess.run(["sh", "-c", f"{command} {closed}"], capture_output=True, timeout=50)
    assert result.returncode == 0
    assert result.stderr == b""


def test_whoever_reads_the_output_may_leave(short: Scenario, tmp_path: Path) -> None:
    reader, writer = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "emulator", "--inputs", str(short.inputs), "--output", str(tmp_path / "out")],
        stdout=writer,
        stderr=subprocess.PIPE,
    )
    os.close(writer)
    assert os.read(reader, 1_000).startswith(b"4 clients and a tracker")
    os.close(reader)
    _, errors = process.communicate(timeout=50)
    assert process.returncode == 1
    assert errors == b""
