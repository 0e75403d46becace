"""The story of one client, or of the tracker: what it has done, and why it chose its last uploader."""

from collections.abc import Sequence

import msgspec
from rich.text import Text

from emulator.protocol.events import PeerChosen, Received, RoundBegan, SeedChosen, Sent
from emulator.replay.player import Player
from emulator.trace.records import Record
from emulator.view.dashboard.drawing import Lines, fit
from emulator.view.dashboard.facts import lacking, standing
from emulator.view.sentences import sentence, who
from emulator.view.text import printable, seconds

MAX_FIELD = 24
"""Characters of one field of a message."""
MAX_RANKS = 20
MAX_WRAPPED = 4
"""Lines of one reason."""


def story(player: Player, width: int, height: int) -> Lines:
    """Its name and state, the reason of its last choice, and what it has done so far, the latest at the bottom."""
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
    """The reason of a client's last choice; empty before it has made one."""
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
    """Words in lines that fit, indented by two."""
    lines: list[str] = []
    for word in text.split(" "):
        if lines and len(lines[-1]) + 1 + len(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(f"  {word}")
    return [Text(line) for line in lines[:MAX_WRAPPED]]


def _ranks(noun: str, ranks: Sequence[int]) -> str:
    if not ranks:
        return f"no {noun}s"
    shown = ", ".join(map(str, ranks[:MAX_RANKS])) + (", …" if len(ranks) > MAX_RANKS else "")
    return f"{noun} {shown}" if len(ranks) == 1 else f"{noun}s {shown}"


def message_text(record: Record) -> str:
    """A single message, or another event that has no sentence, by its name and fields."""
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
    return text if len(text) <= MAX_FIELD else f"{text[: MAX_FIELD - 1]}…"
