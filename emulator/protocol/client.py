"""The client: P1 … P4."""

from emulator.protocol.download import Downloader, await_barrier
from emulator.protocol.events import Reported
from emulator.protocol.library import Library
from emulator.protocol.messages import TRACKER, Metadata
from emulator.protocol.node import Node
from emulator.protocol.round import Strategy
from emulator.protocol.upload import Uploader


def run_client(node: Node, strategy: Strategy, quota: int) -> None:
    """The life of a client, from its input file to the end of both its threads."""
    node.step = "P1"
    mine = node.storage.read_input()
    library = Library(mine.owned)

    node.step = "P2"
    node.record(Reported(len(mine.owned)))
    node.download.send(Metadata(mine.owned), TRACKER)

    node.step = "P3"
    await_barrier(node, 1)

    node.step = "P4"
    node.run_threads(
        download=lambda node: Downloader(node, library, mine.wanted, strategy, quota).run(),
        upload=lambda node: Uploader(node, library),
    )
