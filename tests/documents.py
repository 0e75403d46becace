"""Running the commands that README and docs show, in a copy of the package."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def make_checkout(folder: Path) -> Path:
    """Copy what the commands need into `folder`, where they may leave files behind."""
    for name in ("emulator", "samples", "benchmarks", "tests"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    commands = folder / "bin"
    commands.mkdir()
    for name, call in (("python", ""), ("emulator", "-m emulator")):
        (commands / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {call} "$@"\n')
        (commands / name).chmod(0o755)
    return folder


def shell(command: str, folder: Path) -> str:
    """Run a command in a checkout and return its stdout. It must succeed and print nothing to stderr."""
    environment = {**os.environ, "PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "PYTHONPATH": str(folder)}
    done = subprocess.run(
        ["bash", "-ec", command], cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, ""), f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout
