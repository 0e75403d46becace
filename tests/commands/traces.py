"""A good trace, and how it is damaged."""

from pathlib import Path

import pytest

from emulator.checker import rules
from emulator.checker.rules import RULES

Capture = pytest.CaptureFixture[str]
ALL = len(RULES)
WITHOUT_INPUTS = ALL - 1
NOT_EXERCISED = {
    rules.DEATHS,
    rules.LOST_ARE_NOT_ASKED,
    rules.PEERS_FIRST_RULE,
    rules.TWO_MISSES,
    rules.TRUE_HOLDINGS,
    rules.TRULY_LOST,
}
"""A run of one downloader gives no occasion for these."""
HASHES = ["0a" * 16, "0b" * 16, "0c" * 16]

has_full_device = pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
BROKEN = "  this program never sends a close"
CONCLUSION = f"invalid: {ALL - 7} of {ALL} rules of the protocol are valid, 1 invalid, 6 not exercised, over "


def edited(trace: Path, folder: Path, *dropped: str) -> tuple[Path, list[str]]:
    """A copy of a trace without the lines that contain any of these, and the lines that are left."""
    lines = [line for line in trace.read_text().splitlines() if not any(text in line for text in dropped)]
    path = folder / "edited.jsonl"
    path.write_text("\n".join(lines) + "\n")
    return path, lines


def number_of(lines: list[str], *parts: str) -> int:
    """The number of the one line that contains all of these."""
    (number,) = (number for number, line in enumerate(lines, 1) if all(part in line for part in parts))
    return number


def without_closes(trace: Path, folder: Path) -> tuple[Path, list[str], list[int]]:
    """A run in which client 2 never closed its connection; and the lines that show it."""
    path, lines = edited(trace, folder, '"Close"')
    opened = number_of(lines, '"Received"', f'["Hit","notes",0,"{HASHES[0]}"')
    ended = number_of(lines, '"Sent"', '["FileCompleted","notes"]')
    return path, lines, [opened, ended]
