"""The upload thread, U1 … U5 alone: its handler driven directly, and its connections against a dictionary."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from emulator.protocol.events import ConnectionClosed, ConnectionOpened
from emulator.protocol.library import Library
from emulator.protocol.messages import (
    AnyMessage,
    Barrier,
    Close,
    ConnectionCount,
    ConnectionCountRequest,
    Hit,
    HoldingsRequest,
    Lost,
    Miss,
    SegmentRequest,
    Stop,
    SwarmRequest,
)
from emulator.protocol.node import ProtocolError, serve
from emulator.protocol.upload import Uploader
from tests.protocol.scripted import ScriptedNode, file_of

FILE = file_of(3)
HITS = [Hit("file1", index, FILE.segment(index)) for index in range(3)]


def make_uploader(kind: type[Uploader] = Uploader) -> tuple[ScriptedNode, Uploader]:
    node = ScriptedNode(rank=3)
    return node, kind(node, Library([FILE]))


def test_u1_messages_on_the_upload_communicator_are_waited_for_and_served_in_order() -> None:
    node = ScriptedNode(
        upload=[
            (1, SegmentRequest("file1", 0)),
            (2, ConnectionCountRequest()),
            (1, Close()),
            (2, ConnectionCountRequest()),
            (0, Stop()),
        ]
    )
    uploader = Uploader(node, Library([FILE]))
    assert node.step == "U1"
    serve(node.upload, uploader)
    assert node.sent == [
        ("download", HITS[0], 1),
        ("download", ConnectionCount(1), 2),
        ("download", ConnectionCount(0), 2),
    ]
    assert node.is_exhausted()


def test_u2_a_segment_of_a_file_that_it_seeds_is_a_hit() -> None:
    node, uploader = make_uploader()
    uploader.handle(1, SegmentRequest("file1", 2))
    assert node.sent == [("download", HITS[2], 1)]
    assert node.steps_of(Hit) == {"U2"}
    assert node.step == "U1"


def test_u2_a_segment_of_a_file_that_it_is_still_downloading_is_a_hit_as_soon_as_it_is_there() -> None:
    node, library = ScriptedNode(rank=3), Library()
    uploader = Uploader(node, library)
    holding = library.open(FILE)
    uploader.handle(1, SegmentRequest("file1", 1))
    holding.add(1, FILE.segment(1))
    uploader.handle(1, SegmentRequest("file1", 1))
    uploader.handle(1, SegmentRequest("file1", 0))
    assert node.sent_to(1) == [Miss("file1", 1), HITS[1], Miss("file1", 0)]


@pytest.mark.parametrize(("file", "segment"), [("file1", 3), ("file1", -1), ("file2", 0)])
def test_u2_what_it_does_not_hold_is_a_miss_and_opens_no_connection(file: str, segment: int) -> None:
    node, uploader = make_uploader()
    uploader.handle(1, SegmentRequest(file, segment))
    uploader.handle(2, ConnectionCountRequest())
    assert node.sent == [("download", Miss(file, segment), 1), ("download", ConnectionCount(0), 2)]
    assert node.events(ConnectionOpened) == []


def test_u2_the_first_hit_opens_the_connection_and_later_ones_do_not() -> None:
    node, uploader = make_uploader()
    for source, segment in [(1, 0), (1, 1), (2, 0), (1, 2)]:
        uploader.handle(source, SegmentRequest("file1", segment))
    assert node.events(ConnectionOpened) == [
        ConnectionOpened(client=1, num_open=1),
        ConnectionOpened(client=2, num_open=2),
    ]
    assert node.steps_of(ConnectionOpened) == {"U2"}


def test_u3_the_count_is_of_clients_not_of_segments_and_goes_to_who_asked() -> None:
    node, uploader = make_uploader()
    for source, segment in [(1, 0), (1, 1), (2, 0)]:
        uploader.handle(source, SegmentRequest("file1", segment))
    uploader.handle(4, ConnectionCountRequest())
    assert node.sent[-1] == ("download", ConnectionCount(2), 4)
    assert node.steps_of(ConnectionCount) == {"U3"}


def test_u4_close_forgets_that_connection_alone_and_says_what_went_over_it() -> None:
    node, uploader = make_uploader()
    for source, segment in [(1, 0), (1, 1), (2, 0)]:
        uploader.handle(source, SegmentRequest("file1", segment))
    uploader.handle(1, Close())
    uploader.handle(4, ConnectionCountRequest())
    assert node.events(ConnectionClosed) == [ConnectionClosed(client=1, num_segments=2, num_open=1)]
    assert node.steps_of(ConnectionClosed) == {"U4"}
    assert node.sent[-1] == ("download", ConnectionCount(1), 4)


def test_u4_a_connection_can_be_opened_again_and_counts_anew() -> None:
    node, uploader = make_uploader()
    for _ in range(2):
        uploader.handle(1, SegmentRequest("file1", 0))
        uploader.handle(1, Close())
    assert node.events(ConnectionClosed) == 2 * [ConnectionClosed(client=1, num_segments=1, num_open=0)]


def test_u5_stop_ends_the_thread_and_answers_nothing() -> None:
    node, uploader = make_uploader()
    uploader.handle(0, Stop())
    assert not uploader.is_running
    assert node.step == "U5"
    assert node.sent == []


def test_u5_a_stop_that_overtakes_a_close_closes_what_is_left() -> None:
    node, uploader = make_uploader()
    for source in (2, 1):
        uploader.handle(source, SegmentRequest("file1", 0))
    uploader.handle(0, Stop())
    assert node.events(ConnectionClosed) == [
        ConnectionClosed(client=2, num_segments=1, num_open=1),
        ConnectionClosed(client=1, num_segments=1, num_open=0),
    ]
    assert node.steps_of(ConnectionClosed) == {"U5"}


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (Barrier(2), "rank 3 at U1: rank 5 sent an unexpected Barrier(number=2)"),
        (SwarmRequest("file1"), "rank 3 at U1: rank 5 sent an unexpected SwarmRequest(file='file1', request=0)"),
        (HITS[0], f"rank 3 at U1: rank 5 sent an unexpected {HITS[0]!r}"),
        (Lost(), "rank 3 at U1: rank 5 sent an unexpected Lost(is_coming_back=False)"),
        (HoldingsRequest("f"), "rank 3 at U1: rank 5 sent an unexpected HoldingsRequest(file='f', request=0)"),
    ],
)
def test_a_message_that_the_steps_do_not_know_is_an_error(message: AnyMessage, text: str) -> None:
    _, uploader = make_uploader()
    with pytest.raises(ProtocolError) as caught:
        uploader.handle(5, message)
    assert str(caught.value) == text


def test_every_answer_has_the_number_of_its_question() -> None:
    node, uploader = make_uploader()
    questions: list[AnyMessage] = [SegmentRequest("file1", 0, 5), SegmentRequest("file9", 0, 3)]
    questions += [ConnectionCountRequest(8)]
    for question in questions:
        uploader.handle(1, question)
    assert node.numbers == [5, 3, 8]


CLIENTS = st.integers(1, 5)


class UploaderAgainstDict(RuleBasedStateMachine):
    """The model counts the segments given to each client since its last close."""

    kind = Uploader

    def __init__(self) -> None:
        super().__init__()
        self.node, self.uploader = make_uploader(self.kind)
        self.model: dict[int, int] = {}
        self.opened: list[tuple[int, int]] = []
        self.closed: list[tuple[int, int, int]] = []

    @rule(client=CLIENTS, segment=st.integers(0, 4))
    def ask(self, client: int, segment: int) -> None:
        self.uploader.handle(client, SegmentRequest("file1", segment))
        is_held = segment < 3
        assert self.node.sent[-1] == ("download", HITS[segment] if is_held else Miss("file1", segment), client)
        if is_held:
            self.model[client] = self.model.get(client, 0) + 1
            if self.model[client] == 1:
                self.opened.append((client, len(self.model)))

    @rule(client=CLIENTS)
    def close(self, client: int) -> None:
        self.end(client, Close())

    def end(self, client: int, end: AnyMessage) -> None:
        num_sent = len(self.node.sent)
        self.uploader.handle(client, end)
        assert len(self.node.sent) == num_sent
        if client in self.model:
            self.closed.append((client, self.model.pop(client), len(self.model)))

    @rule(client=CLIENTS)
    def count(self, client: int) -> None:
        self.uploader.handle(client, ConnectionCountRequest())
        assert self.node.sent[-1] == ("download", ConnectionCount(len(self.model)), client)

    @invariant()
    def says_when_connections_open_and_close(self) -> None:
        assert [(event.client, event.num_open) for event in self.node.events(ConnectionOpened)] == self.opened
        closed = [(event.client, event.num_segments, event.num_open) for event in self.node.events(ConnectionClosed)]
        assert closed == self.closed


TestUploaderAgainstDict = UploaderAgainstDict.TestCase
