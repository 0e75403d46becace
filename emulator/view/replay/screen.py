"""The screen of a replay: the dashboard of a live run, a client's story, and where the replay is. Pure functions."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import groupby, zip_longest
from operator import itemgetter
from typing import NamedTuple

import msgspec
from rich.console import Group
from rich.text import Text

from emulator.protocol.events import PeerChosen, Received, RoundBegan, SeedChosen, Sent
from emulator.trace.records import Record
from emulator.view.dashboard.dashboard import dashboard
from emulator.view.dashboard.drawing import Lines, fit
from emulator.view.dashboard.facts import lacking, standing
from emulator.view.replay.player import MarkKind, Player
from emulator.view.sentences import sentence, who
from emulator.view.text import plural, printable, seconds

BESIDE = 150
"""From so many columns on, the story stands beside the dashboard, not below it."""
STORY_WIDTH = 62
LEAST_STORY = 6
LEAST_DASHBOARD = 8
LONGEST_FIELD = 24


class Key(NamedTuple):
    """What a key does, under each of the names that the terminal's library has for it."""

    names: tuple[str, ...]
    action: str
    shown: str = ""
    """For the help, with the keys that follow and have none of their own; empty for those."""
    meaning: str = ""
    brief: tuple[str, str] | None = None
    """For the last line of the screen; None where there is no room for it."""


KEYS = (
    Key(("space",), "play_or_pause", "space", "play, or pause; at the end, from the beginning", ("space", "play")),
    Key(("plus", "equals_sign"), "faster", "+ -", "faster, up to 100×; slower, down to 0.001×", ("+/-", "speed")),
    Key(("minus",), "slower"),
    Key(("n", "right"), "step", "n → p ←", "step to the next event; back to the one before", ("n/p", "step")),
    Key(("p", "left"), "step_back"),
    Key(("s",), "toggle_steps", "s", "by steps: every event takes equally long; or by time again"),
    Key(("g",), "ask_moment", "g", "go to a percentage or a time: 40% or 0.12", ("g", "go to")),
    Key(("home",), "go_to_begin", "Home End", "go to the beginning; to the end"),
    Key(("end",), "go_to_end"),
    Key(("m",), "jump('miss')", "m M", "the next miss; the one before", ("m/c/v", "jump")),
    Key(("M",), "jump('miss', True)"),
    Key(("c",), "jump('completion')", "c C", "the next file that is complete; the one before"),
    Key(("C",), "jump('completion', True)"),
    Key(("d",), "jump('death')", "d D", "the next death; the one before"),
    Key(("D",), "jump('death', True)"),
    Key(("f",), "jump('fault')", "f F", "the next fault, return, or file given up; the one before"),
    Key(("F",), "jump('fault', True)"),
    Key(("v",), "jump('violation')", "v V", "the next violation of the protocol; the one before"),
    Key(("V",), "jump('violation', True)"),
    Key(
        ("down",),
        "select_next(1)",
        "↓ ↑ 0-9",
        "a client's story, and why it chose whom; 0 is the tracker",
        ("↓/↑", "client"),
    ),
    Key(("up",), "select_next(-1)"),
    Key(("a",), "toggle_messages", "a", "all messages in the story, or none"),
    Key(("escape",), "deselect", "Esc", "no story"),
    Key(("question_mark",), "help", "?", "these keys", ("?", "help")),
    Key(("q", "ctrl+c"), "leave", "q", "quit", ("q", "quit")),
)

MARKS: dict[MarkKind, tuple[str, str]] = {
    "miss": ("·", "red"),
    "completion": ("◆", "green"),
    "fault": ("!", "bold yellow"),
    "death": ("†", "bold red"),
    "violation": ("✗", "bold red"),
}
"""On the time line; what comes later here covers what comes before."""


def replay_screen(player: Player, width: int, height: int, *, with_help: bool = False) -> Group:
    """Exactly `height` lines of `width` cells."""
    foot = [*_foot(player, width), _keys_line(width)][:height]
    room = height - len(foot)
    body = help_lines(width, room) if with_help else _body(player, width, room)
    return Group(*body[:room], *foot)


def still(player: Player, width: int, height: int) -> Group:
    """The same to be kept: there is nobody whose keys would do anything."""
    foot = _foot(player, width, has_pace=player.is_playing)
    return Group(*_body(player, width, height - len(foot)), *foot)


def plain(player: Player, width: int, height: int) -> Group:
    """The same without a word of a replay."""
    return Group(*_dashboard(player, width, height))


def _body(player: Player, width: int, height: int) -> Lines:
    if player.selected is None:
        return _dashboard(player, width, height)
    if width >= BESIDE:
        main = width - STORY_WIDTH - 3
        pairs = zip_longest(_dashboard(player, main, height), story(player, STORY_WIDTH, height), fillvalue=Text())
        return [fit(Text.assemble(here, (" │ ", "dim"), there), width) for here, there in pairs]
    below = max(LEAST_STORY, height * 2 // 5)
    if height - below - 1 < LEAST_DASHBOARD:
        return story(player, width, height)
    line = fit(Text("─" * width, "dim"), width)
    return [*_dashboard(player, width, height - below - 1), line, *story(player, width, below)]


def _dashboard(player: Player, width: int, height: int) -> Lines:
    drawn = dashboard(player.statistics, player.facts, player.rates, player.now_s, width, height)
    return [line for line in drawn.renderables if isinstance(line, Text)]


def story(player: Player, width: int, height: int) -> Lines:
    """Who it is, why it chose whom it chose last, and what it has done so far, the latest at the bottom."""
    rank = player.selected or 0
    state = standing(player.statistics.clients[rank - 1]) if rank else ""
    name = who(rank).removeprefix("the ")
    lines = [Text.assemble((name, "bold reverse"), f" {state}" if state else "")]
    lines += why(player, rank, width)
    room = height - len(lines)
    records = player.recording.story(rank, player.position, max(0, room), with_messages=player.with_messages)
    without = lacking(player.statistics)
    for record in records:
        told, style = sentence(record, without), ""
        if not told:
            told, style = message_text(record), "dim"
        told = told.removeprefix(f"client {rank} ")
        lines.append(Text.assemble((f"{record.time_s:9.4f} ", "dim"), (f"{record.step:3}", "magenta"), (told, style)))
    if not records and room > 0:
        lines.append(Text("nothing yet", "dim"))
    lines += [Text()] * (height - len(lines))
    return [fit(Text.assemble(line), width) for line in lines[:height]]


def why(player: Player, rank: int, width: int) -> Lines:
    """The reason of a client's last choice, in as many lines as it takes."""
    record = player.recording.last_choice(rank, player.position)
    if record is None:
        return []
    began = player.recording.last_round(rank, player.position)
    texts = []
    if began is not None and isinstance(began.event, RoundBegan):
        event = began.event
        texts.append(
            f"the tracker had named {_ranks('seed', event.seeds)} and {_ranks('peer', event.peers)} "
            f"for round {event.round} of {event.file}"
        )
    match record.event:
        case PeerChosen(_, peer, candidates, num_misses):
            after = f"after {'a miss' if num_misses == 1 else f'{num_misses} misses in a row'}, " if num_misses else ""
            texts.append(f"{after}drawn at random from {_ranks('peer', candidates)}")
            chosen = f"peer {peer}"
        case SeedChosen(_, seed, asked, counts):
            told = ", ".join(f"seed {one} had {count}" for one, count in zip(asked, counts, strict=False))
            texts.append(f"it asked for numbers of open connections, and took the fewest: {told}")
            chosen = f"seed {seed}"
        case _:
            return []
    lines = [Text.assemble((f"why {chosen}? ", "bold yellow"), (f"({record.step}, {seconds(record.time_s)})", "dim"))]
    for text in texts:
        lines += _wrapped(printable(text), width)
    return lines


def _wrapped(text: str, width: int) -> Lines:
    """Words in lines that fit, set in by two."""
    lines: list[str] = []
    for word in text.split(" "):
        if lines and len(lines[-1]) + 1 + len(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(f"  {word}")
    return [Text(line) for line in lines[:4]]


def _ranks(noun: str, ranks: Sequence[int]) -> str:
    if not ranks:
        return f"no {noun}s"
    shown = ", ".join(map(str, ranks[:20])) + (", …" if len(ranks) > 20 else "")
    return f"{noun} {shown}" if len(ranks) == 1 else f"{noun}s {shown}"


def message_text(record: Record) -> str:
    """A single message, for whoever wants to see them all; other events by their names."""
    event = record.event
    if isinstance(event, Sent):
        return printable(f"to {who(event.to)}: {_named(event.message)}")
    if isinstance(event, Received):
        return printable(f"from {who(event.source)}: {_named(event.message)}")
    fields = (f"{name} {_brief(getattr(event, name))}" for name in event.__struct_fields__)
    return printable(f"{type(event).__name__}: {', '.join(fields)}")


def _named(value: msgspec.Struct) -> str:
    fields = (getattr(value, name) for name in value.__struct_fields__)
    return " ".join([type(value).__name__, *(_brief(field) for field in fields)])


def _brief(value: object) -> str:
    if isinstance(value, tuple | list):
        return f"[{', '.join(_brief(one) for one in value[:6])}{', …' if len(value) > 6 else ''}]"
    if isinstance(value, msgspec.Struct):
        return str(getattr(value, "name", type(value).__name__))
    text = str(value)
    return text if len(text) <= LONGEST_FIELD else f"{text[: LONGEST_FIELD - 1]}…"


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


def time_line(player: Player, width: int) -> Text:
    """The whole run in one line: what has been, what is to come, and what there is to see."""
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
    # A span for each stretch, not for each cell: a cast has all of them.
    stretches = groupby(styled, key=itemgetter(0))
    return Text.assemble(*(("".join(symbol for _, symbol in stretch), style) for style, stretch in stretches))


def _cells(player: Player, kind: MarkKind, cells: int, duration_s: float) -> set[int]:
    recording = player.recording
    marks = player.marks(kind)

    def cell_of(position: int) -> int:
        return min(int(recording.time_at(position) / duration_s * cells), cells - 1)

    found: set[int] = set()
    at = 0
    # From each mark to the first in a later cell: there may be a million of them, and there are few cells.
    while at < len(marks):
        found.add(cell_of(marks[at]))
        at = bisect_right(marks, cell_of(marks[at]), lo=at, key=cell_of)
    return found


def _keys_line(width: int) -> Text:
    briefs = [Text.assemble((key.brief[0], "bold"), (f" {key.brief[1]}", "dim")) for key in KEYS if key.brief]
    return fit(Text("  ").join(briefs), width)


def help_lines(width: int, height: int) -> Lines:
    """All keys, and the marks of the time line."""
    lines = [Text("keys", "bold"), Text()]
    lines += [Text.assemble((f"  {key.shown:9}", "bold cyan"), key.meaning) for key in KEYS if key.meaning]
    marks = Text("  on the time line: ")
    for kind, (symbol, style) in MARKS.items():
        marks.append(symbol, style).append(f" {kind}  ")
    lines += [Text(), marks]
    lines += [Text()] * (height - len(lines))
    return [fit(line, width) for line in lines[:height]]
