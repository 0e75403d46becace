"""What a simulated rank does that stands still, dies and returns."""

from functools import partial

import pytest

from emulator.protocol.messages import AnyMessage, Barrier, Hit
from emulator.scenario.network import Network
from tests.engines.virtual.simulated import Log, begin, log_what_comes, run_out, send, simulation, take

# Standing still


def test_messages_wait_for_a_handler_that_stands_still() -> None:
    world, log = simulation(), Log()
    log_what_comes(world, 1, log, "upload")
    world.at(0.5, partial(world.pause, 1))
    for number, time_s in enumerate((0.0, 1.0, 6.0)):
        world.at(time_s, partial(send, world, 2, 1, number, "upload"))
    world.at(5.0, partial(world.resume, 1))
    run_out(world)
    assert log == [(5.0, 2, 0), (5.0, 2, 1), (7.0, 2, 2)]


def test_who_waits_for_a_message_and_stands_still_takes_it_when_it_goes_on() -> None:
    world, log = simulation(), Log()
    begin(world, 1, lambda: log.extend(take(world, 1) for _ in range(2)))
    world.at(0.5, partial(world.pause, 1))
    for number in range(2):
        send(world, 2, 1, number)
    world.at(5.0, partial(world.resume, 1))
    run_out(world)
    assert log == [(5.0, 0), (5.0, 1)]


def test_who_sleeps_and_stands_still_wakes_when_it_goes_on_or_when_it_is_time() -> None:
    world, log = simulation(), Log()

    def body() -> None:
        for duration_s in (1.0, 9.0):
            world.sleep(duration_s)
            log.append(world.now_s)

    begin(world, 1, body)
    world.at(0.5, partial(world.pause, 1))
    world.at(5.0, partial(world.resume, 1))
    world.at(6.0, partial(world.pause, 1))
    world.at(7.0, partial(world.resume, 1))
    run_out(world)
    assert log == [5.0, 14.0]


def test_a_time_limit_that_passes_while_its_rank_stands_still_is_told_when_it_goes_on() -> None:
    world, log = simulation(), Log()

    def body() -> None:
        with pytest.raises(TimeoutError):
            take(world, 1, 2.0)
        log.append(world.now_s)
        log.append(take(world, 1))

    begin(world, 1, body)
    world.at(0.5, partial(world.pause, 1))
    world.at(3.0, partial(send, world, 2, 1, 4))
    world.at(5.0, partial(world.resume, 1))
    run_out(world)
    assert log == [5.0, (5.0, 4)]


def test_what_a_paused_rank_had_sent_arrives_and_others_go_on() -> None:
    world, log = simulation(), Log()
    log_what_comes(world, 2, log)
    log_what_comes(world, 3, log)
    send(world, 1, 2, 0)
    world.pause(1)
    send(world, 2, 3, 1)
    run_out(world)
    assert log == [(1.0, 1, 0), (1.0, 2, 1)]


# Death and return


def test_what_is_on_its_way_to_a_dead_rank_is_read_by_nobody_and_not_by_its_next_life() -> None:
    world, log = simulation(), Log()
    log_what_comes(world, 1, log)
    for time_s in (0.0, 2.5, 3.0, 4.5):  # before, on its way at the death, in between, after the return
        world.at(time_s, partial(send, world, 2, 1, int(10 * time_s)))
    world.at(2.75, partial(world.close, 1))

    def return_to_life() -> None:
        world.reopen(1)
        log_what_comes(world, 1, log)

    world.at(4.0, return_to_life)
    run_out(world)
    assert log == [(1.0, 2, 0), (5.5, 2, 45)]
    assert world.num_delivered == 4


def test_who_dies_of_what_it_does_first_when_it_goes_on_does_nothing_more() -> None:
    world, log = simulation(), Log()

    def die(source: int, _message: AnyMessage) -> None:
        log.append((world.now_s, source))
        world.close(1)

    world.inboxes["download"][1].serve(die)
    log_what_comes(world, 1, log, "upload")
    world.pause(1)
    for channel in world.inboxes:
        send(world, 2, 1, 0, channel)
    world.at(5.0, partial(world.resume, 1))
    run_out(world)
    assert log == [(5.0, 2)]


def test_who_dies_while_it_stands_still_does_not_stand_still_in_its_next_life() -> None:
    world, log = simulation(), Log()
    log_what_comes(world, 1, log)
    world.pause(1)
    world.close(1)
    world.reopen(1)
    log_what_comes(world, 1, log)
    send(world, 2, 1, 0)
    run_out(world)
    assert log == [(1.0, 2, 0)]


@pytest.mark.parametrize("network", [None, Network((None, 100.0, 100.0, 100.0), (None,) * 4, 100, 1.0)])
def test_what_is_recalled_never_arrives_and_all_else_does(network: Network | None) -> None:
    """With lines, segments arrive out of turn: two of rank 2's at 2.0 and 3.0 s, besides one of rank 3's."""
    world, log = simulation(network), Log()
    world.inboxes["upload"][1].serve(lambda source, message: log.append((world.now_s, source, type(message).__name__)))
    inbox = world.inboxes["upload"][1]
    for source in (2, 2, 3):
        world.send(inbox, source, 1, Hit("file1", 0, "0" * 32))
    world.at(0.5, lambda: world.send(inbox, 2, 1, Barrier(1)))
    world.at(0.5, lambda: world.send(inbox, 3, 1, Barrier(1)))
    world.at(0.75, partial(world.recall, 2, 2.0 if network else 1.25))
    world.at(6.0, lambda: log.append("the end"))
    run_out(world)
    if network is None:
        assert log == [(1.0, 2, "Hit"), (1.0, 2, "Hit"), (1.0, 3, "Hit"), (1.5, 3, "Barrier"), "the end"]
    else:
        assert log == [(2.0, 2, "Hit"), (2.0, 3, "Hit"), (2.0, 3, "Barrier"), "the end"]
