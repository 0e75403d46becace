"""Inside a worker: whatever is raised, and wherever, ends the run with one line that names the place."""

import itertools
import os
import re
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from emulator.engines.processes.communicators import QueueCommunicator
from emulator.engines.processes.engine import run_processes
from emulator.engines.processes.packet_queue import PacketQueue, open_pair
from emulator.engines.processes.wiring import Wiring
from emulator.engines.workers import node
from emulator.engines.workers.journal import BATCH, Journal, WallClock
from emulator.errors import WorkerFailed
from emulator.protocol.events import BarrierPassed, Died, ThreadEnded, ThreadStarted
from emulator.protocol.messages import TRACKER, AnyMessage, Barrier, Close
from emulator.protocol.round import Round
from emulator.protocol.tracker import Tracker
from emulator.protocol.upload import Uploader
from emulator.running.run import run
from emulator.scenario.options import Options
from emulator.scenario.setup import Setup
from emulator.scenario.storage import DirectoryStorage
from emulator.strategies import DEFAULT, STRATEGIES
from emulator.trace.records import Batch, Record, ThreadName
from tests.engines.swarms import LEECHER, SEED, Recorder, failure_of, leaves_nothing, seed_and_leechers

pytestmark = pytest.mark.skipif(sys.platform == "darwin", reason="what is changed here reaches forked workers only")


DIED = r"client 2 \(process \d+\) {}; download thread at D3, upload thread at (P4|U1)"


def boom(*_: object) -> None:
    raise OSError(5, "boom")


def death_of_the_leecher(tmp_path: Path) -> str:
    """Run a seed and a leecher that dies: the run goes on without it, and tells how that was."""
    scenario, output, recorder = seed_and_leechers(tmp_path / "in"), tmp_path / "out", Recorder()
    output.mkdir()
    with leaves_nothing(output):
        ended = run_processes(Setup.of(scenario, Options()), output, recorder)
    (death,) = [record for record in recorder.records if isinstance(record.event, Died)]
    assert (death.rank, death.thread) == (LEECHER, "main")
    assert list(ended.died) == [LEECHER]
    return ended.died[LEECHER]


def let_strategy_do(monkeypatch: pytest.MonkeyPatch, what: Callable[[Round], object]) -> None:
    class Strategy:
        def run_round(self, round: Round) -> None:
            what(round)

    monkeypatch.setitem(STRATEGIES, DEFAULT, Strategy)


# Where it is raised


def test_an_exception_in_a_download_thread_ends_the_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    let_strategy_do(monkeypatch, boom)
    error = failure_of(seed_and_leechers(tmp_path / "in"))
    assert str(error) == "client 2 failed in its download thread at D3: OSError: [Errno 5] boom"
    assert isinstance(error, WorkerFailed)
    assert error.exit_status == 1
    assert error.traceback.startswith("Traceback (most recent call last):")
    assert error.traceback.endswith("OSError: [Errno 5] boom\n")


def test_an_exception_in_an_upload_thread_ends_the_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(Uploader, "_answer_segment", boom)
    error = failure_of(seed_and_leechers(tmp_path / "in"))
    assert re.fullmatch(r"client 1 failed in its upload thread at U\d: OSError: \[Errno 5\] boom", str(error))


def test_an_exception_in_a_clients_main_thread_ends_the_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    scenario = seed_and_leechers(tmp_path / "in")
    monkeypatch.setattr(DirectoryStorage, "read_input", boom)
    error = failure_of(scenario)
    assert re.fullmatch(r"client [12] failed in its main thread at P1: OSError: \[Errno 5\] boom", str(error))


def test_an_exception_in_the_tracker_ends_the_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(Tracker, "_answer_swarm", boom)
    error = failure_of(seed_and_leechers(tmp_path / "in"))
    assert re.fullmatch(r"the tracker failed in its main thread at T\d: OSError: \[Errno 5\] boom", str(error))


@pytest.mark.parametrize(
    ("name", "where"),
    [("life", "main thread at [TP]1"), ("download", "main thread at P4"), ("upload", "main thread at P4")],
)
def test_a_thread_that_cannot_be_started_ends_the_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, where: str
) -> None:
    start = threading.Thread.start

    def start_some(thread: threading.Thread) -> None:
        if thread.name == name:
            raise RuntimeError("no threads")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", start_some)
    error = failure_of(seed_and_leechers(tmp_path / "in"))
    assert re.fullmatch(rf"(client \d|the tracker) failed in its {where}: RuntimeError: no threads", str(error))


@pytest.mark.parametrize(
    ("call", "rank"),
    [*((call, rank) for call in ("send", "recv") for rank in (TRACKER, SEED, LEECHER)), ("record", LEECHER)],
)
def test_whichever_call_fails_the_run_ends_and_names_its_rank(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, rank: int, call: str
) -> None:
    """Fails the first call of its kind in one process, the second, and so on until none is left to fail."""
    owner = node.WorkerNode if call == "record" else QueueCommunicator
    real = getattr(owner, call)
    numbers = itertools.count(1)
    failing = 1

    def fail_once(self: QueueCommunicator, *arguments: object) -> object:
        is_here = (self.rank if call == "record" else self._rank) == rank  # type: ignore[attr-defined]
        if is_here and next(numbers) == failing:
            raise OSError(5, f"call {failing}")
        return real(self, *arguments)

    monkeypatch.setattr(owner, call, fail_once)
    scenario, output = seed_and_leechers(tmp_path / "in", num_segments=2), tmp_path / "out"
    name = f"client {rank}" if rank else "the tracker"
    errors: list[str] = []
    for failing in itertools.count(1):
        with leaves_nothing(output):
            try:
                assert run(scenario, output).is_proven
            except WorkerFailed as error:
                errors.append(str(error))
        if len(errors) < failing:
            break
    place = r"(main|download|upload) thread at [PDUT]\d"
    for number, text in enumerate(errors, 1):
        assert re.fullmatch(rf"{name} failed in its {place}: OSError: \[Errno 5\] call {number}", text)
    assert len(errors) > 2


# What is raised


@pytest.mark.parametrize("error", [SystemExit(0), KeyboardInterrupt(), GeneratorExit()])
def test_what_is_no_error_elsewhere_ends_a_run_like_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: BaseException
) -> None:
    def leave(_: Round) -> None:
        raise error

    let_strategy_do(monkeypatch, leave)
    told = failure_of(seed_and_leechers(tmp_path / "in"))
    assert str(told).startswith(f"client 2 failed in its download thread at D3: {type(error).__name__}")


def test_an_exception_without_a_text_ends_the_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise ValueError

    def leave(_: Round) -> None:
        raise Mute

    let_strategy_do(monkeypatch, leave)
    error = failure_of(seed_and_leechers(tmp_path / "in"))
    assert str(error) == "client 2 failed in its download thread at D3: Mute: (its text cannot be had)"


def test_an_exception_that_names_a_file_with_undecodable_bytes_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    let_strategy_do(monkeypatch, lambda _: open(os.fsdecode(b"/nowhere/\xff")))  # noqa: SIM115
    error = failure_of(seed_and_leechers(tmp_path / "in"))
    assert str(error) == (
        "client 2 failed in its download thread at D3: "
        r"FileNotFoundError: [Errno 2] No such file or directory: '/nowhere/\udcff'"
    )


def test_a_long_error_is_told_in_one_bounded_line_and_a_bounded_traceback(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def leave(_: Round) -> None:
        raise ValueError("first\nsecond " + "x" * 1_000_000)

    let_strategy_do(monkeypatch, leave)
    error = failure_of(seed_and_leechers(tmp_path / "in"))
    assert str(error).startswith("client 2 failed in its download thread at D3: ValueError: first | second xxx")
    assert str(error).endswith("xxx…")
    assert len(str(error)) < 1_100
    assert isinstance(error, WorkerFailed)
    assert len(error.traceback) == node.MAX_TRACEBACK


def test_where_even_that_cannot_be_told_the_end_of_the_process_is_seen(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    let_strategy_do(monkeypatch, boom)
    monkeypatch.setattr("traceback.format_exception", boom)
    assert re.fullmatch(DIED.format("ended with status 1"), death_of_the_leecher(tmp_path))


@pytest.mark.parametrize(
    ("leave", "how"),
    [
        (lambda _: os._exit(0), "ended with status 0"),
        (lambda _: os._exit(7), "ended with status 7"),
        (lambda _: os.kill(os.getpid(), signal.SIGKILL), "was killed by SIGKILL"),
        (lambda _: os.kill(os.getpid(), signal.SIGRTMIN + 3), rf"was killed by signal {signal.SIGRTMIN + 3}"),
    ],
)
def test_a_worker_that_ends_before_its_time_has_died(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, leave: Callable[[Round], object], how: str
) -> None:
    let_strategy_do(monkeypatch, leave)
    assert re.fullmatch(DIED.format(how), death_of_the_leecher(tmp_path))


# What is recorded


def test_what_a_process_records_arrives_in_its_order_from_its_start_to_its_end(tmp_path: Path) -> None:
    recorder = Recorder()
    result = run(seed_and_leechers(tmp_path / "in", 3, 200), tmp_path / "out", watch=lambda _: recorder)
    assert result.is_proven
    for rank in range(5):
        mine = [record for record in recorder.records if record.rank == rank]
        assert [record.time_s for record in mine] == sorted(record.time_s for record in mine)
        assert isinstance(mine[0].event, ThreadStarted)
        assert (mine[-1].thread, mine[-1].event) == ("main", ThreadEnded())
    started = [record for record in recorder.records if isinstance(record.event, ThreadStarted)]
    threads = {(record.rank, record.thread) for record in started}
    assert threads == {(0, "main")} | {(rank, name) for rank in range(1, 5) for name in ("main", "download", "upload")}
    assert len({record.event.pid for record in started if isinstance(record.event, ThreadStarted)}) == 5


def test_threads_that_record_at_once_lose_nothing_and_keep_their_order() -> None:
    reader, writer = open_pair()
    queue = PacketQueue(reader, writer)
    journal = Journal(1, queue, WallClock(0.0), False)
    names: tuple[ThreadName, ...] = ("main", "download", "upload")

    def record(name: ThreadName) -> None:
        for number in range(5 * BATCH):
            journal.record(name, "D3", BarrierPassed(number))

    threads = [threading.Thread(target=record, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    records: list[Record] = []
    while len(records) < 3 * 5 * BATCH - BATCH:
        records += msgspec.msgpack.decode(queue.get(), type=Batch).records
    for thread in threads:
        thread.join()
    journal.flush()
    while (data := queue.get_nowait()) is not None:
        records += msgspec.msgpack.decode(data, type=Batch).records
    for name in names:
        events = [record.event for record in records if record.thread == name]
        assert events == [BarrierPassed(number) for number in range(5 * BATCH)]
    os.close(reader)
    os.close(writer)


def test_what_is_recorded_is_told_in_full_packets_and_the_rest_when_it_is_flushed() -> None:
    reader, writer = open_pair()
    queue = PacketQueue(reader, writer)
    journal = Journal(1, queue, WallClock(0.0), False)
    for count in (BATCH, 1):
        assert queue.get_nowait() is None
        for _ in range(count):
            journal.record("main", "P1", BarrierPassed(1))
        if count < BATCH:
            assert queue.get_nowait() is None
            journal.flush()
        assert queue.get_nowait() is not None
    journal.flush()
    assert queue.get_nowait() is None
    os.close(reader)
    os.close(writer)


# What is sent


def test_a_message_arrives_with_its_sender_and_one_to_the_dead_is_dropped() -> None:
    wiring = Wiring(2)
    client, tracker = QueueCommunicator("download", 2, wiring), QueueCommunicator("download", 0, wiring)
    messages: list[AnyMessage] = [Barrier(1), Close()]
    for message in messages:
        client.send(message, 0)
    assert [tracker.recv(), tracker.recv()] == [(2, message) for message in messages]
    os.close(wiring.inbox("download", 1).fileno())
    client.send(Close(), 1)
    client.send(Barrier(2), 0)
    assert tracker.recv() == (2, Barrier(2))
    wiring._readers[wiring._place("download", 1)] = -1
    wiring.close()
