"""The clients, a row each; the interesting ones first if not all of them fit."""

from collections.abc import Mapping
from dataclasses import dataclass
from heapq import nlargest
from types import MappingProxyType

from rich.text import Text

from emulator.trace.statistics import SwarmStatistics
from emulator.trace.statistics.client import ClientStatistics
from emulator.trace.statistics.rates import Rates
from emulator.view.dashboard.drawing import CAME_BACK, GIVEN_UP, ROLES, Lines, bar, fit, line
from emulator.view.dashboard.facts import Facts, has_all, standing
from emulator.view.text import plural, printable

MIN_DOING = 14
WORDY_DOING = 44
"""Columns from which on the text of what a client does is written out."""
MAX_DEATHS = 3
"""Dead clients that stand before the living ones if not all have a row."""


def interesting_first(
    statistics: SwarmStatistics, facts: Facts, silent: Mapping[int, float] = MappingProxyType({})
) -> list[ClientStatistics]:
    """Clients in trouble first, then by progress; last those that want nothing, have everything, or died long ago.

    Progress counts in tenths, so that rows do not swap places all the time.
    """
    dead = (client for client in statistics.clients if client.is_dead)
    latest = {client.rank for client in nlargest(MAX_DEATHS, dead, key=lambda client: client.died_s or 0.0)}

    def rank_by(client: ClientStatistics) -> tuple[bool, bool, int, int]:
        goal = facts.goals[client.rank - 1]
        is_troubled = client.rank in silent or client.rank in latest or bool(client.pause)
        is_over = client.is_dead or client.finished_s is not None or goal == 0
        tenths = int(client.num_held * 10 / goal) if goal else 10
        return is_over and not is_troubled, not is_troubled, tenths, client.rank

    return sorted(statistics.clients, key=rank_by)


@dataclass(frozen=True)
class _Columns:
    """Widths of the columns: each is as wide as its figures, and the rest is for what the client does."""

    bar: int
    got: int
    number: int
    """0 if there is room for the most important columns only."""
    roles: int
    has_goals: bool
    has_rates: bool
    is_wordy: bool


def _columns(statistics: SwarmStatistics, facts: Facts, width: int) -> _Columns:
    most = len(f"{max(facts.goals, default=0):,}")
    got, number, roles = 2 * most + 1, max(5, most), min(max(5, len(statistics.roles)), 12)
    left = width - (6 + 9 + 1 + got + 2 * (1 + number) + 3 * 5 + 1 + roles + 1)
    has_goals = left >= MIN_DOING
    if not has_goals:
        got, left = max(3, most), left + got - max(3, most)
    if left < MIN_DOING // 2:
        return _Columns(6, 2 * most + 1, 0, 0, has_goals=True, has_rates=False, is_wordy=False)
    has_rates = left >= MIN_DOING + 14
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
    """A row a client: all of them in order if they fit, else the interesting ones first."""
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
    is_done = has_all(client) or (goal == 0 and not client.is_lacking)
    text = Text(f"{client.rank:>6} ")
    text.append_text(bar(client.num_held / goal if goal else 1.0, columns.bar, "green" if is_done else "cyan"))
    got = f"{client.num_held:,}/{goal:,}" if columns.has_goals else f"{client.num_held:,}"
    text.append(f" {got:>{columns.got}} ")
    if columns.number:
        text.append(f"{client.num_from_peers:>{columns.number},} {client.num_from_seeds:>{columns.number},}")
        text.append(f" {client.num_misses:>4,}", "red" if client.num_misses else "dim")
        text.append(f" {client.num_open:>4}", "bold" if client.num_open else "dim")
        text.append(" ")
        text.append_text(bar(client.num_given / most_given if most_given else 0.0, 4, "yellow"))
        if columns.has_rates:
            down, up = rates.down[client.rank - 1], rates.up[client.rank - 1]
            text.append(f"{'':14}" if client.is_dead else f" {down:>6,.0f} {up:>6,.0f}")
        text.append(" ")
        text.append_text(_roles(client, columns.roles))
        text.append(" ")
    if client.is_dead:
        text = Text(text.plain, "dim")  # its figures will not change any more
    if silent_s:
        text.append(f"silent {silent_s:.0f} s: ", "bold red")
    if client.num_restarts and not client.is_dead:
        text.append(f"{CAME_BACK[0]} ", CAME_BACK[1])
    text.append(_doing(client, is_wordy=columns.is_wordy), _doing_style(client, is_done=is_done))
    return fit(text, width)


def _roles(client: ClientStatistics, width: int) -> Text:
    """The latest roles that fit; a file that was given up has none."""
    signs = [ROLES[role] for file, role in client.roles.items() if file not in client.unavailable]
    signs += [GIVEN_UP] * (len(client.unavailable) + len(client.not_written))
    return fit(Text.assemble(*signs[-width:]), width)


def _doing_style(client: ClientStatistics, *, is_done: bool) -> str:
    if client.is_dead:
        return "bold red"
    if client.pause:
        return "bold yellow"
    return "green" if is_done else "dim" if client.downloading is None else ""


def _doing(client: ClientStatistics, *, is_wordy: bool) -> str:
    """What a client does; shorter if there is little room."""
    if client.downloading is None or client.pause:
        lacking = [*client.unavailable, *sorted(client.not_written)]
        without = f" without {printable(', '.join(lacking))}" if is_wordy and lacking else ""
        return standing(client) + without
    file = printable(client.downloading)
    if is_wordy:
        source = f" from {client.source}" if client.source else ""
        return f"downloading {file} round {client.round}{source}"
    kind, _, rank = client.source.partition(" ")
    source = f" ← {ROLES['seed' if kind == 'seed' else 'peer'][0]}{rank}" if rank else ""
    return f"{file} r{client.round}{source}"
