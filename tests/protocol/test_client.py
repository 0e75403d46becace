"""The client, P1 … P4."""

import pytest

from emulator.protocol.client import run_client
from emulator.protocol.events import BarrierPassed, DownloadsFinished, Reported
from emulator.protocol.files import ClientInput
from emulator.protocol.messages import (
    TRACKER,
    AnyMessage,
    Barrier,
    Close,
    Finished,
    Hit,
    Lost,
    Metadata,
    MetadataAnswer,
    MetadataRequest,
    Miss,
    SegmentRequest,
    Stop,
)
from emulator.protocol.node import ProtocolError
from emulator.protocol.round import Round
from emulator.protocol.terms import Terms
from emulator.protocol.upload import Uploader
from emulator.strategies.peers_first import PeersFirst
from tests.protocol.scripted import Incoming, ScriptedNode, ScriptedUploaders, ScriptEnded, file_of

OWNED = (file_of(3, "file1"), file_of(0, "file2"))
WANTED = file_of(2, "file3")


def test_p1_p2_what_the_input_owns_is_reported_to_the_tracker_and_nothing_else_before_the_signal() -> None:
    node = ScriptedNode(mine=ClientInput(OWNED, ("file3",)))
    with pytest.raises(ScriptEnded, match=r"^nothing more arrives on download at P3$"):
        run_client(node, PeersFirst(), Terms())
    assert node.sent == [("download", Metadata(OWNED), TRACKER)]
    assert node.steps_of(Metadata) == {"P2"}
    assert node.events(Reported) == [Reported(num_files=2)]


def test_p2_a_client_that_owns_nothing_reports_that() -> None:
    node = ScriptedNode(mine=ClientInput((), ("file3",)))
    with pytest.raises(ScriptEnded):
        run_client(node, PeersFirst(), Terms())
    assert node.sent == [("download", Metadata(()), TRACKER)]


def test_p3_the_signal_lets_the_client_go_on_to_its_threads() -> None:
    node = ScriptedNode([(TRACKER, Barrier(1))], mine=ClientInput(OWNED, ("file3",)))
    with pytest.raises(ScriptEnded, match=r"at D1$"):
        run_client(node, PeersFirst(), Terms())
    assert node.events(BarrierPassed) == [BarrierPassed(1)]
    assert node.steps_of(BarrierPassed) == {"P3"}


@pytest.mark.parametrize(
    ("source", "message"), [(TRACKER, Barrier(2)), (2, Barrier(1)), (TRACKER, MetadataAnswer(())), (3, Stop())]
)
def test_p3_anything_else_than_the_first_signal_is_an_error(source: int, message: AnyMessage) -> None:
    node = ScriptedNode([(source, message)], rank=4)
    with pytest.raises(ProtocolError) as caught:
        run_client(node, PeersFirst(), Terms())
    assert str(caught.value) == f"rank 4 at P3: rank {source} sent an unexpected {message!r}"
    assert node.events(BarrierPassed) == []


FROM_TRACKER: list[Incoming] = [
    (TRACKER, Barrier(1)),
    (TRACKER, MetadataAnswer((WANTED,), 1)),
    (TRACKER, Barrier(2)),
]


def test_p4_both_threads_run_on_one_library_and_the_client_ends_with_them() -> None:
    """What is owned is uploaded from the start, and what the download thread got is uploaded as well."""
    asked: list[Incoming] = [
        (2, SegmentRequest("file1", 2)),
        (2, Close()),
        (3, SegmentRequest("file3", 1)),
        (3, SegmentRequest("file3", 2)),
        (TRACKER, Stop()),
    ]
    mine = ClientInput(OWNED, ("file3",))
    uploaders = ScriptedUploaders([WANTED], rounds=[((5,), ())])
    node = ScriptedNode(FROM_TRACKER, asked, mine=mine, answer=uploaders)
    run_client(node, PeersFirst(), Terms())
    assert node.is_exhausted()
    assert node.outputs == [WANTED]
    assert node.sent_to(2) == [Hit("file1", 2, OWNED[0].segment(2))]
    assert node.sent_to(3) == [Hit("file3", 1, WANTED.segment(1)), Miss("file3", 2)]


def test_p4_a_client_that_wants_nothing_still_asks_waits_and_finishes() -> None:
    incoming: list[Incoming] = [(TRACKER, Barrier(1)), (TRACKER, MetadataAnswer((), 1)), (TRACKER, Barrier(2))]
    node = ScriptedNode(incoming, [(TRACKER, Stop())], mine=ClientInput(OWNED))
    run_client(node, PeersFirst(), Terms())
    assert node.sent_to(TRACKER) == [Metadata(OWNED), MetadataRequest(()), Finished()]
    assert len(node.events(DownloadsFinished)) == 1
    assert node.outputs == []


def test_p4_the_strategy_and_the_quota_are_those_that_were_given() -> None:
    quotas: list[int] = []

    class TakesAll:
        """Notes how much a round allows."""

        def run_round(self, round: Round) -> None:
            with round.connect(round.seeds[0]) as connection:
                connection.take_until_miss()
            quotas.append(round.num_taken)

    wanted = file_of(7, "file3")
    incoming = [FROM_TRACKER[0], (TRACKER, MetadataAnswer((wanted,), 1)), FROM_TRACKER[2]]
    uploaders = ScriptedUploaders([wanted], rounds=[((5,), ())])
    node = ScriptedNode(incoming, [(TRACKER, Stop())], mine=ClientInput((), ("file3",)), answer=uploaders)
    run_client(node, TakesAll(), Terms(quota=3))
    assert quotas == [3, 3, 1]


def test_p4_the_upload_thread_is_served_by_the_handler_that_was_given() -> None:
    """It is made on the upload thread's own node, and knows the library that the download thread fills."""
    mine = ClientInput(OWNED, ("file3",))
    node = ScriptedNode(
        FROM_TRACKER,
        [(3, SegmentRequest("file3", 1)), (TRACKER, Stop())],
        mine=mine,
        answer=ScriptedUploaders([WANTED], rounds=[((5,), ())]),
    )

    class Refuses(Uploader):
        """Answers each request with a miss, and with what its client holds as a hit to rank 4."""

        def _answer_segment(self, client: int, asked: SegmentRequest) -> None:
            super()._answer_segment(4, asked)
            self._node.download.send(Miss(asked.file, asked.segment, asked.request), client)

    run_client(node, PeersFirst(), Terms(), Refuses)
    assert node.sent_to(3) == [Miss("file3", 1)]
    assert node.sent_to(4) == [Hit("file3", 1, WANTED.segment(1))]


def test_p3_who_died_before_the_signal_is_not_asked_after_it() -> None:
    incoming = [(5, Lost()), *FROM_TRACKER]
    uploaders = ScriptedUploaders([WANTED], rounds=[((4, 5), ())])
    node = ScriptedNode(incoming, [(TRACKER, Stop())], mine=ClientInput((), ("file3",)), answer=uploaders)
    run_client(node, PeersFirst(), Terms(quota=1))
    assert node.outputs == [WANTED]
    assert node.sent_to(5) == []


@pytest.mark.parametrize(("life", "first"), [(0, 1), (2, 2_000_000_001)])
def test_a_later_life_begins_its_questions_above_those_of_the_earlier_ones(life: int, first: int) -> None:
    node = ScriptedNode([(TRACKER, Barrier(1))])
    with pytest.raises(ScriptEnded):
        run_client(node, PeersFirst(), Terms(life=life))
    assert node.numbers == [first]
