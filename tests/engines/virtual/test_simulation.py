"""What happens when: the loop of virtual time alone. Times are small numbers by hand."""

from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.engines.virtual.simulation import Simulation
from tests.engines.virtual.simulated import Log, begin, log_what_comes, run_out, send, simulation, take

# The order of (time, sequence)


@given(st.lists(st.tuples(st.sampled_from("as"), st.integers(0, 3)), max_size=12))
def test_things_happen_in_the_order_of_time_and_at_one_time_in_the_order_of_asking(
    asked: list[tuple[str, int]],
) -> None:
    """Actions at 0 to 3 s, and messages, which all arrive after 1 s."""
    world, log = simulation(), list[int]()
    world.inboxes["upload"][1].serve(lambda source, _message: log.append(source))
    due: list[tuple[int, int]] = []
    for number, (kind, time_s) in enumerate(asked):
        if kind == "a":
            world.at(float(time_s), partial(log.append, number))
        else:
            send(world, number, 1, number, "upload")
        due.append((time_s if kind == "a" else 1, number))
    run_out(world)
    assert log == [number for _, number in sorted(due)]


def test_so_many_things_happen_and_no_more() -> None:
    world, log = simulation(), Log()
    for number in range(5):
        world.at(float(number), partial(log.append, number))
    assert world.run(3)
    assert (log, world.now_s) == ([0, 1, 2], 2.0)
    assert not world.run(3)
    assert log == [0, 1, 2, 3, 4]


def test_messages_are_counted_when_they_arrive_whatever_is_raised() -> None:
    world = simulation()
    log_what_comes(world, 1, Log())
    for number in range(3):
        send(world, 2, 1, number)
    world.at(1.0, lambda: 1 / 0)
    send(world, 2, 1, 3)
    with pytest.raises(ZeroDivisionError):
        world.run(10)
    assert world.num_delivered == 3
    run_out(world)
    assert world.num_delivered == 4


# Waiting


def test_who_sleeps_wakes_when_it_is_time_and_at_one_time_in_the_order_of_asking() -> None:
    world, log = simulation(), Log()

    def sleeper(rank: int, *durations_s: float) -> Callable[[], None]:
        def body() -> None:
            for duration_s in durations_s:
                world.sleep(duration_s)
                log.append((world.now_s, rank))

        return body

    begin(world, 1, sleeper(1, 2.0, 2.0))
    begin(world, 2, sleeper(2, 1.0, 1.0))
    begin(world, 3, sleeper(3, 0.0, 4.0))
    run_out(world)
    assert log == [(0.0, 3), (1.0, 2), (2.0, 1), (2.0, 2), (4.0, 3), (4.0, 1)]


def test_who_takes_waits_for_the_next_message_and_finds_those_that_came_before() -> None:
    world, log = simulation(), Log()

    def body() -> None:
        for _ in range(2):
            log.append(take(world, 1))
        world.sleep(5.0)
        for _ in range(2):
            log.append(take(world, 1))

    begin(world, 1, body)
    for number in range(4):
        world.at(2.0 * number, partial(send, world, 2, 1, number))
    run_out(world)
    assert log == [(1.0, 0), (3.0, 1), (8.0, 2), (8.0, 3)]


@pytest.mark.parametrize(
    ("timeout_s", "sent_s", "came"),
    [(3.0, 1.0, (2.0, "in time")), (2.0, 1.5, (2.0, "too late")), (2.0, 1.0, (2.0, "too late"))],
)
def test_a_wait_with_a_time_limit_ends_with_a_message_or_at_the_limit(
    timeout_s: float, sent_s: float, came: tuple[float, str]
) -> None:
    """At one time, it is who asked first: the wait began before the message was sent."""
    world, log = simulation(), Log()

    def body() -> None:
        try:
            take(world, 1, timeout_s)
            log.append((world.now_s, "in time"))
        except TimeoutError:
            log.append((world.now_s, "too late"))
            take(world, 1)
            log.append((world.now_s, "and was there"))

    begin(world, 1, body)
    world.at(sent_s, partial(send, world, 2, 1, 7))
    run_out(world)
    assert log[0] == came
    assert log[1:] == ([] if came[1] == "in time" else [(sent_s + 1.0, "and was there")])


def test_the_time_limit_of_one_wait_does_not_end_the_next() -> None:
    world, log = simulation(), Log()

    def body() -> None:
        for timeout_s in (5.0, None, 9.0):
            log.append(take(world, 1, timeout_s))

    begin(world, 1, body)
    for number, time_s in enumerate((0.0, 6.0, 9.0)):
        world.at(time_s, partial(send, world, 2, 1, number))
    run_out(world)
    assert log == [(1.0, 0), (7.0, 1), (10.0, 2)]


@pytest.mark.parametrize("wait", [lambda world: take(world, 1), lambda world: world.sleep(1.0)])
def test_a_handler_cannot_wait(wait: Callable[[Simulation], None]) -> None:
    world = simulation()
    world.inboxes["upload"][1].serve(lambda _source, _message: wait(world))
    send(world, 2, 1, 0, "upload")
    with pytest.raises(RuntimeError, match="a handler has to react without waiting"):
        run_out(world)


def test_who_serves_late_reacts_first_to_what_is_there_already() -> None:
    world, log = simulation(), Log()
    for number in range(3):
        send(world, 2, 1, number)
    world.at(4.0, lambda: log_what_comes(world, 1, log))
    world.at(4.0, partial(send, world, 3, 1, 9))
    run_out(world)
    assert log == [(4.0, 2, 0), (4.0, 2, 1), (4.0, 2, 2), (5.0, 3, 9)]
