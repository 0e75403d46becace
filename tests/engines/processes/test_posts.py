"""What the parent puts into inboxes: all of it, in order, and without ever waiting."""

import os
import selectors
from collections.abc import Iterator

import msgspec
import pytest

from emulator.engines.processes.packet_queue import PART, SPLIT
from emulator.engines.processes.posts import Place, Posts
from emulator.engines.processes.wiring import Wiring
from emulator.protocol.messages import AnyMessage, Barrier, Lost

PLACE: Place = ("upload", 1)
decode = msgspec.msgpack.Decoder(tuple[int, AnyMessage]).decode


@pytest.fixture
def wiring() -> Iterator[Wiring]:
    wiring = Wiring(2)
    yield wiring
    wiring.close()


@pytest.fixture
def selector() -> Iterator[selectors.BaseSelector]:
    with selectors.DefaultSelector() as selector:
        yield selector


def send_kept(selector: selectors.BaseSelector) -> None:
    for key, _ in selector.select(0):
        key.data()


def test_a_message_arrives_as_from_the_rank_that_is_named(wiring: Wiring, selector: selectors.BaseSelector) -> None:
    Posts(wiring, selector).post(PLACE, 2, Lost())
    assert decode(wiring.inbox(*PLACE).get()) == (2, Lost())


def test_what_does_not_fit_is_kept_and_sent_in_order_as_soon_as_there_is_room(
    wiring: Wiring, selector: selectors.BaseSelector
) -> None:
    posts, inbox = Posts(wiring, selector), wiring.inbox(*PLACE)
    count = 3_000  # several times as many as fit
    for number in range(count):
        posts.post(PLACE, 2, Barrier(number))
    got: list[tuple[int, AnyMessage]] = []
    while len(got) < count:
        send_kept(selector)
        got += [decode(data) for data in inbox.get_waiting()]
    assert got == [(2, Barrier(number)) for number in range(count)]
    assert not selector.get_map()


def test_one_full_inbox_does_not_keep_others_waiting(wiring: Wiring, selector: selectors.BaseSelector) -> None:
    posts = Posts(wiring, selector)
    for number in range(3_000):
        posts.post(PLACE, 2, Barrier(number))
    posts.post(("download", 2), 1, Lost())
    assert decode(wiring.inbox("download", 2).get()) == (1, Lost())


def test_nothing_is_kept_for_the_dead(wiring: Wiring, selector: selectors.BaseSelector) -> None:
    posts = Posts(wiring, selector)
    for place in (PLACE, ("download", 2)):
        for number in range(3_000):
            posts.post(place, 0, Barrier(number))
    posts.drop(1)
    assert [key.fd for key in selector.get_map().values()] == [wiring.inbox("download", 2).writer]


def test_with_a_death_its_unfinished_messages_are_forgotten(wiring: Wiring, selector: selectors.BaseSelector) -> None:
    inbox = wiring.inbox(*PLACE)
    os.write(inbox.writer, PART.pack(SPLIT, 77, 0, 0, 2) + b"torn")
    assert inbox.get_nowait() is None
    Posts(wiring, selector).post(PLACE, 2, Lost(), lost=77)
    assert decode(inbox.get()) == (2, Lost())
    os.write(inbox.writer, PART.pack(SPLIT, 77, 0, 0, 1) + b"new")
    assert inbox.get() == b"new"
