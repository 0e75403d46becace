"""Everything that a run could leave behind, looked for in one place: processes, files, a terminal."""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import NamedTuple

from emulator.scenario.outputs import RESUME_FOLDER, format_output
from emulator.scenario.scenario import Scenario, output_name

POLL_S = 0.005
SLACK = 3
"""A promised time is multiplied by this: machines that run tests are slow and busy."""


class Process(NamedTuple):
    """A line of `ps`."""

    pid: int
    state: str
    """R, S, T (stopped), Z (ended, not reaped) …"""
    parent: int
    session: int
    num_threads: int
    cpu_ticks: int
    started: int


def processes_of(session: int) -> list[Process]:
    """The processes of a session that have not ended, in the order in which they were started."""
    found = [process for entry in os.listdir("/proc") if entry.isdigit() and (process := look_at(int(entry)))]
    mine = [process for process in found if process.session == session and process.state not in "ZX"]
    return sorted(mine, key=lambda process: (process.started, process.pid))


def look_at(pid: int) -> Process | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = text[text.rindex(")") + 2 :].split()
    state, (parent, session) = fields[0], (int(fields[1]), int(fields[3]))
    return Process(pid, state, parent, session, int(fields[17]), int(fields[11]) + int(fields[12]), int(fields[19]))


def kill_session(session: int) -> None:
    """After a test, whatever came of it."""
    for process in processes_of(session):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)


def wait_until(is_so: Callable[[], bool], within_s: float, what: str) -> None:
    ends_s = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < ends_s, f"not within {within_s} s: {what}"
        time.sleep(POLL_S)


def assert_no_process_left(session: int, within_s: float = 1.0, besides: int = 0) -> None:
    """All processes of a session are gone within the promised time, with `SLACK`."""
    wait_until(
        lambda: len(processes_of(session)) <= besides,
        within_s * SLACK,
        f"no process left of session {session}",
    )


def assert_outputs_whole(scenario: Scenario, output: Path) -> None:
    """Whatever is in the folder of outputs is an output, and whole; or what a run that is resumed goes on from."""
    expected = {output_name(*key): metadata for key, metadata in scenario.expected_outputs().items()}
    for path in output.iterdir() if output.exists() else ():
        if path.name == RESUME_FOLDER:
            continue
        assert path.name in expected, f"{path.name} was left behind"
        assert path.read_bytes() == format_output(expected[path.name]), f"{path.name} is not whole"


def assert_survivors_have_what_there_is(scenario: Scenario, output: Path, dead: Collection[int]) -> None:
    """Clients that lived have every wanted file that one of them owned, or came to have."""
    expected = scenario.expected_outputs()
    alive = [rank for rank in range(1, len(scenario.clients) + 1) if rank not in dead]
    have = {key for key in expected if (output / output_name(*key)).exists()}
    there = {metadata.name for rank in alive for metadata in scenario.clients[rank - 1].owned}
    there |= {file for rank, file in have if rank in alive}
    missing = [(rank, file) for rank, file in expected if rank in alive and file in there and (rank, file) not in have]
    assert not missing, f"clients lived, and files were there: {missing}"
