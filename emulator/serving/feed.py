"""What the browsers that look at a growing trace get: the page's data, piece by piece as it comes."""

import base64
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from emulator.checker.checker import check_trace
from emulator.errors import EmulatorError
from emulator.protocol.events import AnyEvent
from emulator.serving.growing import GrowingSource
from emulator.trace.format import Header, Stamp
from emulator.view.page.block import frame
from emulator.view.page.report import PageTrace

PATIENCE_S = 15.0
"""After so long without anything new, a browser is told that the connection still lives."""


class Feed:
    """Reads a trace in a thread of its own. Any number of browsers take the pieces, each from the first one on."""

    def __init__(self, path: Path) -> None:
        self.header: Header | None = None
        """None until the trace has begun."""
        self._source = GrowingSource(path)
        self._pieces: list[str] = []
        self._is_over = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._read, name="feed", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wait_for_header(self, patience_s: float) -> Header | None:
        with self._changed:
            self._changed.wait_for(lambda: self.header is not None or self._is_over, patience_s)
        return self.header

    def pieces(self) -> Iterator[str | None]:
        """Every piece there is and will be; None where nothing has come for long."""
        number = 0
        while True:
            new, is_over = self._after(number)
            if new:
                yield from new
            elif is_over:
                return
            else:
                yield None
            number += len(new)

    def _after(self, number: int) -> tuple[list[str], bool]:
        """The pieces after so many, waited for if there are none yet, and whether there will be no more."""
        with self._changed:
            self._changed.wait_for(lambda: number < len(self._pieces) or self._is_over, PATIENCE_S)
            return self._pieces[number:], self._is_over

    def _read(self) -> None:
        try:
            with _FollowedTrace(self._source, self._put, is_growing=True) as trace:
                with self._changed:
                    self.header = trace.header
                    self._changed.notify_all()
                trace.judge(check_trace(trace))
        except (EmulatorError, OSError) as error:
            self._put(frame(msgspec.json.encode({"problem": str(error)})))
        with self._changed:
            self._is_over = True
            self._changed.notify_all()

    def _put(self, data: bytes) -> None:
        compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        piece = base64.b64encode(compressor.compress(data) + compressor.flush()).decode()
        with self._changed:
            self._pieces.append(piece)
            self._changed.notify_all()


class _FollowedTrace(PageTrace):
    """A page's trace whose events are passed on as soon as they are read."""

    source: GrowingSource

    def __iter__(self) -> Iterator[tuple[int, list[Stamp], list[AnyEvent]]]:
        for block in super().__iter__():
            self.end_block()
            yield block
            if self.end is not None:
                self.source.is_whole = True
