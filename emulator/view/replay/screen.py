"""The screen of a replay: the dashboard of a live run, a client's story, and where the replay is. Pure functions."""

from itertools import zip_longest
from pathlib import Path

from rich.console import Group
from rich.text import Text

from emulator.replay.player import Player
from emulator.replay.recording import Recording
from emulator.view.dashboard.dashboard import dashboard
from emulator.view.dashboard.drawing import Lines, fit
from emulator.view.dashboard.facts import Facts, lacking
from emulator.view.replay.keys import help_lines, keys_line
from emulator.view.replay.story import message_text, story
from emulator.view.replay.timeline import time_line
from emulator.view.sentences import sentence, who
from emulator.view.text import plural, printable, seconds

BESIDE = 150
"""From so many columns on, the story stands beside the dashboard, not below it."""
STORY_WIDTH = 62
MIN_STORY = 6
MIN_DASHBOARD = 8


def replay_screen(player: Player, width: int, height: int, *, with_help: bool = False) -> Group:
    """Exactly `height` lines of `width` cells."""
    foot = [*_foot(player, width), keys_line(width)][:height]
    room = height - len(foot)
    body = help_lines(width, room) if with_help else _body(player, width, room)
    return Group(*body[:room], *foot)


def still(player: Player, width: int, height: int) -> Group:
    """The same for a file or a log, without the line of keys."""
    foot = _foot(player, width, has_pace=player.is_playing)
    return Group(*_body(player, width, height - len(foot)), *foot)


def plain(player: Player, width: int, height: int, *, note: str = "") -> Group:
    """Only the dashboard, as the live run showed it; `note` stands beside its title."""
    return Group(*_dashboard(player, width, height, note))


def title_of(recording: Recording) -> str:
    header = recording.header
    where = header.scenario or Path(recording.name).name
    return f"{where}: {plural(header.clients, 'client')}, strategy {header.strategy}"


def _facts(recording: Recording, note: str) -> Facts:
    notes = " · ".join(filter(None, [note, *recording.notes]))
    return Facts(title=title_of(recording), goals=recording.goals, wanted=recording.wanted, note=notes)


def _body(player: Player, width: int, height: int) -> Lines:
    if player.selected is None:
        return _dashboard(player, width, height)
    if width >= BESIDE:
        main = width - STORY_WIDTH - 3
        pairs = zip_longest(_dashboard(player, main, height), story(player, STORY_WIDTH, height), fillvalue=Text())
        return [fit(Text.assemble(here, (" │ ", "dim"), there), width) for here, there in pairs]
    below = max(MIN_STORY, height * 2 // 5)
    if height - below - 1 < MIN_DASHBOARD:
        return story(player, width, height)
    line = fit(Text("─" * width, "dim"), width)
    return [*_dashboard(player, width, height - below - 1), line, *story(player, width, below)]


def _dashboard(player: Player, width: int, height: int, note: str = "replay") -> Lines:
    facts = _facts(player.recording, note)
    drawn = dashboard(player.statistics, facts, player.rates, player.now_s, width, height)
    return [line for line in drawn.renderables if isinstance(line, Text)]


def _foot(player: Player, width: int, *, has_pace: bool = True) -> Lines:
    """How the replay goes, what has just happened, and the time line."""
    recording = player.recording
    symbol = "▶" if player.is_playing else "■" if player.is_at_end else "‖"
    pace = f"{player.speed:g}×" + (" by steps" if player.by_steps else "")
    share = player.now_s / recording.duration_s if recording.duration_s else float(player.is_at_end)
    place = (
        f"{share:.1%}  {seconds(player.now_s)} of {seconds(recording.duration_s)}  "
        f"event {player.position:,} of {recording.num_events:,}"
    )
    status = Text.assemble((f"{symbol} {pace}", "bold reverse"), f"  {place}") if has_pace else Text(place)
    num_violations = sum(judged.num_violations for judged in recording.report.rules)
    if num_violations:
        status.append(f"  ✗ {plural(num_violations, 'violation')}", "bold red")
    return [fit(status, width), fit(_said(player), width), fit(time_line(player, width), width)]


def _said(player: Player) -> Text:
    if player.notice:
        return Text(printable(player.notice), "yellow")
    if player.violation:
        return Text(f"✗ {printable(player.violation)}", "bold red")
    record = player.last_record
    if record is None:
        return Text("nothing has happened yet", "dim")
    told = sentence(record, lacking(player.statistics)) or f"{who(record.rank)} {message_text(record)}"
    return Text.assemble((f"{record.time_s:.4f} {record.step:3}", "magenta"), printable(told))
