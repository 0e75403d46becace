"""The one file of a page: HTML that names all it will run, the page's own code, and the data, compressed.

The file needs no network, and its Content-Security-Policy lets it have none. Scripts and styles are allowed by their
hashes alone, so that nothing from a trace can ever become one.
"""

import base64
import hashlib
import html
import zlib
from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from emulator.view.page.bundle import bundle, read_source
from emulator.view.page.dense import GROUP, dense_end, dense_text

LEVEL = 7
"""Of compression: 9 takes twice as long for one part in a hundred."""

Write = Callable[[bytes], object]


class Frame(NamedTuple):
    """What surrounds the data in a document."""

    head: bytes
    tail: bytes


def make_frame(
    title: str, summary: str, *, mains: Sequence[str] = ("main.mjs",), markup: str = "page.html", connects: bool = False
) -> Frame:
    """The HTML before and after the data. `summary` is for a reader without scripts.

    `connects` lets the page ask the server that it comes from for more.
    """
    boot, script, style = read_source("boot.js"), bundle(*mains), read_source("page.css")
    policy = "; ".join(
        (
            "default-src 'none'",
            f"script-src {_hash(boot)} {_hash(script)}",
            f"style-src {_hash(style)}",
            "connect-src 'self'" if connects else "connect-src 'none'",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
    code = dense_end(_deflate(msgspec.json.encode({"markup": read_source(markup), "style": style, "script": script})))
    head = _TOP.format(policy=policy, title=html.escape(title), summary=html.escape(summary))
    head += f'<script id="code" type="application/octet-stream">{code}</script>\n'
    head += '<script id="data" type="application/octet-stream">'
    return Frame(head.encode(), f"</script>\n<script>{boot}</script>\n</body>\n</html>\n".encode())


_TOP = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{title}</title>
</head>
<body>
<div id="plain"><h1>{title}</h1><p>{summary}</p></div>
"""


class DataWriter:
    """Writes the data of a document, compressed and as text, piece by piece."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._compressor = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
        self._rest = b""

    def put(self, data: bytes) -> None:
        data = self._rest + self._compressor.compress(data)
        end = len(data) - len(data) % GROUP
        self._write(dense_text(data[:end]).encode())
        self._rest = data[end:]

    def close(self) -> None:
        self._write(dense_end(self._rest + self._compressor.flush()).encode())


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _deflate(data: bytes) -> bytes:
    compressor = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return compressor.compress(data) + compressor.flush()
