"""What the processes of a run share: who keeps which end, and that nothing is left open."""

import errno
import os
import resource
import signal
from collections.abc import Iterator
from multiprocessing import get_context, reduction
from typing import Any

import pytest

from emulator.engines.processes.wiring import Wiring
from emulator.engines.workers.boards import STEPS, THREADS, StepBoard
from emulator.protocol.events import Channel
from tests.engines.processes.plans import descriptors, forked, is_open, reaped

CHANNELS: tuple[Channel, Channel] = ("download", "upload")
NUM_CLIENTS = 3
RANKS = range(NUM_CLIENTS + 1)


@pytest.fixture
def wiring() -> Iterator[Wiring]:
    wiring = Wiring(NUM_CLIENTS)
    yield wiring
    wiring.close()


def readers(wiring: Wiring) -> dict[tuple[Channel, int], int]:
    return {(channel, rank): wiring.inbox(channel, rank).fileno() for channel in CHANNELS for rank in RANKS}


def life_writer(wiring: Wiring) -> int:
    return wiring.life()._writer


# Who keeps what


@pytest.mark.parametrize("rank", RANKS)
def test_a_worker_keeps_its_own_inboxes_and_closes_those_of_all_others(wiring: Wiring, rank: int) -> None:
    foreign = {reader for (_, owner), reader in readers(wiring).items() if owner != rank}
    foreign |= {wiring.events().fileno(), life_writer(wiring)}

    def check() -> None:
        before = descriptors()  # in here, as libraries that were used before may close some of theirs in a fork
        wiring.keep_own(rank)
        assert before - descriptors() == foreign

    with reaped([forked(check)]):
        pass


def test_the_parent_keeps_the_events_all_writers_and_its_end_of_the_life_pipe(wiring: Wiring) -> None:
    before = descriptors()
    foreign = {*readers(wiring).values(), wiring.life().fileno()}
    wiring.keep_parent_ends()
    assert before - descriptors() == foreign
    assert is_open(life_writer(wiring))
    wiring.events().put(b"\x01")
    assert wiring.events().get() == b"\x01"
    with pytest.raises(BrokenPipeError):
        wiring.inbox("upload", 2).put(b"\x01")


def test_a_message_reaches_the_inbox_that_it_was_put_into(wiring: Wiring) -> None:
    def send() -> None:
        wiring.keep_own(1)
        for channel in CHANNELS:
            for rank in RANKS:
                wiring.inbox(channel, rank).put(f"{channel} of {rank}".encode())
        wiring.events().put(b"an event")

    with reaped([forked(send)]):
        for channel in CHANNELS:
            for rank in RANKS:
                assert wiring.inbox(channel, rank).get() == f"{channel} of {rank}".encode()
        assert wiring.events().get() == b"an event"


def test_the_life_pipe_ends_with_the_parent_however_many_workers_are_left(wiring: Wiring) -> None:
    def live(rank: int) -> None:
        wiring.keep_own(rank)
        with pytest.raises(EOFError):
            wiring.life().get()

    workers = [forked(lambda rank=rank: live(rank)) for rank in RANKS]  # type: ignore[misc]
    wiring.keep_parent_ends()
    with reaped(workers):
        wiring.close()


def test_a_spawned_worker_gets_every_descriptor_under_its_own_number(wiring: Wiring) -> None:
    process = get_context("spawn").Process(target=check_spawned, args=(wiring, readers(wiring)))
    process.start()
    process.join()
    assert process.exitcode == 0
    process.close()
    assert wiring.inbox("upload", 1).get() == b"\x01"


def check_spawned(wiring: Wiring, expected: dict[tuple[Channel, int], int]) -> None:
    assert readers(wiring) == expected
    wiring.keep_own(2)
    still_open = {owner for owner, reader in expected.items() if is_open(reader)}
    assert still_open == {("download", 2), ("upload", 2)}
    wiring.inbox("upload", 1).put(b"\x01")


# Other descriptors of this process


def test_a_descriptor_that_stands_in_the_way_is_left_alone() -> None:
    first = max(descriptors()) + 1
    for offset in range(0, 60, 7):
        (_, writer), number = os.pipe(), first + offset
        if number != writer:
            os.dup2(writer, number)
            os.close(writer)
        what = os.fstat(number)
        wiring = Wiring(NUM_CLIENTS)
        assert number not in set(readers(wiring).values())
        for channel in CHANNELS:
            for rank in RANKS:
                wiring.inbox(channel, rank).put(b"\x01")
        wiring.keep_parent_ends()
        wiring.close()
        assert os.path.sameopenfile(number, number)
        assert os.fstat(number) == what
        os.close(number)


@pytest.mark.parametrize("closed", [(0,), (1,), (0, 1, 2)])
def test_no_inbox_takes_the_number_of_a_standard_stream_that_is_closed(closed: tuple[int, ...]) -> None:
    def check() -> None:
        for descriptor in closed:
            os.close(descriptor)
        wiring = Wiring(NUM_CLIENTS)
        ends = [wiring.inbox(channel, rank) for channel in CHANNELS for rank in RANKS] + [wiring.events()]
        if min(min(queue._reader, queue._writer) for queue in ends) <= 2:
            os._exit(3)

    with reaped([forked(check)]):
        pass


# What cannot be opened


def test_whichever_descriptor_is_the_one_too_many_none_is_left_open() -> None:
    """Fails at every point there is: with no descriptor left, with one, with two …"""

    def check() -> None:
        before = descriptors()
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        errors = []
        for limit in range(max(before) + 100):
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
            try:
                Wiring(NUM_CLIENTS).close()
            except OSError as error:
                errors.append(error.errno)
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            assert descriptors() == before, limit
        assert set(errors) == {errno.EMFILE}
        assert 20 < len(errors) < max(before) + 100

    with reaped([forked(check)]):
        pass


def test_closing_twice_closes_nothing_of_others() -> None:
    before = descriptors()
    wiring = Wiring(NUM_CLIENTS)
    wiring.close()
    assert descriptors() == before
    other = os.open(os.devnull, os.O_RDONLY)
    wiring.close()
    assert is_open(other)
    os.close(other)


def test_descriptors_are_not_inherited_by_other_programs(wiring: Wiring) -> None:
    queues = [wiring.inbox(channel, rank) for channel in CHANNELS for rank in RANKS] + [wiring.events(), wiring.life()]
    assert not any(os.get_inheritable(number) for queue in queues for number in (queue._reader, queue._writer))
    assert not os.get_inheritable(wiring._board)


# The step board


def test_the_board_tells_the_step_of_each_thread_of_a_process_that_was_killed(wiring: Wiring) -> None:
    def write() -> None:
        board = wiring.board()
        board.cells[board.cell(2, "main")] = STEPS.index("P4")
        board.cells[board.cell(2, "download")] = STEPS.index("D6")
        os.kill(os.getpid(), signal.SIGKILL)

    with reaped([forked(write)], signal.SIGKILL):
        pass
    assert wiring.board().read(2) == {"main": "P4", "download": "D6"}
    assert wiring.board().read(1) == wiring.board().read(3) == {}


def test_each_thread_of_each_rank_has_a_cell_of_its_own() -> None:
    cells = [StepBoard.cell(rank, thread) for rank in range(50) for thread in THREADS]
    assert sorted(cells) == list(range(StepBoard.num_bytes(50)))


def test_steps_are_those_of_the_protocol() -> None:
    parts = {"P": 4, "D": 8, "U": 5, "T": 9}
    assert STEPS[1:] == tuple(f"{part}{number}" for part, last in parts.items() for number in range(1, last + 1))
    assert STEPS[0] == ""


def test_a_disk_without_room_for_the_board_is_an_error_in_the_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Writing to a hole of a file on a full disk would be a SIGBUS in some worker."""
    before = descriptors()
    monkeypatch.setattr("emulator.engines.processes.wiring._open_unnamed", lambda: os.open("/dev/full", os.O_RDWR))
    with pytest.raises(OSError, match="No space left on device"):
        Wiring(NUM_CLIENTS)
    assert descriptors() == before


def test_what_is_pickled_is_every_descriptor_once(wiring: Wiring, monkeypatch: pytest.MonkeyPatch) -> None:
    parcels: list[Any] = []
    monkeypatch.setattr(reduction, "DupFd", parcels.append)
    wiring.__getstate__()
    assert len(parcels) == len(set(parcels)) == 2 * (2 * len(RANKS) + 2) + 1
