"""Calling the command: as a process of its own, in this process, or on a terminal."""

import errno
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from emulator.commands.command_line import run_command

TIME_LIMIT_S = 60


def emulate(*arguments: str | Path, **options: Any) -> "subprocess.CompletedProcess[str]":
    """Run the command as a user does; `options` go to `subprocess.run`."""
    settings: dict[str, Any] = {"text": True, "timeout": TIME_LIMIT_S, "stderr": subprocess.PIPE}
    settings["stdout"] = subprocess.PIPE
    return subprocess.run([sys.executable, "-m", "emulator", *map(str, arguments)], **{**settings, **options})


def call(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    """Exit status, stdout and stderr of a call in this process."""
    capsys.readouterr()
    try:
        status = run_command([str(argument) for argument in arguments])
    except SystemExit as end:
        status = int(str(end.code))
    out, err = capsys.readouterr()
    return status, out, err


def on_a_terminal(*arguments: str) -> tuple[int, str]:
    """Exit status and all that a run writes to a terminal."""
    leader, follower = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "30"}
    environment.pop("NO_COLOR", None)
    process = subprocess.Popen(
        [sys.executable, "-m", "emulator", *arguments],
        stdin=follower,
        stdout=follower,
        stderr=follower,
        env=environment,
    )
    os.close(follower)
    shown = b""
    try:
        while chunk := _read(leader):
            shown += chunk
    finally:
        os.close(leader)
    return process.wait(TIME_LIMIT_S), shown.decode()


def _read(leader: int) -> bytes:
    try:
        return os.read(leader, 65536)
    except OSError as error:
        # How Linux says that nobody has the terminal open any more.
        if error.errno != errno.EIO:
            raise
        return b""
