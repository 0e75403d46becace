"""Runs in several processes: real ones, which do what real ones do."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable

import pytest

from emulator.comparison.grid import Job
from emulator.comparison.measure import Row
from emulator.comparison.workers import Answer, Done, Failed, run_all
from emulator.errors import Interrupted, RunError, WorkerDied
from tests.comparison.made import job, row
from tests.ends.leftovers import look_at, wait_until


class Heard:
    """A watcher that remembers; after some answers, it may do something."""

    def __init__(self, after: int = -1, do: Callable[[], None] = lambda: None) -> None:
        self.has_begun = False
        self.answers: list[tuple[int, Answer]] = []
        self._after = after
        self._do = do

    def begin(self) -> None:
        self.has_begun = True

    def take(self, job: Job, answer: Answer) -> None:
        assert self.has_begun
        self.answers.append((job.rng_seed, answer))
        if len(self.answers) == self._after:
            self._do()

    def tick(self) -> None:
        pass

    @property
    def rows(self) -> dict[int, Row]:
        return {seed: answer.row for seed, answer in self.answers if isinstance(answer, Done)}


def jobs(num: int) -> list[Job]:
    return [job(rng_seed) for rng_seed in range(num)]


def where(job: Job, _tick: Callable[[], None]) -> Row:
    """A row that says in which process it was made."""
    return row(job, num_messages=os.getpid())


def say_how_it_was_started(job: Job, _tick: Callable[[], None]) -> Row:
    return row(job, num_messages=int(multiprocessing.get_start_method(allow_none=True) == "spawn"))


def fail_at_two(job: Job, _tick: Callable[[], None]) -> Row:
    if job.rng_seed == 2:
        raise RunError("nobody has it\nand more lines")
    if job.rng_seed == 3:
        raise ZeroDivisionError("a strategy of one's own")
    return row(job)


def be_killed_at_two(job: Job, _tick: Callable[[], None]) -> Row:
    if job.rng_seed == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return row(job)


def last_for_ever(job: Job, _tick: Callable[[], None]) -> Row:
    if job.rng_seed > 1:
        signal.pause()
    return row(job)


def test_every_job_is_done_once_by_as_many_processes_as_were_asked_for() -> None:
    heard = Heard()
    run_all(jobs(40), 3, heard, where)
    assert sorted(seed for seed, _ in heard.answers) == list(range(40))
    assert all(made.job.rng_seed == seed for seed, made in heard.rows.items())
    processes = {made.num_messages for made in heard.rows.values()}
    assert len(processes) <= 3
    assert os.getpid() not in processes
    assert multiprocessing.active_children() == []


def test_no_more_processes_are_started_than_there_are_jobs() -> None:
    heard = Heard()
    run_all(jobs(1), 100_000, heard, where)
    assert len(heard.rows) == 1


def test_where_other_threads_run_workers_are_not_forked() -> None:
    ended = threading.Event()
    thread = threading.Thread(target=ended.wait)
    thread.start()
    try:
        heard = Heard()
        run_all(jobs(2), 1, heard, say_how_it_was_started)
    finally:
        ended.set()
        thread.join()
    assert {made.num_messages for made in heard.rows.values()} == {1}


def test_a_run_that_fails_is_told_and_the_others_go_on() -> None:
    heard = Heard()
    run_all(jobs(6), 2, heard, fail_at_two)
    assert sorted(heard.rows) == [0, 1, 4, 5]
    assert dict(heard.answers)[2] == Failed("nobody has it")
    assert dict(heard.answers)[3] == Failed("ZeroDivisionError: a strategy of one's own")


def test_a_worker_that_is_killed_ends_all_and_its_job_is_named() -> None:
    heard = Heard()
    with pytest.raises(WorkerDied) as caught:
        run_all(jobs(6), 1, heard, be_killed_at_two)
    assert str(caught.value) == (
        "the process of a run was killed by SIGKILL (peers-first, 3 segments of 1 seed, 4 clients, rng seed 2); "
        "what is done is kept, and the same command goes on"
    )
    assert sorted(heard.rows) == [0, 1]
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_all_at_once_and_leaves_no_process(signum: signal.Signals) -> None:
    before = signal.getsignal(signum)
    heard = Heard(2, lambda: os.kill(os.getpid(), signum))
    signal.signal(signum, signal.default_int_handler)
    try:
        with pytest.raises(Interrupted) as caught:
            run_all(jobs(9), 2, heard, last_for_ever)
        assert signal.getsignal(signum) is signal.default_int_handler, "as it was"
    finally:
        signal.signal(signum, before)
    assert str(caught.value) == f"ended by {signum.name}; what is done is kept, and the same command goes on"
    assert caught.value.exit_status == 128 + signum
    assert multiprocessing.active_children() == []


def test_whoever_watches_may_fail_and_no_process_is_left() -> None:
    def fail() -> None:
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"):
        run_all(jobs(9), 2, Heard(2, fail), last_for_ever)
    assert multiprocessing.active_children() == []


def test_workers_end_when_their_parent_is_killed() -> None:
    reader, writer = os.pipe()
    parent = multiprocessing.get_context("fork").Process(target=_run_and_never_end, args=(writer,))
    parent.start()
    os.close(writer)
    pids = [int(os.read(reader, 8)) for _ in range(2)]
    parent.kill()
    parent.join()
    os.close(reader)
    try:
        wait_until(lambda: not any(is_alive(pid) for pid in pids), 10, "the workers have ended")
    finally:
        for pid in filter(is_alive, pids):
            os.kill(pid, signal.SIGKILL)


def is_alive(pid: int) -> bool:
    process = look_at(pid)
    return process is not None and process.state not in "ZX"


def _run_and_never_end(writer: int) -> None:
    run_all(jobs(2), 2, Heard(), _Endless(writer))


class _Endless:
    """A run that says that it has begun, and then ticks for ever."""

    def __init__(self, writer: int) -> None:
        self._writer = writer

    def __call__(self, _job: Job, tick: Callable[[], None]) -> Row:
        os.write(self._writer, f"{os.getpid():8}".encode())
        while True:
            tick()
