"""A web server for one page, for browsers on this machine alone.

Its address has a word that cannot be guessed: other users of the machine can reach the port, but not the page. Requests
by another name than this machine's own are refused, so that no web page from elsewhere can ask for it (DNS rebinding).
"""

import secrets
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from emulator.errors import EmulatorError
from emulator.serving.feed import Feed

HOST = "127.0.0.1"
TOKEN_BYTES = 12
HEADER_PATIENCE_S = 2.0
WAITING = """<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="1">
<title>Waiting</title></head><body><h1>Waiting for the trace to begin</h1></body></html>"""

MakePage = Callable[[], bytes | None]
"""The document; None where it cannot be made yet."""


class PageServer(ThreadingHTTPServer):
    """Serves a page at `url`, and what its feed has, if there is one."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port: int, make_page: MakePage, feed: Feed | None = None) -> None:
        """Raises `EmulatorError` where the port, or any where it is 0, cannot be used."""
        self.make_page = make_page
        self.feed = feed
        self.token = secrets.token_urlsafe(TOKEN_BYTES)
        try:
            super().__init__((HOST, port), _Handler)
        except (OSError, OverflowError) as error:
            raise EmulatorError(f"port {port} cannot be used ({error}); choose another --port") from error

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.server_port}/{self.token}/"


class _Handler(BaseHTTPRequestHandler):
    server: PageServer
    protocol_version = "HTTP/1.0"
    server_version = "emulator"
    sys_version = ""

    def do_GET(self) -> None:
        own_names = {f"{name}:{self.server.server_port}" for name in (HOST, "localhost")}
        if self.headers.get("Host") not in own_names:
            self.send_error(HTTPStatus.FORBIDDEN)
        elif self.path == f"/{self.server.token}/":
            self._send_page()
        elif self.path == f"/{self.server.token}/events" and self.server.feed is not None:
            self._send_events(self.server.feed)
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    def _send_page(self) -> None:
        page = self.server.make_page()
        self._begin("text/html; charset=utf-8")
        self.wfile.write(WAITING.encode() if page is None else page)

    def _send_events(self, feed: Feed) -> None:
        """Server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html"""
        self._begin("text/event-stream")
        try:
            for piece in feed.pieces():
                self.wfile.write(b": \n\n" if piece is None else f"data: {piece}\n\n".encode())
            self.wfile.write(b"event: over\ndata:\n\n")
        except OSError:
            pass  # the browser has left

    def _begin(self, kind: str) -> None:
        self.send_response(HTTPStatus.OK)
        for name, value in (
            ("Content-Type", kind),
            ("Cache-Control", "no-store"),
            ("Referrer-Policy", "no-referrer"),
            ("X-Content-Type-Options", "nosniff"),
            ("Content-Security-Policy", "frame-ancestors 'none'"),
        ):
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing: the terminal is the user's."""
