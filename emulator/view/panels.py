"""The parts of the dashboard: pure functions from statistics and a size to lines that fit it."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text

from emulator.protocol.events import Role
from emulator.trace.statistics import (
    FROM_PEER,
    FROM_SEED,
    OWNED,
    ClientStatistics,
    Progress,
    SwarmStatistics,
)
from emulator.view.sentences import sentence
from emulator.view.text import plural, printable, seconds

Lines = list[Text]

ROLES: dict[Role, tuple[str, str]] = {"seed": ("●", "green"), "peer": ("◐", "cyan"), "leecher": ("○", "dim")}
LEGEND = "● seed  ◐ peer  ○ leecher"
SHADES = "·░▒▓█"
BLOCKS = " ▁▂▃▄▅▆▇█"
SOURCE_STYLES = {FROM_PEER: "cyan", FROM_SEED: "yellow", OWNED: "blue"}
MAP_LEGEND = "segments from peers, from seeds, owned; · is missing"


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
    return text


def bar(share: float, width: int, style: str = "green") -> Text:
    """A bar of eighths of cells."""
    eighths = round(min(max(share, 0.0), 1.0) * width * 8)
    full, rest = divmod(eighths, 8)
    done = "█" * full + ("▏▎▍▌▋▊▉"[rest - 1] if rest else "")
    return Text.assemble((done, style), ("─" * (width - len(done)), "dim"))


def header(statistics: SwarmStatistics, facts: Facts, rates: Rates, elapsed_s: float, width: int) -> Lines:
    """What runs, how far it is, how fast, and how long it will take."""
    got, goal = statistics.num_transferred, sum(facts.goals)
    share = got / goal if goal else 1.0
    left_s = (goal - got) / rates.total if rates.total and got < goal else 0.0 if got >= goal else None
    stage = (
        "all clients have finished"
        if statistics.num_finished == len(statistics.clients)
        else f"{statistics.num_finished} of {plural(len(statistics.clients), 'client')} finished"
    )
    title = Text.assemble((printable(facts.title), "bold"), f"  {facts.note}" if facts.note else "")
    figures = (
        f" {share:4.0%}  {got:,} of {plural(goal, 'segment')}  {rates.total:,.0f}/s  "
        f"elapsed {seconds(elapsed_s)}  left {seconds(left_s)}"
    )
    bar_width = max(8, width - len(figures) - 1)
    return [
        fit(title, max(1, width)),
        fit(Text.assemble(bar(share, bar_width, "bold green"), figures), width),
        fit(Text(stage, "dim"), width),
    ]


def interesting_first(statistics: SwarmStatistics, facts: Facts) -> list[ClientStatistics]:
    """Those that are furthest behind first; those that want nothing, or have all, last."""

    def rank_by(client: ClientStatistics) -> tuple[bool, float, int]:
        goal = facts.goals[client.rank - 1]
        return client.finished_s is not None or goal == 0, client.num_got / goal if goal else 1.0, client.rank

    return sorted(statistics.clients, key=rank_by)


def clients_panel(statistics: SwarmStatistics, facts: Facts, rates: Rates, width: int, height: int) -> Lines:
    """A row a client: all of them in order where they fit, else the interesting ones first."""
    room = height - 1
    clients = statistics.clients
    if len(clients) > room:
        clients = interesting_first(statistics, facts)[: room - 1]
    is_wide = width >= 100
    bar_width = 18 if is_wide else 10
    head = f"{'client':>6} {'':{bar_width}} {'got':>11} {'peers':>6} {'seeds':>6} {'miss':>4} {'conn':>4}"
    head += f" {'down/s':>7} {'up/s':>7}" if is_wide else ""
    lines = [fit(Text(f"{head} {'roles':8} doing", "bold"), width)]
    lines += (_client_line(client, facts, rates, width, bar_width, is_wide=is_wide) for client in clients)
    if len(statistics.clients) > len(clients):
        num_more = len(statistics.clients) - len(clients)
        lines.append(fit(line(f"{'':6} … and {plural(num_more, 'more client')}", "dim"), width))
    return lines


def _client_line(
    client: ClientStatistics, facts: Facts, rates: Rates, width: int, bar_width: int, *, is_wide: bool
) -> Text:
    goal = facts.goals[client.rank - 1]
    share = client.num_got / goal if goal else 1.0
    is_done = client.finished_s is not None
    text = Text(f"{client.rank:>6} ")
    text.append_text(bar(share, bar_width, "green" if is_done else "cyan"))
    text.append(f" {f'{client.num_got:,}/{goal:,}':>11} {client.num_from_peers:>6,} {client.num_from_seeds:>6,}")
    text.append(f" {client.num_misses:>4,}", "red" if client.num_misses else "")
    text.append(f" {client.num_open:>4}", "bold" if client.num_open else "dim")
    if is_wide:
        text.append(f" {rates.down[client.rank - 1]:>7,.0f} {rates.up[client.rank - 1]:>7,.0f}")
    text.append(" ")
    shown = list(client.roles.values())[:7]
    for role in shown:
        symbol, style = ROLES[role]
        text.append(symbol, style)
    text.append(" " * (8 - len(shown)) + " ")
    text.append(_doing(client, is_wide=is_wide), "green" if is_done else "dim" if client.downloading is None else "")
    return fit(text, width)


def _doing(client: ClientStatistics, *, is_wide: bool) -> str:
    """What a client does, in the protocol's words; shorter where there is little room."""
    if client.downloading is None:
        return client.state
    file = printable(client.downloading)
    if is_wide:
        source = f" from {client.source}" if client.source else ""
        return f"downloading {file} round {client.round}{source}"
    return f"{file} r{client.round}" + (f" ← {client.source}" if client.source else "")


def crowd_panel(statistics: SwarmStatistics, facts: Facts, width: int) -> Lines:
    """All clients at once: how many are how far, and a cell for each, or for a few neighbours."""
    shares = [
        1.0 if client.finished_s is not None or goal == 0 else min(client.num_got / goal, 1.0)
        for client, goal in zip(statistics.clients, facts.goals, strict=True)
    ]
    buckets = [0] * 11
    for share in shares:
        buckets[int(share * 10)] += 1
    most = max(buckets)
    columns = Text("how far  ")
    for index, number in enumerate(buckets):
        level = -(-number * 8 // most) if number else 0
        columns.append(f"{index * 10}%".rjust(4), "dim")
        columns.append(BLOCKS[level], "green" if index == 10 else "cyan")
        columns.append(f"{number}" if number else "", "bold")
    cells = max(1, min(width - 9, len(shares)))
    strip = Text("clients  ")
    for cell in range(cells):
        part = shares[
            cell * len(shares) // cells : max(cell * len(shares) // cells + 1, (cell + 1) * len(shares) // cells)
        ]
        share = sum(part) / len(part)
        strip.append(SHADES[int(share * 4)], "green" if share >= 1 else "cyan")
    return [fit(columns, width), fit(strip, width)]


def tracker_panel(statistics: SwarmStatistics, width: int, height: int) -> Lines:
    """What the tracker knows: barriers, and who seeds and who shares each file."""
    barriers = {0: "waiting for reports", 1: "first barrier open", 2: "both barriers open"}[statistics.barrier]
    lines = [
        fit(Text("tracker", "bold"), width),
        fit(line(f"{barriers} · {statistics.num_reported} reported"), width),
        fit(line(f"{plural(statistics.num_lists, 'swarm list')} given"), width),
    ]
    room = height - len(lines)
    files = sorted(statistics.roles.items())
    for file, roles in files if len(files) <= room else files[: max(0, room - 1)]:
        name = printable(file)[: max(4, width - 18)]
        figures = Text.assemble((f"{roles['seed']:>5}●", "green"), (f"{roles['peer']:>6}◐", "cyan"))
        lines.append(fit(Text.assemble(f"{name:{max(4, width - 18)}} ", figures), width))
    if len(files) > room:
        lines.append(fit(line(f"… and {plural(len(files) - room + 1, 'more file')}", "dim"), width))
    return lines


def matrix_panel(statistics: SwarmStatistics, width: int, height: int) -> Lines:
    """Who serves whom: a row an uploader, a column a downloader, darker for more."""
    lines = [fit(Text("who serves whom (rows give, columns get)", "bold"), width)]
    size = min(len(statistics.clients), width - 8, height - 2)
    if size < 2:
        return lines
    # With more clients than cells, those that give most are the rows and those that get most the columns.
    ranks = range(1, len(statistics.clients) + 1)
    rows = list(ranks)[:size]
    columns = list(ranks)[:size]
    if size < len(statistics.clients):
        rows = sorted(sorted(ranks, key=lambda rank: -statistics.clients[rank - 1].num_given)[:size])
        columns = sorted(sorted(ranks, key=lambda rank: -statistics.clients[rank - 1].num_got)[:size])
    most = max(statistics.given.values(), default=0)
    lines.append(fit(line("      " + "".join(str(rank % 10) for rank in columns), "dim"), width))
    for row in rows:
        text = Text(f"{row:>5} ", "dim")
        for column in columns:
            number = statistics.given.get((row, column), 0)
            level = -(-number * 4 // most) if number else 0
            text.append(SHADES[level] if number else ("╲" if row == column else "·"), "yellow" if number else "dim")
        lines.append(fit(text, width))
    return lines


def maps_panel(statistics: SwarmStatistics, facts: Facts, width: int, height: int) -> Lines:
    """A strip for each file that a client is at or had last: which segments are there, and from whom."""
    lines = [fit(Text.assemble(("segments  ", "bold"), (MAP_LEGEND, "dim")), width)]
    clients = statistics.clients
    if len(clients) > height - 1:
        clients = interesting_first(statistics, facts)[: height - 1]
    for client in clients:
        file = client.downloading or next(reversed(client.files), None)
        text = Text(f"{client.rank:>6} ")
        if file is None or file not in client.files:
            text.append("nothing yet" if facts.goals[client.rank - 1] else "wants nothing", "dim")
        else:
            text.append(f"{printable(file)[:12]:12} ")
            text.append_text(strip(client.files[file], max(1, width - 21)))
        lines.append(fit(text, width))
    return lines


def strip(progress: Progress, width: int) -> Text:
    """A file's segments in at most `width` cells: how many of a cell's are there, and where most came from."""
    num_segments = progress.num_segments
    cells = min(width, num_segments)
    text = Text()
    for cell in range(cells):
        part = progress.present[cell * num_segments // cells : (cell + 1) * num_segments // cells]
        num_missing = part.count(0)
        share = 1 - num_missing / len(part)
        source = max(SOURCE_STYLES, key=part.count)
        text.append(SHADES[4 if not num_missing else int(share * 4)], SOURCE_STYLES[source] if share else "dim")
    return text


def feed_panel(statistics: SwarmStatistics, width: int, height: int) -> Lines:
    """What happened last, the latest at the bottom."""
    told = [(record, text) for record in statistics.recent if (text := sentence(record))]
    lines = []
    for record, text in sorted(told, key=lambda pair: pair[0].time_s)[-height:]:
        entry = Text.assemble((f"{record.time_s:9.4f} ", "dim"), (f"{record.step:3}", "magenta"), printable(text))
        lines.append(fit(entry, width))
    return lines
