"""Several parts as one trace: one header, all events in one order, and one end."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from emulator.errors import InputError
from emulator.protocol.events import Received, Sent
from emulator.protocol.messages import Stop
from emulator.trace.format import FORMAT, VERSION, Header, Outcome, encode, encode_end
from emulator.trace.merge import MAX_TOLD, Merge
from emulator.trace.parts import Part, Recorded
from emulator.trace.sources import Spool, TraceSource, open_source


def source_of(paths: Sequence[Path]) -> TraceSource:
    """The trace in a file, in standard input (`-`), or in several parts, which are merged.

    Raises `InputError` where a part cannot be read, a line of it is no event, or parts are of different runs.
    """
    return open_source(paths[0]) if len(paths) == 1 else Merged(paths)


class Merged(Spool):
    """Several parts as one trace, in a temporary file."""

    def __init__(self, paths: Sequence[Path]) -> None:
        super().__init__(f"{paths[0]} and {len(paths) - 1} more")
        self._paths = paths
        self._ranks: set[int] = set()
        """Ranks that have recorded something."""
        self._named: set[int] = set()
        """Ranks that others have received something from, or sent something to."""
        self._stopped: set[int] = set()
        """Clients that have received their stop."""
        self._latest_s = 0.0
        with ExitStack() as opened:
            parts: list[Part] = []
            for path in paths:
                parts.append(Part(path, len(paths)))
                opened.callback(parts[-1].close)
            self._names = [part.name for part in parts]
            merge = Merge(parts, self._take)
            self._places = merge.run()
            header = _header(parts, self._num_clients())
            outcome, reason = self._end(parts, header.clients)
        self.head = encode(header) + b"\n"
        self.write(encode_end(outcome, reason, self._latest_s) + b"\n")
        shifts = merge.clocks.shifts()
        if any(shifts):
            self.shifts = {rank: shifts[indices[0]] for rank, indices in merge.parts_of.items()}
        self.notes = _notes(merge, self._ranks, header.clients)

    def _take(self, recorded: Recorded) -> None:
        """Take the next event."""
        stamp, event = recorded.stamp, recorded.event
        self.write(recorded.line.rstrip(b"\r") + b"\n")
        self._ranks.add(stamp.rank)
        self._latest_s = max(self._latest_s, stamp.t)
        if isinstance(event, Sent):
            self._named.add(event.to)
        elif isinstance(event, Received):
            self._named.add(event.source)
            if isinstance(event.message, Stop):
                self._stopped.add(stamp.rank)

    def _num_clients(self) -> int:
        """As far as the parts tell. A rank far beyond all that have recorded something is taken for a mistake."""
        rank = max(self._ranks, default=1)
        while rank + 1 in self._named:
            rank += 1
        return max(rank, 1)

    def place(self, line: int) -> str:
        index = 2 * (line - 2)
        if not 0 <= index < len(self._places):
            return f"{self.name}, merged: {line}"
        return f"{self._names[self._places[index]]}:{self._places[index + 1]}"

    def label(self, line: int) -> str:
        return f"{Path(self.place(line)).name}  "

    def is_file(self, path: Path) -> bool:
        return path.exists() and any(path.samefile(part) for part in self._paths if part.exists())

    def _end(self, parts: Sequence[Part], num_clients: int) -> tuple[Outcome, str]:
        """How the run ended, by the ends of the parts; where no part has one, by the stops of the clients."""
        for part in parts:
            if part.is_torn:
                return "cut", f"{part.name} ends in the middle of a line"
            if part.end is not None and part.end.outcome == "cut":
                return "cut", f"{part.name}: {part.end.reason}"
        endless = [part.name for part in parts if part.end is None]
        if not endless:
            return "complete", ""
        if len(endless) < len(parts):
            return "cut", f"{endless[0]} has no last line"
        missing = next((rank for rank in range(1, num_clients + 1) if rank not in self._stopped), None)
        if missing is None:
            return "complete", ""
        return "cut", f"no part has a last line, and client {missing} has received no stop"


def _header(parts: Sequence[Part], num_clients: int) -> Header:
    """The header that the parts share; where none has one, a header for the ranks that have recorded something."""
    shared, name = None, ""
    for part in parts:
        if part.header is None:
            continue
        if shared is None:
            shared, name = part.header, part.name
        elif part.header.clients != shared.clients:
            text = (
                f"{part.name}:1: {part.header.clients} clients, but {name} has {shared.clients}; give parts of one run"
            )
            raise InputError([text])
    return shared or Header(format=FORMAT, version=VERSION, clients=num_clients)


def _notes(merge: Merge, ranks: set[int], num_clients: int) -> tuple[str, ...]:
    notes: list[str] = []
    missing = [str(rank) for rank in range(num_clients + 1) if rank not in ranks]
    if missing:
        shown = ", ".join(missing[:MAX_TOLD]) + (", …" if len(missing) > MAX_TOLD else "")
        notes.append(f"no part has events of rank {shown}; give the parts of all ranks")
    notes += merge.contradictions
    num_more = merge.num_contradictions - len(merge.contradictions)
    if num_more:
        notes.append(f"the parts contradict each other in {num_more:,} more places")
    return tuple(notes)
