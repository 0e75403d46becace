"""The command as a person starts it: a process of its own, in a session of its own."""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from emulator.scenario.scenario import Scenario
from tests.ends.leftovers import (
    SLACK,
    Process,
    assert_no_process_left,
    assert_outputs_whole,
    kill_session,
    look_at,
    processes_of,
    wait_until,
)

THREADS_OF_A_CLIENT = 4
"""main, download, upload, and the one that waits for the parent's end."""
START_UP_S = 20.0


def no_core_dumps() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


class Run:
    """`python -m emulator` on a swarm that would last long."""

    def __init__(
        self,
        scenario: Scenario,
        folder: Path,
        options: Sequence[str] = ("--quiet",),
        environment: dict[str, str] | None = None,
        before_exec: Callable[[], None] = no_core_dumps,
        pass_fds: Sequence[int] = (),
    ) -> None:
        self.scenario = scenario
        self.output = folder / "out"
        self._errors = folder / "errors"
        self._outputs = folder / "told"
        with self._errors.open("wb") as errors, self._outputs.open("wb") as told:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "emulator", *self.arguments(options)],
                stdin=subprocess.DEVNULL,
                stdout=told,
                stderr=errors,
                start_new_session=True,
                env=os.environ | (environment or {}),
                preexec_fn=before_exec,
                pass_fds=pass_fds,
            )
        self._told_s = time.monotonic()

    def arguments(self, options: Sequence[str]) -> list[str]:
        return ["--inputs", str(self.scenario.inputs), "--output", str(self.output), *options]

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def workers(self) -> list[Process]:
        """The tracker, then the clients, as far as they are started."""
        return [process for process in processes_of(self.pid) if process.parent == self.pid][-self.num_ranks :]

    @property
    def num_ranks(self) -> int:
        return len(self.scenario.clients) + 1

    def wait_until_it_downloads(self) -> None:
        """All clients are beyond P4."""
        wait_until(lambda: has_begun(self.workers, self.num_ranks), START_UP_S, "every client has its threads")

    def tell(self, signum: int) -> None:
        self._told_s = time.monotonic()
        os.kill(self.pid, signum)

    def tell_rank(self, rank: int, signum: int) -> int:
        """Send a worker a signal; returns its process number."""
        self._told_s = time.monotonic()
        pid = self.workers[rank].pid
        os.kill(pid, signum)
        return pid

    def end(self, within_s: float = 2.0) -> int:
        """Wait for the end, promised within this time from the signal, and for all that has to be gone then."""
        status = self.process.wait(START_UP_S)
        took_s = time.monotonic() - self._told_s
        assert took_s < within_s * SLACK, f"it took {took_s:.1f} s to end"
        self.assert_nothing_left()
        return status

    def assert_nothing_left(self) -> None:
        assert_no_process_left(self.pid)
        assert_outputs_whole(self.scenario, self.output)

    @property
    def errors(self) -> str:
        """Everything that came on stderr."""
        return self._errors.read_text()

    @property
    def told(self) -> str:
        """Everything that came on stdout."""
        return self._outputs.read_text()

    def kill_all(self) -> None:
        """After a test that failed, too."""
        kill_session(self.pid)
        self.process.kill()
        self.process.wait()


def has_begun(workers: Sequence[Process], num_ranks: int) -> bool:
    threads = [process.num_threads for process in workers]
    return len(threads) == num_ranks and min(threads[1:]) == THREADS_OF_A_CLIENT


def is_stopped(pid: int) -> bool:
    process = look_at(pid)
    return process is not None and process.state == "T"


StartRun = Callable[..., Run]


def starting(scenario: Scenario, folder: Path) -> Iterator[StartRun]:
    """Start runs, each in a folder of its own; whatever a test does, none outlives it."""
    runs: list[Run] = []

    def start(*options: str, scenario: Scenario = scenario, **others: object) -> Run:
        place = folder / f"run{len(runs)}"
        place.mkdir()
        runs.append(Run(scenario, place, options or ("--quiet",), **others))  # type: ignore[arg-type]
        return runs[-1]

    yield start
    for run in runs:
        run.kill_all()
