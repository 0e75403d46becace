"""Clients that arrive late, and clients that depart."""

import pytest

from emulator.protocol.download import Downloader
from emulator.protocol.events import (
    Arrived,
    BarrierPassed,
)
from emulator.protocol.files import ClientInput
from emulator.protocol.library import Library
from emulator.protocol.messages import (
    TRACKER,
    Barrier,
    Finished,
    Leave,
    MetadataAnswer,
    SwarmRequest,
)
from emulator.protocol.questions import Questions
from emulator.protocol.terms import Terms
from emulator.strategies.peers_first import PeersFirst
from tests.protocol.downloads import ONE_SEED, run_download
from tests.protocol.scripted import (
    Outgoing,
    Recorded,
    ScriptedNode,
    ScriptedUploaders,
    Slept,
    file_of,
)


def test_d3_a_client_that_arrives_later_waits_after_the_second_signal() -> None:
    node = run_download([file_of(1)], terms=Terms(arrives_s=2.5))
    (arrived,) = [place for place, entry in enumerate(node.log) if entry == Recorded("D3", Arrived())]
    assert node.log[arrived - 2 : arrived] == [Recorded("D2", BarrierPassed(2)), Slept(2.5)]
    assert SwarmRequest("file1") in node.sent_to(TRACKER)


def test_d3_a_client_that_is_there_from_the_start_does_not_arrive() -> None:
    assert run_download([file_of(1)]).events(Arrived) == []


@pytest.mark.parametrize("stays_s", [0.0, 3.0])
def test_d8_a_client_that_departs_leaves_after_its_stay_and_holds_nothing_any_more(stays_s: float) -> None:
    node = ScriptedNode(
        [(TRACKER, MetadataAnswer((file_of(1),), 1)), (TRACKER, Barrier(2))],
        answer=ScriptedUploaders([file_of(1)], ONE_SEED),
    )
    library, terms = Library(), Terms(stays_s=stays_s)
    Downloader(node, Questions(node, None), library, ClientInput((), ("file1",)), PeersFirst(), terms).run()
    assert node.log[-3:] == [
        Outgoing("D8", "download", Finished(), TRACKER),
        Slept(stays_s),
        Outgoing("D8", "download", Leave(), TRACKER),
    ]
    assert library.get("file1", 0) is None


def test_d8_owners_of_files_never_depart() -> None:
    node = run_download([file_of(1)], owned=[file_of(2, "file2")], terms=Terms(stays_s=0.0))
    assert node.sent_to(TRACKER)[-1] == Finished()
    assert node.sleeps == []
