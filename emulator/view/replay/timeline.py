"""The time line of a replay: the whole run in one line."""

from bisect import bisect_right
from itertools import groupby
from operator import itemgetter

from rich.text import Text

from emulator.replay.index import MarkKind
from emulator.replay.player import Player

MARKS: dict[MarkKind, tuple[str, str]] = {
    "miss": ("·", "red"),
    "completion": ("◆", "green"),
    "fault": ("!", "bold yellow"),
    "death": ("†", "bold red"),
    "violation": ("✗", "bold red"),
}
"""If several marks fall on one cell, the last of them in this table is shown."""


def time_line(player: Player, width: int) -> Text:
    """What has been, where the replay is, what is to come, and the marks of what happened."""
    recording = player.recording
    cells = max(1, width)
    duration_s = recording.duration_s or 1.0
    here = min(int(player.now_s / duration_s * cells), cells - 1)
    marks: dict[int, MarkKind] = {}
    for kind in MARKS:
        for cell in _cells(player, kind, cells, duration_s):
            marks[cell] = kind
    styled: list[tuple[str, str]] = []
    for cell in range(cells):
        if cell in marks:
            symbol, style = MARKS[marks[cell]]
        else:
            symbol, style = ("━", "cyan") if cell < here else ("┃", "bold") if cell == here else ("─", "dim")
        styled.append((f"{style} reverse" if cell == here else style, symbol))
    # One span for a stretch of cells of one style: a cast writes every span.
    stretches = groupby(styled, key=itemgetter(0))
    return Text.assemble(*(("".join(symbol for _, symbol in stretch), style) for style, stretch in stretches))


def _cells(player: Player, kind: MarkKind, cells: int, duration_s: float) -> set[int]:
    recording = player.recording
    marks = player.marks(kind)

    def cell_of(position: int) -> int:
        return min(int(recording.time_at(position) / duration_s * cells), cells - 1)

    found: set[int] = set()
    at = 0
    # Jump from each mark to the first one in a later cell: there may be a million marks, and there are few cells.
    while at < len(marks):
        found.add(cell_of(marks[at]))
        at = bisect_right(marks, cell_of(marks[at]), lo=at, key=cell_of)
    return found
