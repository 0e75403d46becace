"""What faults come to for one client's upload thread."""

import pytest

from emulator.engines.terms import uploader_of
from emulator.faults import FreeRider, Kill
from emulator.protocol.library import Library
from emulator.protocol.messages import (
    AnyMessage,
    ConnectionCount,
    ConnectionCountRequest,
    Hit,
    Holdings,
    HoldingsRequest,
    Miss,
    SegmentRequest,
)
from tests.protocol.scripted import ScriptedNode, file_of

FILE = file_of(3)


@pytest.mark.parametrize(
    ("rank", "answers"),
    [
        (2, [Miss("file1", 1), Holdings("file1", b""), ConnectionCount(0)]),
        (3, [Hit("file1", 1, FILE.segment(1)), Holdings("file1", b"\7"), ConnectionCount(1)]),
    ],
)
def test_a_free_rider_answers_as_a_client_that_holds_nothing_and_others_do_not(
    rank: int, answers: list[AnyMessage]
) -> None:
    node = ScriptedNode(rank=rank)
    uploader = uploader_of([FreeRider(ranks=(2,)), Kill(ranks=(3,))], rank)(node, Library([FILE]))
    for question in (SegmentRequest("file1", 1), HoldingsRequest("file1"), ConnectionCountRequest()):
        uploader.handle(4, question)
    assert node.sent_to(4) == answers
