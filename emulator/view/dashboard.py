"""The dashboard: the whole screen, laid out for its size. A pure function of statistics, facts, rates and a size."""

from collections import deque
from itertools import zip_longest

from rich.console import Group
from rich.text import Text

from emulator.trace.statistics import SwarmStatistics
from emulator.view import panels
from emulator.view.panels import Facts, Lines, Rates, fit

WIDE = 110
"""From so many columns on, the tracker and who serves whom stand beside the clients."""
SIDE_WIDTH = 44
CROWD = 30
"""From so many clients on, they are also shown all at once."""
LEAST_FEED = 3
RATE_WINDOW_S = 1.0


class RateMeter:
    """Rates of the last second, from statistics that are looked at now and then."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, int, list[int], list[int]]] = deque()

    def sample(self, now_s: float, statistics: SwarmStatistics) -> Rates:
        """Look at the statistics at this time, and tell the rates since about a second before."""
        clients = statistics.clients
        got, given = [client.num_got for client in clients], [client.num_given for client in clients]
        samples = self._samples
        if samples and now_s < samples[-1][0]:
            samples.clear()  # a replay went back
        samples.append((now_s, statistics.num_transferred, got, given))
        while len(samples) > 2 and now_s - samples[1][0] >= RATE_WINDOW_S:
            samples.popleft()
        then_s, total, got_then, given_then = samples[0]
        span_s = now_s - then_s
        if span_s <= 0:
            return Rates(0.0, [0.0] * len(clients), [0.0] * len(clients))
        return Rates(
            (samples[-1][1] - total) / span_s,
            [(now - then) / span_s for now, then in zip(got, got_then, strict=True)],
            [(now - then) / span_s for now, then in zip(given, given_then, strict=True)],
        )


def dashboard(
    statistics: SwarmStatistics, facts: Facts, rates: Rates, elapsed_s: float, width: int, height: int
) -> Group:
    """Exactly `height` lines of `width` cells, what matters most first where there is little room."""
    lines = panels.header(statistics, facts, rates, elapsed_s, width)
    if len(statistics.clients) >= CROWD and height >= 16:
        lines += panels.crowd_panel(statistics, facts, width)
    legend = fit(panels.line(panels.LEGEND, "dim"), width)
    room = height - len(lines) - 1
    body = (
        _wide(statistics, facts, rates, width, room)
        if width >= WIDE
        else _narrow(statistics, facts, rates, width, room)
    )
    lines = [*lines, *body][: height - 1]
    lines += [fit(Text(), width)] * (height - 1 - len(lines))
    return Group(*lines, legend)


def _narrow(statistics: SwarmStatistics, facts: Facts, rates: Rates, width: int, room: int) -> Lines:
    """Clients, then segments where there is room, then the feed."""
    num_clients = len(statistics.clients) + 1
    spare = room - LEAST_FEED - 1
    num_rows = min(num_clients, max(2, spare))
    lines = panels.clients_panel(statistics, facts, rates, width, num_rows)
    left = room - len(lines)
    if left >= LEAST_FEED + 5:
        num_maps = min(num_clients, left - LEAST_FEED - 1)
        lines += panels.maps_panel(statistics, facts, width, num_maps)
        left = room - len(lines)
    return lines + _feed(statistics, width, left)


def _wide(statistics: SwarmStatistics, facts: Facts, rates: Rates, width: int, room: int) -> Lines:
    """Clients with the tracker and who serves whom beside them, then segments, then the feed."""
    main = width - SIDE_WIDTH - 2
    num_clients = len(statistics.clients) + 1
    upper = min(max(num_clients, 14), max(6, room * 3 // 5))
    num_files = min(len(statistics.roles), max(1, upper // 3))
    side = panels.tracker_panel(statistics, SIDE_WIDTH, 3 + num_files)
    side += panels.matrix_panel(statistics, SIDE_WIDTH, upper - len(side))
    left = panels.clients_panel(statistics, facts, rates, main, min(num_clients, upper))
    lines = [
        Text.assemble(here or fit(Text(), main), "  ", there or fit(Text(), SIDE_WIDTH))
        for here, there in zip_longest(left, side[:upper])
    ]
    rest = room - len(lines)
    if rest >= LEAST_FEED + 3:
        lines += panels.maps_panel(statistics, facts, width, min(num_clients, rest - LEAST_FEED - 1))
    return lines + _feed(statistics, width, room - len(lines))


def _feed(statistics: SwarmStatistics, width: int, room: int) -> Lines:
    if room < 2:
        return []
    return [fit(Text("what happened last", "bold"), width), *panels.feed_panel(statistics, width, room - 1)]
