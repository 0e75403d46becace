"""The parts of the dashboard: pure functions from statistics and a size to lines that fit it."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import nlargest, nsmallest
from itertools import islice
from types import MappingProxyType
from typing import TypeVar

from rich.cells import cell_len
from rich.text import Text

from emulator.protocol.events import Role
from emulator.trace.client_statistics import FROM_PEER, FROM_SEED, OWNED, ClientStatistics, Progress
from emulator.trace.statistics import SwarmStatistics, jain_index
from emulator.view.sentences import sentence
from emulator.view.text import plural, printable, seconds

Lines = list[Text]
T = TypeVar("T")

ROLES: dict[Role, tuple[str, str]] = {"seed": ("●", "green"), "peer": ("◐", "cyan"), "leecher": ("○", "dim")}
LEGEND = "● seed  ◐ peer  ○ leecher  ← takes from  conn: connections  load: what it gave"
SHADES = "·░▒▓█"
BLOCKS = " ▁▂▃▄▅▆▇█"
SOURCES = {FROM_PEER: ("█", "cyan"), FROM_SEED: ("▓", "yellow"), OWNED: ("■", "blue")}
"""What a segment that is there looks like, by where it came from: told apart without colours, too."""

SILENT_S = 3.0
"""A client that downloads and has not been heard of for so long is told of,"""
SILENT_INTERVALS = 10
"""where that is so many times as long as clients are silent on average: a slow swarm is not a stuck one."""
ROOMY = 100
LEAST_BAR = 8
LEAST_DOING = 14
WORDY_DOING = 44
"""Columns from which on what a client does is written out."""
LEAST_MAP = 6
NAMED_MAP = 16
"""Columns that a file's strip needs, and from which on its name stands before it."""


@dataclass(frozen=True)
class Facts:
    """What is shown of a run beside its statistics."""

    title: str
    """What runs: scenario, engine, strategy."""
    goals: Sequence[int]
    """How many segments each client has to get."""
    wanted: Sequence[Sequence[str]]
    """The files that each client wants."""
    note: str = ""
    """Said beside the time: a pace, how a replay goes."""
    patience_s: float = 0.0
    """How long a client may be silent in this run, and not be stuck."""


@dataclass(frozen=True)
class Rates:
    """Segments a second, over the last second or so."""

    total: float
    down: Sequence[float]
    up: Sequence[float]


def line(text: str = "", style: str = "") -> Text:
    return Text(printable(text), style, no_wrap=True, overflow="ellipsis")


def fit(text: Text, width: int) -> Text:
    """Cut or fill to exactly `width` cells."""
    text.truncate(width, overflow="ellipsis", pad=True)
    text.no_wrap = True
    return text


def bar(share: float, width: int, style: str = "green") -> Text:
    """A bar of eighths of cells."""
    eighths = round(min(max(share, 0.0), 1.0) * width * 8)
    full, rest = divmod(eighths, 8)
    done = "█" * full + ("▏▎▍▌▋▊▉"[rest - 1] if rest else "")
    return Text.assemble((done, style), ("─" * (width - len(done)), "dim"))


def header(
    statistics: SwarmStatistics, facts: Facts, rates: Rates, elapsed_s: float, width: int, num_silent: int = 0
) -> Lines:
    """What runs, how far it is, how fast, how long it will take, and how even its load is."""
    got, goal = statistics.num_transferred, sum(facts.goals)
    share = got / goal if goal else 1.0
    left_s = (goal - got) / rates.total if rates.total else None
    title = Text.assemble((printable(facts.title), "bold"), f"  {printable(facts.note)}" if facts.note else "")
    segments = f"{got:,} of {plural(goal, 'segment')}" if width >= ROOMY else f"{got:,}/{goal:,}"
    figures = f" {int(share * 100):3}%  {segments}  {rates.total:,.0f}/s"
    elapsed, left = f"  elapsed {seconds(elapsed_s)}", f"  left {seconds(left_s)}" if got < goal else ""
    figures += elapsed + left if len(figures + elapsed + left) <= width - LEAST_BAR else left or elapsed
    bar_width = max(LEAST_BAR, width - len(figures))
    stage = Text(_stage(statistics, got), "dim")
    if num_silent:
        stage = Text.assemble((f"{plural(num_silent, 'client')} silent", "bold red"), " · ", stage)
    return [
        fit(title, width),
        fit(Text.assemble(bar(share, bar_width, "bold green"), figures), width),
        fit(stage, width),
    ]


def _stage(statistics: SwarmStatistics, num_got: int) -> str:
    num_clients = len(statistics.clients)
    if statistics.barrier < 2:
        where = "waiting for what the clients own" if statistics.barrier == 0 else "the clients get their metadata"
        return f"barrier {statistics.barrier + 1}: {where}, {statistics.num_reported:,} of {num_clients:,} reported"
    num_finished = statistics.num_finished
    finished = f"{num_finished:,} of {plural(num_clients, 'client')} finished"
    if num_finished == num_clients:
        finished = "all clients have finished"
    if not num_got:
        return finished
    from_peers = sum(client.num_from_peers for client in statistics.clients) / num_got
    evenness = jain_index([client.num_given for client in statistics.clients])
    return f"{finished} · {from_peers:.0%} from peers · load even to {evenness:.2f} (Jain)"


def silences(statistics: SwarmStatistics, elapsed_s: float, patience_s: float = 0.0) -> dict[int, float]:
    """Clients that download and were not heard of for long, and for how many seconds: who is stuck.

    `patience_s` is how long one may well be silent in this run.
    """
    if not statistics.num_records:
        return {}
    interval_s = elapsed_s * len(statistics.clients) / statistics.num_records
    least_s = max(SILENT_S, SILENT_INTERVALS * interval_s, patience_s)
    return {
        client.rank: elapsed_s - client.latest_s
        for client in statistics.clients
        if client.downloading is not None and elapsed_s - client.latest_s >= least_s
    }


def interesting_first(
    statistics: SwarmStatistics, facts: Facts, silent: Mapping[int, float] = MappingProxyType({})
) -> list[ClientStatistics]:
    """The silent ones, then those that are furthest behind; those that want nothing, or have all, last.

    In steps of a tenth, so that rows do not change their places all the time.
    """

    def rank_by(client: ClientStatistics) -> tuple[bool, bool, int, int]:
        goal = facts.goals[client.rank - 1]
        is_done = client.finished_s is not None or goal == 0
        return is_done, client.rank not in silent, int(client.num_got * 10 / goal) if goal else 10, client.rank

    return sorted(statistics.clients, key=rank_by)


@dataclass(frozen=True)
class _Columns:
    """How wide the columns of the clients are: as wide as their figures, and what is left says what they do."""

    bar: int
    got: int
    number: int
    """0 where there is room for the most important columns only."""
    roles: int
    has_goals: bool
    has_rates: bool
    is_wordy: bool


def _columns(statistics: SwarmStatistics, facts: Facts, width: int) -> _Columns:
    most = len(f"{max(facts.goals, default=0):,}")
    got, number, roles = 2 * most + 1, max(5, most), min(max(5, len(statistics.roles)), 12)
    left = width - (6 + 9 + 1 + got + 2 * (1 + number) + 3 * 5 + 1 + roles + 1)
    has_goals = left >= LEAST_DOING
    if not has_goals:
        got, left = max(3, most), left + got - max(3, most)
    if left < LEAST_DOING // 2:
        return _Columns(6, 2 * most + 1, 0, 0, has_goals=True, has_rates=False, is_wordy=False)
    has_rates = left >= LEAST_DOING + 14
    left -= 14 if has_rates else 0
    is_wordy = left >= WORDY_DOING + 10
    return _Columns(18 if is_wordy else 8, got, number, roles, has_goals, has_rates, is_wordy)


def clients_panel(
    statistics: SwarmStatistics,
    facts: Facts,
    rates: Rates,
    width: int,
    height: int,
    silent: Mapping[int, float] = MappingProxyType({}),
) -> Lines:
    """A row a client: all of them in order where they fit, else the interesting ones first."""
    room = height - 1
    clients = statistics.clients
    if len(clients) > room:
        clients = interesting_first(statistics, facts, silent)[: max(0, room - 1)]
    columns = _columns(statistics, facts, width)
    head = f"{'client':>6} {'':{columns.bar}} {'got':>{columns.got}}"
    if columns.number:
        head += f" {'peers':>{columns.number}} {'seeds':>{columns.number}} miss conn load"
        head += f" {'down/s':>6} {'up/s':>6}" if columns.has_rates else ""
        head += f" {'roles':{columns.roles}}"
    lines = [fit(Text(f"{head} doing", "bold"), width)]
    most_given = max((client.num_given for client in statistics.clients), default=0)
    lines += (
        _client_line(client, facts, rates, width, columns, most_given, silent.get(client.rank, 0.0))
        for client in clients
    )
    if len(statistics.clients) > len(clients):
        num_more = len(statistics.clients) - len(clients)
        lines.append(fit(line(f"{'':6} … and {plural(num_more, 'more client')}", "dim"), width))
    return lines


def _client_line(
    client: ClientStatistics,
    facts: Facts,
    rates: Rates,
    width: int,
    columns: _Columns,
    most_given: int,
    silent_s: float,
) -> Text:
    goal = facts.goals[client.rank - 1]
    is_done = client.finished_s is not None or goal == 0
    text = Text(f"{client.rank:>6} ")
    text.append_text(bar(client.num_got / goal if goal else 1.0, columns.bar, "green" if is_done else "cyan"))
    got = f"{client.num_got:,}/{goal:,}" if columns.has_goals else f"{client.num_got:,}"
    text.append(f" {got:>{columns.got}} ")
    if columns.number:
        text.append(f"{client.num_from_peers:>{columns.number},} {client.num_from_seeds:>{columns.number},}")
        text.append(f" {client.num_misses:>4,}", "red" if client.num_misses else "dim")
        text.append(f" {client.num_open:>4}", "bold" if client.num_open else "dim")
        text.append(" ")
        text.append_text(bar(client.num_given / most_given if most_given else 0.0, 4, "yellow"))
        if columns.has_rates:
            text.append(f" {rates.down[client.rank - 1]:>6,.0f} {rates.up[client.rank - 1]:>6,.0f}")
        text.append(" ")
        shown = list(islice(reversed(client.roles.values()), columns.roles))
        for role in reversed(shown):
            text.append(*ROLES[role])
        text.append(" " * (columns.roles - len(shown)) + " ")
    if silent_s:
        text.append(f"silent {silent_s:.0f} s: ", "bold red")
    style = "green" if is_done else "dim" if client.downloading is None else ""
    text.append(_doing(client, is_wordy=columns.is_wordy), style)
    return fit(text, width)


def _doing(client: ClientStatistics, *, is_wordy: bool) -> str:
    """What a client does, in the protocol's words; shorter where there is little room."""
    if client.downloading is None:
        return client.state
    file = printable(client.downloading)
    if is_wordy:
        source = f" from {client.source}" if client.source else ""
        return f"downloading {file} round {client.round}{source}"
    kind, _, rank = client.source.partition(" ")
    source = f" ← {ROLES['seed' if kind == 'seed' else 'peer'][0]}{rank}" if rank else ""
    return f"{file} r{client.round}{source}"


def crowd_panel(statistics: SwarmStatistics, facts: Facts, width: int) -> Lines:
    """All clients at once: how many are how far, how many do what, and a cell for each, or for a few neighbours."""
    shares = [
        1.0 if client.finished_s is not None or goal == 0 else min(client.num_got / goal, 1.0)
        for client, goal in zip(statistics.clients, facts.goals, strict=True)
    ]
    buckets = [0] * 11
    for share in shares:
        buckets[int(share * 10)] += 1
    most = max(buckets)
    columns = Text("how far %")
    for index, number in enumerate(buckets):
        level = -(-number * 8 // most) if number else 0
        columns.append(f" {index * 10}", "dim")
        columns.append(BLOCKS[level], "green" if index == 10 else "cyan")
        columns.append(f"{number}" if number else "", "bold")
    states = Counter(client.state for client in statistics.clients)
    doing = "doing    " + " · ".join(f"{number:,} {state}" for state, number in states.most_common())
    strip = Text("clients  ")
    for part in _parts(shares, width - 9):
        share = sum(part) / len(part)
        strip.append(SHADES[int(share * 4)], "green" if share >= 1 else "cyan")
    return [fit(columns, width), fit(line(doing), width), fit(strip, width)]


def _parts(whole: Sequence[T], most_cells: int) -> Iterator[Sequence[T]]:
    """What each cell stands for: one or several neighbours."""
    cells = max(1, min(most_cells, len(whole)))
    for cell in range(cells):
        yield whole[cell * len(whole) // cells : (cell + 1) * len(whole) // cells]


def tracker_panel(statistics: SwarmStatistics, width: int, height: int) -> Lines:
    """What the tracker knows: barriers, and how far each file has spread; the rarest where there is no room for all."""
    reported = f"no barrier open · {statistics.num_reported:,} reported"
    barriers = {0: reported, 1: "first barrier open"}.get(statistics.barrier, "both barriers open")
    lines = [
        fit(Text("tracker", "bold"), width),
        fit(line(barriers), width),
        fit(line(f"{plural(statistics.num_lists, 'swarm list')} given"), width),
    ]
    room = max(0, height - len(lines))
    files = list(statistics.roles)
    if len(files) > room:
        files = nsmallest(max(0, room - 1), files, key=lambda file: statistics.roles[file]["seed"])
    name_width = max(4, width - 22)
    for file in sorted(files, key=natural):
        num_seeds, num_peers = statistics.roles[file]["seed"], statistics.roles[file]["peer"]
        spread = num_seeds / len(statistics.clients)
        text = fit(Text(printable(file)), name_width)
        text.append(" ")
        text.append_text(bar(spread, 8))
        text.append(f"{num_seeds:>6}●", "green")
        text.append(f"{num_peers:>5}◐", "cyan")
        lines.append(fit(text, width))
    if len(statistics.roles) > len(files):
        more = "more file" if files else "file"
        lines.append(fit(line(f"… and {plural(len(statistics.roles) - len(files), more)}", "dim"), width))
    return lines[:height]


def natural(name: str) -> list[tuple[int, str]]:
    """A key that puts `file2` before `file10`."""
    return [(int(part) if part.isdecimal() else 0, part) for part in re.split(r"(\d+)", name)]


def files_line(statistics: SwarmStatistics, width: int) -> Text:
    """What the tracker knows of the files, in one line: the rarest first."""
    text = Text("swarms  ", "bold")
    files = nsmallest(width // 8, statistics.roles, key=lambda file: (statistics.roles[file]["seed"], natural(file)))
    for file in files:
        text.append(f"{printable(file)} ", "not bold")
        text.append(f"{statistics.roles[file]['seed']}●", "not bold green")
        text.append(f"{statistics.roles[file]['peer']}◐  ", "not bold cyan")
    return fit(text, width)


def load_panel(statistics: SwarmStatistics, width: int, height: int) -> Lines:
    """Uneven load at a glance: who serves whom where all clients fit, and else who gives most."""
    if len(statistics.clients) <= width - 7:
        return matrix_panel(statistics, width, height)
    total = sum(client.num_given for client in statistics.clients)
    givers = nlargest(
        max(height - 2, -(-len(statistics.clients) // 10)), statistics.clients, key=lambda client: client.num_given
    )
    tenth = sum(client.num_given for client in givers[: -(-len(statistics.clients) // 10)])
    most = givers[0].num_given
    lines = [
        fit(Text("who gives most (gave, conn)", "bold"), width),
        fit(line(f"busiest tenth gives {tenth / total if total else 0:.0%} of all"), width),
    ]
    for client in givers[: max(0, height - 2)]:
        text = Text(f"{client.rank:>6} ")
        text.append_text(bar(client.num_given / most if most else 0.0, max(4, width - 20), "yellow"))
        text.append(f" {client.num_given:>7,} {client.num_open:>4}")
        lines.append(fit(text, width))
    return lines[:height]


def matrix_panel(statistics: SwarmStatistics, width: int, height: int, *, has_title: bool = True) -> Lines:
    """Who serves whom: a row an uploader, a column a downloader, darker for more; those that give most have rows."""
    lines = [fit(Text("who serves whom (rows give)", "bold"), width)] if has_title else []
    ranks = range(1, len(statistics.clients) + 1)
    heads = [f"{rank % 10}" for rank in ranks]
    if len(ranks) > 9:
        lines.append(
            fit(line("       " + "".join(str(rank // 10 % 10) if rank > 9 else " " for rank in ranks), "dim"), width)
        )
    lines.append(fit(line("  gets " + "".join(heads), "dim"), width))
    room = max(0, height - len(lines))
    rows = sorted(nlargest(room, ranks, key=lambda rank: statistics.clients[rank - 1].num_given))
    most = max(statistics.given.values(), default=0)
    for row in rows:
        text = Text(f"{row:>6} ", "dim")
        for column in ranks:
            number = statistics.given.get((row, column), 0)
            text.append(
                SHADES[-(-number * 4 // most)] if number else "╲" if row == column else "·", "yellow" if number else ""
            )
        lines.append(fit(text, width))
    return lines[:height]


def maps_panel(
    statistics: SwarmStatistics,
    facts: Facts,
    width: int,
    height: int,
    silent: Mapping[int, float] = MappingProxyType({}),
) -> Lines:
    """A strip for each file that a client wants: which segments are there, and from whom."""
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
    """All wanted files where they fit, else the one it is at or had last."""
    text = Text(f"{client.rank:>6} ")
    if not wanted:
        return fit(text.append("wants nothing", "dim"), width)
    each = (width - 7) // len(wanted) - 1
    if each < LEAST_MAP:
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
        text.append_text(strip(progress, cells) if progress else Text(SHADES[0] * cells, "dim"))
        text.append(" ")
    return fit(text, width)


def strip(progress: Progress, width: int) -> Text:
    """A file's segments in `width` cells: how many of a cell's are there, and where most came from."""
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


def feed_panel(statistics: SwarmStatistics, width: int, height: int) -> Lines:
    """What happened last, the latest at the bottom."""
    told = [(record, text) for record in statistics.recent if (text := sentence(record))]
    lines = []
    for record, text in sorted(told, key=lambda pair: pair[0].time_s)[-height:]:
        entry = Text.assemble((f"{record.time_s:9.4f} ", "dim"), (f"{record.step:3}", "magenta"), printable(text))
        lines.append(fit(entry, width))
    return lines
