"""Events in plain sentences."""

from typing import get_args

import pytest

from emulator.protocol.events import (
    AnyEvent,
    Arrived,
    ClientFinished,
    ClientLeft,
    Died,
    DownloadsFinished,
    FaultBegan,
    FaultEnded,
    FileUnavailable,
    MessageFaulted,
    Restarted,
)
from emulator.protocol.messages import Close
from emulator.view.sentences import sentence
from tests.view.screens import record

SENTENCES: list[tuple[int, AnyEvent, str]] = [
    (3, Died("was killed by SIGKILL"), "client 3 is dead: it was killed by SIGKILL"),
    (0, Died("was killed"), "the tracker is dead: it was killed"),
    (3, Restarted(True), "client 3 is started again with what it had on its disk"),
    (3, Restarted(False), "client 3 is started again without what it had on its disk"),
    (3, Arrived(), "client 3 comes to the swarm"),
    (0, ClientLeft(3), "the tracker takes client 3 out of all swarms: it has departed"),
    (3, FileUnavailable("file1", 4, 1), "client 3 gives up file1 with 4 segments: nobody has 1 segment of it"),
    (3, FileUnavailable("file1", 0, 0), "client 3 gives up file1 with 0 segments: nobody can tell of it"),
    (0, FaultBegan("drop 10% of messages"), "fault begins: drop 10% of messages"),
    (0, FaultEnded("drop 10% of messages"), "fault ends: drop 10% of messages"),
    (3, MessageFaulted("dropped", "upload", 1, Close()), "Close from client 3 to client 1 is dropped on its way"),
    (0, MessageFaulted("delayed", "upload", 1, Close()), "Close from the tracker to client 1 is delayed on its way"),
]


@pytest.mark.parametrize(("rank", "event", "text"), SENTENCES)
def test_what_goes_wrong_is_said_in_a_sentence(rank: int, event: AnyEvent, text: str) -> None:
    assert sentence(record(1.0, rank, event)) == text


def test_who_has_given_files_up_has_not_everything_it_wanted() -> None:
    for lacking, what in ((), "wanted"), ({3}, "can get"):
        assert sentence(record(1.0, 3, DownloadsFinished()), lacking) == f"client 3 has everything it {what}"
    assert (
        sentence(record(1.0, 0, ClientFinished(3)), {3}) == "the tracker learns that client 3 has everything it can get"
    )
    assert sentence(record(1.0, 0, ClientFinished(3)), {2}) == "the tracker learns that client 3 has everything"


def test_every_fate_has_its_sentence() -> None:
    fates = {"Died", "Restarted", "Arrived", "ClientLeft", "FileUnavailable", "MessageFaulted"}
    kinds = {kind.__name__ for kind in get_args(AnyEvent)}
    assert {type(event).__name__ for _, event, _ in SENTENCES} == fates | {kind for kind in kinds if "Fault" in kind}
