"""The terminal's settings while a screen is drawn on it, and afterwards."""

import os
import pty
import sys
import termios
from pathlib import Path

import pytest

from emulator.view.terminal import KeptTerminal


def settings(descriptor: int) -> list[object]:
    return list(termios.tcgetattr(descriptor))


def test_a_terminal_is_given_back_as_it_was_found(monkeypatch: pytest.MonkeyPatch) -> None:
    leader, follower = pty.openpty()
    with open(leader, "rb", closefd=True), os.fdopen(follower, "w") as stream:
        monkeypatch.setattr(sys, "__stdout__", stream)
        before = settings(follower)
        terminal = KeptTerminal()
        terminal.take()
        flags = settings(follower)[3]
        assert isinstance(flags, int)
        assert flags & termios.NOFLSH, "Ctrl-C would throw away what gives the screen back"
        terminal.give_back()
        assert settings(follower) == before


def test_what_is_no_terminal_is_left_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as stream:
        monkeypatch.setattr(sys, "__stdout__", stream)
        terminal = KeptTerminal()
        terminal.take()
        terminal.give_back()
    assert (tmp_path / "log").read_bytes() == b""


def test_a_terminal_that_was_never_taken_is_not_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "__stdout__", None)
    KeptTerminal().give_back()
