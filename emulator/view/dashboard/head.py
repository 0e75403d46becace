"""The first lines of the dashboard: what runs, how far it is, and what goes wrong."""

from rich.text import Text

from emulator.trace.statistics import SwarmStatistics, jain_index
from emulator.trace.statistics.rates import Rates
from emulator.view.dashboard.drawing import Lines, bar, fit
from emulator.view.dashboard.facts import Facts, progress
from emulator.view.text import plural, printable, seconds

ROOMY = 100
MIN_BAR = 8


def header(
    statistics: SwarmStatistics, facts: Facts, rates: Rates, elapsed_s: float, width: int, num_silent: int = 0
) -> Lines:
    """Three lines: the title; progress, rate and time left; troubles, faults and the balance of load."""
    got, goal = progress(statistics, facts.goals)
    share = got / goal if goal else 1.0
    left_s = (goal - got) / rates.total if rates.total else None
    title = Text.assemble((printable(facts.title), "bold"), f"  {printable(facts.note)}" if facts.note else "")
    segments = f"{got:,} of {plural(goal, 'segment')}" if width >= ROOMY else f"{got:,}/{goal:,}"
    figures = f" {int(share * 100):3}%  {segments}  {rates.total:,.0f}/s"
    elapsed, left = f"  elapsed {seconds(elapsed_s)}", f"  left {seconds(left_s)}" if got < goal else ""
    figures += elapsed + left if len(figures + elapsed + left) <= width - MIN_BAR else left or elapsed
    bar_width = max(MIN_BAR, width - len(figures))
    return [
        fit(title, width),
        fit(Text.assemble(bar(share, bar_width, "bold green"), figures), width),
        fit(_stage(statistics, num_silent), width),
    ]


def _stage(statistics: SwarmStatistics, num_silent: int) -> Text:
    """Troubles first, then by importance: a narrow screen cuts the end."""
    parts = [Text(trouble, "bold red") for trouble in _troubles(statistics, num_silent)]
    if statistics.num_left:
        parts.append(Text(f"{statistics.num_left:,} departed"))
    parts.append(Text(_where(statistics), "dim"))
    if statistics.faults:
        parts.append(_faults(statistics))
    if statistics.began_s is not None and statistics.num_transferred:
        parts.append(Text(_balance(statistics), "dim"))
    return Text(" · ").join(parts)


def _troubles(statistics: SwarmStatistics, num_silent: int) -> list[str]:
    num_unavailable = sum(count > 0 for count in statistics.unavailable.values())
    troubles = [f"{statistics.num_dead:,} died"] if statistics.num_dead else []
    troubles += [f"{plural(num_unavailable, 'file')} unavailable"] if num_unavailable else []
    return troubles + ([f"{plural(num_silent, 'client')} silent"] if num_silent else [])


def _where(statistics: SwarmStatistics) -> str:
    num_clients, num_finished = len(statistics.clients), statistics.num_finished
    if statistics.began_s is None:
        where = "waiting for what the clients own" if statistics.barrier == 0 else "the clients get their metadata"
        return f"barrier {statistics.barrier + 1}: {where}, {statistics.num_reported:,} of {num_clients:,} reported"
    if num_finished == num_clients:
        return "all clients have finished"
    if all(client.is_dead or client.finished_s is not None for client in statistics.clients):
        return "all clients that are alive have finished"
    return f"{num_finished:,} of {plural(num_clients, 'client')} finished"


def _faults(statistics: SwarmStatistics) -> Text:
    count = plural(len(statistics.faults), "fault")
    return Text.assemble((f"{count} in effect: ", "yellow"), printable(", ".join(statistics.faults)))


def _balance(statistics: SwarmStatistics) -> str:
    from_peers = sum(client.num_from_peers for client in statistics.clients) / statistics.num_transferred
    evenness = jain_index([client.num_given for client in statistics.clients])
    return f"{from_peers:.0%} from peers · load even to {evenness:.2f} (Jain)"
