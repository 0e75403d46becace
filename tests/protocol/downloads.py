"""Download threads for tests, among a tracker and uploaders that answer by a script."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat

import pytest

from emulator.protocol.download import Downloader
from emulator.protocol.files import ClientInput, FileMetadata
from emulator.protocol.library import Library
from emulator.protocol.messages import (
    TRACKER,
    Barrier,
    MetadataAnswer,
)
from emulator.protocol.node import ProtocolError
from emulator.protocol.questions import Questions
from emulator.protocol.terms import Terms
from emulator.strategies.peers_first import PeersFirst
from tests.protocol.scripted import (
    Incoming,
    ScriptedNode,
    ScriptedUploaders,
    ScriptEnded,
)

SEED, PEER = 5, 2
TRY_AGAIN = repeat((0, ()))
"""What the tracker answers however often a client is stuck."""
NOBODY: list[tuple[tuple[int, ...], tuple[int, ...]]] = [((), ())]
ONE_SEED: list[tuple[tuple[int, ...], tuple[int, ...]]] = [((SEED,), ())]


def make_downloader(node: ScriptedNode, mine: ClientInput, terms: Terms) -> Downloader:
    questions = Questions(node, terms.patience_s, terms.life)
    return Downloader(node, questions, Library(mine.owned), mine, PeersFirst(), terms)


def run_download(
    files: Sequence[FileMetadata],
    *,
    rounds: Sequence[tuple[tuple[int, ...], tuple[int, ...]]] = ONE_SEED,
    visits: Iterable[str] = (),
    owned: Iterable[FileMetadata] = (),
    advice: Iterable[tuple[int, tuple[int, ...]]] = (),
    left: Mapping[str, list[tuple[int, str]]] | None = None,
    quota: int = 10,
    terms: Terms | None = None,
) -> ScriptedNode:
    """The whole life of a download thread that wants these files, among uploaders that follow a script."""
    node = ScriptedNode(
        [(TRACKER, MetadataAnswer(tuple(files), 1)), (TRACKER, Barrier(2))],
        left=left,
        answer=ScriptedUploaders(files, rounds, visits, advice=advice),
    )
    mine = ClientInput(tuple(owned), tuple(metadata.name for metadata in files))
    make_downloader(node, mine, terms or Terms(quota)).run()
    assert node.is_exhausted()
    return node


def run_until_waiting(incoming: Iterable[Incoming], wanted: Sequence[str] = ("file1",)) -> ScriptedNode:
    """A download thread that has got exactly these messages, and waits for another one."""
    node = ScriptedNode(incoming, rank=1)
    with pytest.raises(ScriptEnded):
        make_downloader(node, ClientInput((), tuple(wanted)), Terms()).run()
    return node


def fail(incoming: Iterable[Incoming], wanted: Sequence[str] = ("file1",)) -> str:
    """The text of the error that these messages lead to."""
    node = ScriptedNode(incoming, rank=1)
    with pytest.raises(ProtocolError) as caught:
        make_downloader(node, ClientInput((), tuple(wanted)), Terms()).run()
    return str(caught.value)
