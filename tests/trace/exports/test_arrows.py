"""Which receipt belongs to which sending."""

from typing import Literal

import pytest

from emulator.protocol.events import MessageFaulted, Received, Sent
from emulator.protocol.messages import Barrier, Close, Hit, Miss, SegmentRequest, Stop
from emulator.trace.exports.arrows import MAX_IN_FLIGHT, Arrows


def test_equal_messages_arrive_in_the_order_in_which_they_were_sent() -> None:
    arrows: Arrows[str] = Arrows()
    for tag in ("first", "second"):
        arrows.sent(1, Sent("upload", 2, Close()), tag)
    assert [arrows.received(2, Received("upload", 1, Close())) for _ in range(3)] == ["first", "second", None]


@pytest.mark.parametrize(
    ("rank", "received"),
    [
        (3, Received("upload", 1, Close())),
        (2, Received("upload", 3, Close())),
        (2, Received("download", 1, Close())),
        (2, Received("upload", 1, Stop())),
    ],
)
def test_only_what_was_sent_to_this_rank_by_that_one_on_this_communicator_arrives(
    rank: int, received: Received
) -> None:
    arrows: Arrows[str] = Arrows()
    arrows.sent(1, Sent("upload", 2, Close()), "it")
    assert arrows.received(rank, received) is None
    assert arrows.received(2, Received("upload", 1, Close())) == "it"


def test_a_message_that_is_lost_does_not_hold_up_those_behind_it() -> None:
    arrows: Arrows[str] = Arrows()
    arrows.sent(1, Sent("upload", 2, SegmentRequest("file1", 0)), "lost")
    arrows.sent(1, Sent("upload", 2, SegmentRequest("file1", 1)), "arrives")
    assert arrows.received(2, Received("upload", 1, SegmentRequest("file1", 1))) == "arrives"


def test_of_messages_that_never_arrive_only_the_latest_are_remembered() -> None:
    arrows: Arrows[int] = Arrows()
    for segment in range(MAX_IN_FLIGHT + 1):
        arrows.sent(1, Sent("download", 2, Miss("file1", segment)), segment)
    assert arrows.received(2, Received("download", 1, Miss("file1", 0))) is None
    assert arrows.received(2, Received("download", 1, Miss("file1", 1))) == 1


@pytest.mark.parametrize(
    ("verdict", "arrivals"),
    [
        ("dropped", ["first", None, None]),
        ("delayed", ["first", "second", None]),
        ("duplicated", ["first", "second", "second"]),
    ],
)
def test_what_a_fault_did_to_a_message_is_known(
    verdict: Literal["dropped", "delayed", "duplicated"], arrivals: list[str | None]
) -> None:
    arrows: Arrows[str] = Arrows()
    for tag in ("first", "second"):
        arrows.sent(1, Sent("upload", 2, Close()), tag)
    arrows.faulted(1, MessageFaulted(verdict, "upload", 2, Close()))
    assert [arrows.received(2, Received("upload", 1, Close())) for _ in range(3)] == arrivals


def test_a_message_that_is_altered_on_its_way_arrives_as_another_one() -> None:
    arrows: Arrows[str] = Arrows()
    arrows.sent(1, Sent("download", 2, Hit("file1", 0, "right")), "it")
    arrows.faulted(1, MessageFaulted("corrupted", "download", 2, Hit("file1", 0, "wrong")))
    assert arrows.received(2, Received("download", 1, Hit("file1", 0, "right"))) is None
    assert arrows.received(2, Received("download", 1, Hit("file1", 0, "wrong"))) == "it"


def test_a_fault_of_nothing_that_was_sent_does_nothing() -> None:
    arrows: Arrows[str] = Arrows()
    arrows.faulted(1, MessageFaulted("dropped", "upload", 2, Close()))
    assert arrows.received(2, Received("upload", 1, Close())) is None


def test_a_rank_can_send_to_itself() -> None:
    arrows: Arrows[str] = Arrows()
    arrows.sent(1, Sent("download", 1, Barrier(1)), "it")
    assert arrows.received(1, Received("download", 1, Barrier(1))) == "it"
