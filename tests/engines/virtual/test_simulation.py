"""What happens when: the loop of virtual time alone, without a protocol on top. Times are small numbers by hand."""

from collections import defaultdict
from collections.abc import Callable
from functools import partial
from random import Random

import greenlet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.engines.virtual.inbox import RankGreenlet
from emulator.engines.virtual.simulation import Simulation
from emulator.protocol.events import Channel
from emulator.protocol.messages import AnyMessage, Barrier, Hit, Miss
from emulator.scenario.network import Link, Network, Zone

Log = list[object]


def simulation(network: Network | None = None) -> Simulation:
    """Ranks 0 to 3, and a second between them."""
    return Simulation(4, network or Network.uniform(4, delay_s=1.0))


def begin(world: Simulation, rank: int, body: Callable[[], None]) -> RankGreenlet:
    """A download thread that begins now."""
    life = RankGreenlet(rank, body, greenlet.getcurrent())
    world.at(world.now_s, life.switch)
    return life


def send(world: Simulation, source: int, dest: int, number: int, channel: Channel = "download") -> None:
    world.send(world.inboxes[channel][dest], source, dest, Barrier(number))


def take(world: Simulation, rank: int, timeout_s: float | None = None) -> tuple[float, int]:
    """When a message was there, and its number."""
    inbox = world.inboxes["download"][rank]
    _, message = world.take(inbox) if timeout_s is None else world.take_in_time(inbox, timeout_s)
    assert isinstance(message, Barrier)
    return world.now_s, message.number


def log_what_comes(world: Simulation, rank: int, log: Log, channel: Channel = "download") -> None:
    """A handler, in the place of the rank's reader."""

    def react(source: int, message: AnyMessage) -> None:
        assert isinstance(message, Barrier)
        log.append((world.now_s, source, message.number))

    world.inboxes[channel][rank].serve(react)


def run_out(world: Simulation) -> None:
    while world.run(3):
        pass


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


# The order between two ranks


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """Ranks 0 to 3, of which 1 and 2 may be far from 3, with lines or without."""
    rates = st.sampled_from([None, 100.0, 25.0])
    up, down = ((None, *draw(st.tuples(rates, rates, rates))) for _ in range(2))
    link = Link(("here", "there"), draw(st.sampled_from([None, 0.0, 4.0])), draw(rates))
    zones = (Zone("here", (1, 2)), Zone("there", (3,)))
    return Network(up, down, 100, draw(st.sampled_from([0.0, 1.0])), zones, (link,) if draw(st.booleans()) else ())


@given(networks(), st.integers(0, 2**32), st.integers(1, 40))
def test_messages_between_two_ranks_keep_their_order_whatever_they_are_and_wherever(
    network: Network, rng_seed: int, num_steps: int
) -> None:
    world, rng = simulation(network), Random(rng_seed)
    sent, came = defaultdict[object, list[int]](list), defaultdict[object, list[int]](list)

    def listen(channel: Channel, dest: int) -> None:
        def react(source: int, message: AnyMessage) -> None:
            assert isinstance(message, Hit | Miss)
            came[source, channel, dest].append(message.segment)

        world.inboxes[channel][dest].serve(react)

    for channel, inboxes in world.inboxes.items():
        for dest in range(len(inboxes)):
            listen(channel, dest)

    def send_something(number: int) -> None:
        source, dest = rng.sample(range(4), 2)
        channel: Channel = rng.choice(("download", "upload"))
        message = Hit("f", number, "") if rng.random() < 0.5 else Miss("f", number)
        world.send(world.inboxes[channel][dest], source, dest, message)
        sent[source, channel, dest].append(number)

    for number in range(num_steps):
        time_s = rng.choice([0.0, 0.5, 1.0, 3.0, 8.0])
        if rng.random() < 0.1:
            rank, factor = rng.randrange(4), rng.choice([1.0, 3.0])
            world.at(time_s, partial(world.slow, rank, factor))
        else:
            world.at(time_s, partial(send_something, number))
    run_out(world)
    assert came == sent


def test_a_slowed_rank_s_messages_take_so_many_times_as_long() -> None:
    world, log = simulation(), Log()
    for rank in (1, 2):
        log_what_comes(world, rank, log)
    send(world, 1, 2, 0)
    world.slow(1, 3.0)
    send(world, 1, 2, 1)
    send(world, 3, 1, 2)
    send(world, 3, 2, 3)
    world.at(5.0, partial(world.slow, 1, 1.0))
    world.at(5.0, partial(send, world, 1, 2, 4))
    run_out(world)
    assert log == [(1.0, 1, 0), (1.0, 3, 3), (3.0, 1, 1), (3.0, 3, 2), (6.0, 1, 4)]


def test_a_segment_does_not_overtake_one_that_was_sent_when_its_uploader_was_slow() -> None:
    world, log = simulation(Network((None, 100.0, 100.0, 100.0), (None,) * 4, 100, 4.0)), Log()
    inbox = world.inboxes["download"][2]
    inbox.serve(lambda _source, message: log.append((world.now_s, message)))
    hits = [Hit("f", segment, "") for segment in range(2)]
    world.slow(1, 3.0)
    world.send(inbox, 1, 2, hits[0])
    world.slow(1, 1.0)
    world.send(inbox, 1, 2, hits[1])
    run_out(world)
    assert log == [(3.0 + 12.0, hits[0]), (15.0, hits[1])]


def test_a_small_message_does_not_overtake_a_segment_on_the_same_way() -> None:
    world, log = simulation(Network((None, 100.0, 100.0, 100.0), (None,) * 4, 200, 1.0)), Log()
    world.inboxes["download"][2].serve(lambda source, message: log.append((world.now_s, source, message)))
    hit = Hit("f", 0, "")
    world.send(world.inboxes["download"][2], 1, 2, hit)
    for source in (1, 3):
        send(world, source, 2, 5)
    run_out(world)
    assert log == [(1.0, 3, Barrier(5)), (3.0, 1, hit), (3.0, 1, Barrier(5))]


def test_what_a_fault_holds_up_comes_so_much_later_and_may_be_overtaken() -> None:
    world, log = simulation(), Log()
    log_what_comes(world, 1, log)
    world.send_late(world.inboxes["download"][1], 2, 1, Barrier(0), 0.25)
    send(world, 2, 1, 1)
    run_out(world)
    assert log == [(1.0, 2, 1), (1.25, 2, 0)]


def test_what_a_fault_holds_up_does_not_overtake_a_segment_that_was_sent_before_it() -> None:
    world, log = simulation(Network((None, 100.0, 100.0, 100.0), (None,) * 4, 200, 1.0)), Log()
    inbox = world.inboxes["download"][2]
    inbox.serve(lambda source, message: log.append((world.now_s, source, message)))
    hit = Hit("f", 0, "")
    world.send(inbox, 1, 2, hit)
    world.send_late(inbox, 1, 2, Barrier(5), 0.25)
    run_out(world)
    assert log == [(3.0, 1, hit), (3.25, 1, Barrier(5))]
