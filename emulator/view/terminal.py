"""The terminal, given back as it was found."""

import contextlib
import select
import sys
import termios

UNDO_SCREEN = b"\x1b[?1049l\x1b[?25h"
"""Leaves the alternate screen and shows the cursor again."""


class KeptTerminal:
    """Remembers a terminal's settings while a screen is drawn on it."""

    def __init__(self) -> None:
        self._kept: list[object] | None = None

    def take(self) -> None:
        """Keep what was written but not shown yet: on Ctrl-C a terminal's driver would throw it away."""
        with contextlib.suppress(termios.error, OSError, ValueError):
            descriptor = sys.__stdout__.fileno()  # type: ignore[union-attr]
            self._kept = termios.tcgetattr(descriptor)
            changed = termios.tcgetattr(descriptor)
            changed[3] |= termios.NOFLSH
            termios.tcsetattr(descriptor, termios.TCSANOW, changed)

    def is_ready(self) -> bool:
        """Whether a write returns at once; also true if this is no terminal."""
        if self._kept is None:
            return True
        with contextlib.suppress(OSError, ValueError):
            return bool(select.select([], [sys.__stdout__.fileno()], [], 0)[1])  # type: ignore[union-attr]
        return True

    def give_back(self) -> None:
        if self._kept is not None:
            with contextlib.suppress(termios.error, OSError, ValueError):
                termios.tcsetattr(sys.__stdout__.fileno(), termios.TCSADRAIN, self._kept)  # type: ignore[union-attr, arg-type]
            self._kept = None
