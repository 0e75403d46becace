"""The page of a run that is going on, and its server."""

from pathlib import Path

from emulator.serving.feed import Feed
from emulator.serving.server import HEADER_PATIENCE_S, PageServer
from emulator.view.page.report import live_page


def follow(path: Path, port: int) -> PageServer:
    """A server that shows a trace while it is being written, and follows it in a thread. The caller serves."""
    feed = Feed(path)

    def make_page() -> bytes | None:
        header = feed.wait_for_header(HEADER_PATIENCE_S)
        return live_page(path, header) if header else None

    server = PageServer(port, make_page, feed)
    feed.start()
    return server
