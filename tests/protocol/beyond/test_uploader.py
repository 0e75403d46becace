"""The upload thread beyond U1 … U5: requests for holdings, and ranks that die and return."""

import pytest
from hypothesis.stateful import rule

from emulator.protocol.beyond.uploader import ExtendedUploader
from emulator.protocol.events import ConnectionClosed, ConnectionOpened
from emulator.protocol.library import Library
from emulator.protocol.messages import (
    Barrier,
    Holdings,
    HoldingsRequest,
    Lost,
    Returned,
    SegmentRequest,
)
from emulator.protocol.node import ProtocolError
from tests.protocol.scripted import ScriptedNode, file_of
from tests.protocol.test_upload import CLIENTS, FILE, HITS, UploaderAgainstDict, make_uploader


def test_u2_whoever_asks_is_told_what_it_holds_of_that_file() -> None:
    node, library = ScriptedNode(rank=3), Library([FILE])
    library.open(file_of(9, "file2")).add(8, file_of(9, "file2").segment(8))
    uploader = ExtendedUploader(node, library)
    for file in ("file1", "file2", "file3"):
        uploader.handle(4, HoldingsRequest(file))
    assert node.sent_to(4) == [Holdings("file1", b"\7"), Holdings("file2", b"\0\1"), Holdings("file3", b"")]
    assert node.steps_of(Holdings) == {"U2"}
    assert node.step == "U1"
    assert node.events(ConnectionOpened) == []


def test_u4_the_connection_with_a_client_that_is_lost_is_forgotten() -> None:
    node, uploader = make_uploader(ExtendedUploader)
    for source in (1, 2):
        uploader.handle(source, SegmentRequest("file1", 0))
    uploader.handle(1, Lost())
    uploader.handle(5, Lost())
    assert node.events(ConnectionClosed) == [ConnectionClosed(client=1, num_segments=1, num_open=1)]
    assert node.steps_of(ConnectionClosed) == {"U4"}
    assert uploader.is_running


def test_a_client_that_has_returned_is_served_like_any_other() -> None:
    node, uploader = make_uploader(ExtendedUploader)
    for message in (Lost(), Returned(), SegmentRequest("file1", 0)):
        uploader.handle(1, message)
    assert node.sent == [("download", HITS[0], 1)]
    assert node.step == "U1"


def test_a_holdings_answer_has_the_number_of_its_question() -> None:
    node, uploader = make_uploader(ExtendedUploader)
    uploader.handle(1, HoldingsRequest("file1", 6))
    assert node.numbers == [6]


def test_a_message_that_is_not_for_an_uploader_is_an_error() -> None:
    _, uploader = make_uploader(ExtendedUploader)
    with pytest.raises(ProtocolError, match=r"^rank 3 at U1: rank 5 sent an unexpected Barrier\(number=2\)$"):
        uploader.handle(5, Barrier(2))


class ExtendedUploaderAgainstDict(UploaderAgainstDict):
    """The same model; a death ends a connection as a close does."""

    kind = ExtendedUploader

    @rule(client=CLIENTS)
    def die(self, client: int) -> None:
        self.end(client, Lost())


TestExtendedUploaderAgainstDict = ExtendedUploaderAgainstDict.TestCase
