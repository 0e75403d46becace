"""The segments: a strip for each file that a client wants."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from rich.cells import cell_len
from rich.text import Text

from emulator.trace.statistics import SwarmStatistics
from emulator.trace.statistics.client import FROM_PEER, FROM_SEED, OWNED, ClientStatistics, Progress
from emulator.view.dashboard.clients import interesting_first
from emulator.view.dashboard.drawing import GIVEN_UP, SHADES, Lines, fit
from emulator.view.dashboard.facts import Facts
from emulator.view.text import printable

SOURCES = {FROM_PEER: ("█", "cyan"), FROM_SEED: ("▓", "yellow"), OWNED: ("■", "blue")}
"""A segment that is there, by its source; the signs differ without colours, too."""
MIN_MAP = 6
NAMED_MAP = 16
"""Columns that a file's strip needs; and from which on the file's name stands before it."""


def maps_panel(
    statistics: SwarmStatistics,
    facts: Facts,
    width: int,
    height: int,
    silent: Mapping[int, float] = MappingProxyType({}),
) -> Lines:
    """A strip for each file that a client wants: the segments that are there, by source."""
    title = Text.assemble(("segments  ", "bold"))
    for source, name in ((FROM_PEER, "peers"), (FROM_SEED, "seeds")):
        symbol, style = SOURCES[source]
        title.append(f"{symbol} from {name}  ", style)
    title.append(f"{SHADES[1]}{SHADES[2]} some  {SHADES[0]} none", "dim")
    clients = statistics.clients
    if len(clients) > height - 1:
        clients = interesting_first(statistics, facts, silent)[: max(0, height - 1)]
    return [fit(title, width), *(_map_line(client, facts.wanted[client.rank - 1], width) for client in clients)]


def _map_line(client: ClientStatistics, wanted: Sequence[str], width: int) -> Text:
    """All wanted files if they fit, else the current or last one."""
    text = Text(f"{client.rank:>6} ", "dim" if client.is_dead else "")
    if not wanted:
        return fit(text.append("wants nothing", "dim"), width)
    each = (width - 7) // len(wanted) - 1
    if each < MIN_MAP:
        last = client.downloading or next(reversed(client.files), wanted[0])
        wanted, each = [last], width - 8
    names = [printable(file) for file in wanted]
    name_width = max(map(cell_len, names))
    if each < NAMED_MAP or name_width > each // 2:
        name_width = 0
    for file, name in zip(wanted, names, strict=True):
        if name_width:
            text.append_text(fit(Text(name, "bold" if file == client.downloading else "dim"), name_width))
            text.append(" ")
        progress = client.files.get(file)
        cells = max(1, each - name_width - bool(name_width))
        if file in client.unavailable:
            text.append(*GIVEN_UP)
            cells -= 1
        text.append_text(strip(progress, cells) if progress else Text(SHADES[0] * cells, "dim"))
        text.append(" ")
    return fit(text, width)


def strip(progress: Progress, width: int) -> Text:
    """A file's segments in `width` cells: for each cell, how many are there, and the source of most of them."""
    num_segments = progress.num_segments
    text = Text()
    for cell in range(width if num_segments else 0):
        first = cell * num_segments // width
        part = progress.present[first : max(first + 1, (cell + 1) * num_segments // width)]
        num_missing = part.count(0)
        if num_missing == len(part):
            text.append(SHADES[0], "dim")
            continue
        symbol, style = SOURCES[max(SOURCES, key=part.count)]
        text.append(symbol if not num_missing else SHADES[1 if num_missing * 2 > len(part) else 2], style)
    return text
