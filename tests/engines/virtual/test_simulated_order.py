"""Messages between two ranks keep their order, whatever slows them or holds them up."""

from collections import defaultdict
from functools import partial
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from emulator.protocol.events import Channel
from emulator.protocol.messages import AnyMessage, Barrier, Hit, Miss
from emulator.scenario.network import Network
from emulator.scenario.zones import Link, Zone
from tests.engines.virtual.simulated import Log, log_what_comes, run_out, send, simulation


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
