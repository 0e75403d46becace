"""An observer that does what it should not."""

import os
from collections.abc import Sequence

from emulator.trace.records import Record
from tests.engines.swarms import Recorder


class Rude(Recorder):
    """An observer that raises, or sends this process a signal, when it is told something."""

    interval_s: float | None = 0.0

    def __init__(self, at: str, error: BaseException | None = None, signum: int | None = None) -> None:
        super().__init__()
        self._at = at
        self._error = error
        self._signum = signum

    def _be_rude(self, at: str) -> None:
        if at != self._at:
            return
        if self._signum is not None:
            os.kill(os.getpid(), self._signum)
        if self._error is not None:
            raise self._error

    def begin(self) -> None:
        super().begin()
        self._be_rude("begin")

    def observe(self, records: Sequence[Record]) -> None:
        super().observe(records)
        self._be_rude("observe")

    def tick(self) -> None:
        self._be_rude("tick")

    def end(self) -> None:
        super().end()
        self._be_rude("end")
