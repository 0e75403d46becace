"""Short traces, and reading the casts that are made of them."""

import json
import re
from pathlib import Path

from emulator.protocol.events import RoundBegan
from emulator.replay.player import Player
from emulator.trace.records import Record
from tests.checker.histories import HandWritten
from tests.replay.traces import read

SIZE = (80, 24)
Event = tuple[float, str, str]


def make_history(*times_s: float) -> HandWritten:
    """Client 1 begins a round at each of these times."""
    history = HandWritten(1, events=None)
    history.records = [
        Record(time_s, 1, "download", "D3", RoundBegan("file1", number, (), ()))
        for number, time_s in enumerate(times_s, 1)
    ]
    return history


def make_player(folder: Path, *times_s: float, speed: float = 1.0) -> Player:
    return Player(read(make_history(*times_s).write(folder / "t.jsonl")), speed)


def read_cast(path: Path) -> tuple[dict[str, object], list[Event]]:
    """A cast, read as its specification says: a header, then events whose times never go back."""
    first, *lines = path.read_text(encoding="utf-8").splitlines()
    header = json.loads(first)
    assert header["version"] == 2
    assert isinstance(header["width"], int)
    assert isinstance(header["height"], int)
    events = [json.loads(line) for line in lines]
    for event in events:
        time_s, kind, data = event
        assert isinstance(time_s, int | float)
        assert kind == "o"
        assert isinstance(data, str)
    assert [event[0] for event in events] == sorted(event[0] for event in events)
    return header, [tuple(event) for event in events]


def screens(events: list[Event], height: int) -> list[tuple[float, list[str]]]:
    """What a terminal shows after each event: whole lines are put at places, in colours that do not matter here."""
    shown = [""] * height
    found = []
    for time_s, _, data in events:
        for row, text in re.findall(r"\x1b\[([0-9]+);1H(.*?)(?=\x1b\[[0-9]+;[0-9]+H|$)", data, re.DOTALL):
            shown[int(row) - 1] = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text).rstrip()
        found.append((time_s, list(shown)))
    return found
