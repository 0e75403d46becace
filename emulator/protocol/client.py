"""The client: P1 … P4."""

from collections.abc import Callable

from emulator.protocol.beyond.uploader import ExtendedUploader
from emulator.protocol.download import Downloader
from emulator.protocol.events import BarrierPassed, Reported
from emulator.protocol.library import Library
from emulator.protocol.messages import TRACKER, Metadata
from emulator.protocol.node import Handler, Node
from emulator.protocol.questions import Questions
from emulator.protocol.round import Strategy
from emulator.protocol.terms import Terms


def run_client(
    node: Node, strategy: Strategy, terms: Terms, make_uploader: Callable[[Node, Library], Handler] = ExtendedUploader
) -> None:
    """The life of a client, from its input file to the end of both its threads.

    `make_uploader` makes the handler of the upload thread, given the thread's node and what the client holds.
    """
    node.step = "P1"
    mine = node.storage.read_input()
    library = Library(mine.owned)

    node.step = "P2"
    node.record(Reported(len(mine.owned)))
    node.download.send(Metadata(mine.owned), TRACKER)

    node.step = "P3"
    questions = Questions(node, terms.patience_s, terms.life, terms.more_s)
    questions.await_barrier(1)
    node.record(BarrierPassed(1))

    node.step = "P4"
    node.run_threads(
        download=lambda node: Downloader(node, questions.moved_to(node), library, mine, strategy, terms).run(),
        upload=lambda node: make_uploader(node, library),
    )
