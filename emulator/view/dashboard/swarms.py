"""The swarms as the tracker knows them, and who serves whom."""

import re
from collections import Counter
from heapq import nlargest, nsmallest

from rich.text import Text

from emulator.protocol.events import Role
from emulator.trace.statistics import SwarmStatistics
from emulator.view.dashboard.drawing import GIVEN_UP, SHADES, Lines, bar, fit, line
from emulator.view.text import plural, printable


def tracker_panel(statistics: SwarmStatistics, width: int, height: int) -> Lines:
    """The barriers, and how far each file has spread; the rarest files if not all fit."""
    reported = f"no barrier open · {statistics.num_reported:,} reported"
    barriers = {0: reported, 1: "first barrier open"}.get(statistics.barrier, "both barriers open")
    lines = [
        fit(Text("tracker", "bold"), width),
        fit(line(barriers), width),
        fit(line(f"{plural(statistics.num_lists, 'swarm list')} given"), width),
    ]
    room = max(0, height - len(lines))
    known = swarms(statistics)
    files = list(known)
    if len(files) > room:
        files = nsmallest(max(0, room - 1), files, key=lambda file: _rarity(statistics, file))
    name_width = max(4, width - 22)
    for file in sorted(files, key=natural):
        num_seeds, num_peers = known[file]["seed"], known[file]["peer"]
        text = fit(Text(printable(file)), name_width)
        text.append(" ")
        if statistics.unavailable[file]:
            text.append(f"{GIVEN_UP[0]} lost  ", GIVEN_UP[1])
        else:
            text.append_text(bar(num_seeds / len(statistics.clients), 8))
        text.append(f"{num_seeds:>6}●", "green")
        text.append(f"{num_peers:>5}◐", "cyan")
        lines.append(fit(text, width))
    if len(known) > len(files):
        more = "more file" if files else "file"
        lines.append(fit(line(f"… and {plural(len(known) - len(files), more)}", "dim"), width))
    return lines[:height]


def swarms(statistics: SwarmStatistics) -> dict[str, Counter[Role]]:
    """Clients in each role, by file; includes lost files that the tracker never knew."""
    lost = {file: Counter[Role]() for file, count in statistics.unavailable.items() if count > 0}
    return {**lost, **statistics.roles}


def _rarity(statistics: SwarmStatistics, file: str) -> tuple[bool, int]:
    """A key that sorts lost files first, then files with few seeds."""
    roles = statistics.roles.get(file)
    return not statistics.unavailable[file], roles["seed"] if roles else 0


def natural(name: str) -> list[tuple[int, str]]:
    """A key that puts `file2` before `file10`."""
    return [(int(part) if part.isdecimal() else 0, part) for part in re.split(r"(\d+)", name)]


def files_line(statistics: SwarmStatistics, width: int) -> Text:
    """The files in one line, the rarest first."""
    text = Text("swarms  ", "bold")
    known = swarms(statistics)
    for file in nsmallest(width // 8, known, key=lambda file: (*_rarity(statistics, file), natural(file))):
        text.append(f"{printable(file)} ", "not bold")
        if statistics.unavailable[file]:
            text.append(f"{GIVEN_UP[0]} lost ", GIVEN_UP[1])
        text.append(f"{known[file]['seed']}●", "not bold green")
        text.append(f"{known[file]['peer']}◐  ", "not bold cyan")
    return fit(text, width)


def load_panel(statistics: SwarmStatistics, width: int, height: int) -> Lines:
    """The load: who serves whom if all clients fit, else the clients that give most."""
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
    """Who serves whom: a row an uploader, a column a downloader, darker for more. The largest givers have rows."""
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
