"""The dashboard: the whole screen, laid out for its size. A pure function of statistics, facts, rates and a size."""

from collections.abc import Mapping
from itertools import zip_longest

from rich.console import Group
from rich.text import Text

from emulator.trace.statistics import SwarmStatistics
from emulator.trace.statistics.rates import Rates
from emulator.view.dashboard.clients import clients_panel
from emulator.view.dashboard.crowd import crowd_panel
from emulator.view.dashboard.drawing import CAME_BACK, GIVEN_UP, Lines, fit, line
from emulator.view.dashboard.facts import Facts, lacking, silences
from emulator.view.dashboard.head import header
from emulator.view.dashboard.segments import maps_panel
from emulator.view.dashboard.swarms import files_line, load_panel, matrix_panel, swarms, tracker_panel
from emulator.view.sentences import sentence
from emulator.view.text import printable

WIDE = 110
"""Columns from which on the tracker and the matrix of who serves whom stand beside the clients."""
SIDE_WIDTHS = 30, 56
"""Narrowest and widest side column; it takes a quarter of the screen between them."""
CROWD = 30
"""Clients from which on the panel of all of them is shown, too."""
FEW = 16
"""Clients up to which a narrow screen has who serves whom beside the segments."""
MIN_FEED = 3
MIN_BODY = 12
"""Lines from which on a narrow screen has a line about the files, however many clients there are."""
LEGEND = "● seed  ◐ peer  ○ leecher  ← takes from  conn: connections  load: what it gave"
LEGEND_OF_LOSSES = (
    f"● seed  ◐ peer  ○ leecher  {GIVEN_UP[0]} given up  {CAME_BACK[0]} came back  ← takes from  load: gave"
)


def dashboard(
    statistics: SwarmStatistics, facts: Facts, rates: Rates, elapsed_s: float, width: int, height: int
) -> Group:
    """Exactly `height` lines of `width` cells; if there is little room, what matters most."""
    silent = silences(statistics, elapsed_s, facts.patience_s)
    lines = header(statistics, facts, rates, elapsed_s, width, len(silent))
    if len(statistics.clients) >= CROWD and height >= 16:
        lines += crowd_panel(statistics, facts, width)
    layout = _wide if width >= WIDE else _narrow
    lines += layout(statistics, facts, rates, silent, width, height - len(lines) - 1)
    lines = lines[: height - 1]
    lines += [fit(Text(), width) for _ in range(height - 1 - len(lines))]
    has_losses = any(client.is_lacking or client.num_restarts for client in statistics.clients)
    return Group(*lines, fit(line(LEGEND_OF_LOSSES if has_losses else LEGEND, "dim"), width))


def _narrow(
    statistics: SwarmStatistics, facts: Facts, rates: Rates, silent: Mapping[int, float], width: int, room: int
) -> Lines:
    """Clients, then files and segments where there is room, then the feed."""
    num_clients = len(statistics.clients)
    num_below = MIN_FEED + 1 + (room >= MIN_BODY)
    lines = clients_panel(statistics, facts, rates, width, min(num_clients + 1, max(4, room - num_below)), silent)
    if room - len(lines) > MIN_FEED + 1:
        lines.append(files_line(statistics, width))
    left = room - len(lines) - MIN_FEED - 1
    if left > num_clients and num_clients <= FEW:
        beside = num_clients + 7
        maps = maps_panel(statistics, facts, width - beside - 2, num_clients + 1, silent)
        matrix = matrix_panel(statistics, beside, left, has_title=False)
        lines += _beside(maps, width - beside - 2, matrix, beside)
    elif left >= 4:
        lines += maps_panel(statistics, facts, width, min(num_clients + 1, left), silent)
    return lines + _feed(statistics, width, room - len(lines))


def _wide(
    statistics: SwarmStatistics, facts: Facts, rates: Rates, silent: Mapping[int, float], width: int, room: int
) -> Lines:
    """Clients with the tracker and who serves whom beside them, then segments, then the feed."""
    num_clients = len(statistics.clients)
    side_width = min(max(width // 4, SIDE_WIDTHS[0]), SIDE_WIDTHS[1])
    main = width - side_width - 2
    most = room - MIN_FEED - 1
    if 2 * (num_clients + 1) > most:
        most = room * 3 // 5  # the segments do not fit below the clients: leave room for them
    upper = min(max(num_clients + 8, 16), max(6, most))
    num_files = min(len(swarms(statistics)), max(1, upper // 3))
    tracker = tracker_panel(statistics, side_width, 3 + num_files)
    side = tracker + load_panel(statistics, side_width, upper - len(tracker))
    left = clients_panel(statistics, facts, rates, main, min(num_clients + 1, upper), silent)
    has_maps = num_clients < upper - len(left)
    if has_maps:
        left += maps_panel(statistics, facts, main, num_clients + 1, silent)
    lines = _beside(left, main, side[:upper], side_width)
    rest = room - len(lines) - MIN_FEED - 1
    if not has_maps and rest >= 2:
        lines += maps_panel(statistics, facts, width, min(num_clients + 1, rest), silent)
    return lines + _feed(statistics, width, room - len(lines))


def _beside(left: Lines, left_width: int, right: Lines, right_width: int) -> Lines:
    return [
        fit(
            Text.assemble(here or fit(Text(), left_width), "  ", there or fit(Text(), right_width)),
            left_width + 2 + right_width,
        )
        for here, there in zip_longest(left, right)
    ]


def _feed(statistics: SwarmStatistics, width: int, room: int) -> Lines:
    """What happened last, the latest at the bottom."""
    if room < 2:
        return []
    without = lacking(statistics)
    told = [(record, text) for record in statistics.recent if (text := sentence(record, without))]
    lines = [fit(Text("what happened last", "bold"), width)]
    for record, text in sorted(told, key=lambda pair: pair[0].time_s)[-(room - 1) :]:
        entry = Text.assemble((f"{record.time_s:9.4f} ", "dim"), (f"{record.step:3}", "magenta"), printable(text))
        lines.append(fit(entry, width))
    return lines
