"""Writing histories by hand: a trace, event by event, with the right ones made in one call each.

The calls that make whole exchanges keep the tracker's table as they go, so that a history says only what matters to
it. What is wrong in a history is written with `sent` and `received`.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from emulator.checker.checker import Checker, check_trace
from emulator.checker.course import WHOLE_PROTOCOL, Course
from emulator.checker.findings import Violation
from emulator.checker.report import Report
from emulator.checker.rule import Rule
from emulator.protocol.events import (
    AnyEvent,
    Channel,
    Died,
    FileWritten,
    MessageFaulted,
    Received,
    Restarted,
    RoleChanged,
    Sent,
    ThreadEnded,
)
from emulator.protocol.files import ClientInput, FileMetadata
from emulator.protocol.messages import (
    TRACKER,
    AnyMessage,
    Barrier,
    Close,
    ConnectionCount,
    ConnectionCountRequest,
    FileCompleted,
    Finished,
    Hit,
    Holdings,
    HoldingsRequest,
    Lost,
    Metadata,
    MetadataAnswer,
    MetadataRequest,
    Miss,
    Returned,
    SegmentRequest,
    Stop,
    SwarmAnswer,
    SwarmRequest,
)
from emulator.trace.format import Header, encode, encode_end, encode_record
from emulator.trace.reader import Trace
from emulator.trace.records import Record, ThreadName

TO_UPLOAD = (SegmentRequest, ConnectionCountRequest, HoldingsRequest, Close, Stop)
"""What travels on the communicator `upload`."""
FROM_UPLOAD = (Hit, Miss, ConnectionCount, Holdings)
"""What an upload thread sends."""
Outcome = Literal["complete", "cut"] | None
"""How a trace ends; None for one that has no last line."""
RECORDED = ("Sent", "Received", "RoleChanged", "FileWritten", "ThreadEnded")


class HandWritten:
    """A history of a swarm with so many clients."""

    def __init__(
        self,
        clients: int,
        *,
        quota: int = 10,
        numwant: int | None = None,
        strategy: str = "peers-first",
        events: tuple[str, ...] | None = RECORDED,
        faults: tuple[str, ...] = (),
        is_resumed: bool = False,
    ) -> None:
        self.header = Header(
            format="swarm-trace",
            version=1,
            clients=clients,
            quota=quota,
            numwant=numwant,
            strategy=strategy,
            events=events,
            faults=faults,
            is_resumed=is_resumed,
        )
        self.records: list[Record] = []
        self.files: dict[str, FileMetadata] = {}
        self.wanted: dict[int, tuple[str, ...]] = {}
        self.owned: dict[int, tuple[FileMetadata, ...]] = {}
        self.seeds: dict[str, set[int]] = {}
        self.peers: dict[str, set[int]] = {}
        self.dead: set[int] = set()
        self.outcome: Outcome = "complete"
        self.more_inputs = 0
        """Input files beyond those of the clients here."""

    @property
    def clients(self) -> range:
        return range(1, self.header.clients + 1)

    @property
    def alive(self) -> list[int]:
        return [rank for rank in self.clients if rank not in self.dead]

    @property
    def line(self) -> int:
        """The line of the event that was written last; the header is line 1."""
        return len(self.records) + 1

    def at_sent(self, rank: int, message: AnyMessage) -> int:
        """The line in which this rank sent this message for the first time."""
        return self._at(rank, lambda event: isinstance(event, Sent) and event.message == message)

    def at_received(self, rank: int, source: int, message: AnyMessage) -> int:
        """The line in which this rank received this message for the first time."""
        return self._at(rank, lambda event: event == Received(channel_of(message), source, message))

    def _at(self, rank: int, is_it: Callable[[AnyEvent], bool]) -> int:
        return next(line for line, each in enumerate(self.records, 2) if each.rank == rank and is_it(each.event))

    # Single events; each gives its line

    def record(self, rank: int, event: AnyEvent, thread: ThreadName = "main") -> int:
        self.records.append(Record(len(self.records) / 1000, rank, thread, "", event))
        return self.line

    def sent(self, rank: int, to: int, message: AnyMessage, on: Channel | None = None) -> int:
        is_upload = isinstance(message, FROM_UPLOAD)
        return self.record(rank, Sent(on or channel_of(message), to, message), "upload" if is_upload else "download")

    def received(self, rank: int, source: int, message: AnyMessage, on: Channel | None = None) -> int:
        channel = on or channel_of(message)
        return self.record(rank, Received(channel, source, message), channel)

    def message(self, rank: int, to: int, message: AnyMessage) -> int:
        """Sent, and received at once; gives the line of the sending."""
        line = self.sent(rank, to, message)
        self.received(to, rank, message)
        return line

    def role(self, client: int, file: str, role: Literal["peer", "seed"]) -> int:
        """The tracker says so; its table here is kept in step."""
        self.peers.setdefault(file, set()).discard(client)
        self.seeds.setdefault(file, set())
        (self.seeds if role == "seed" else self.peers)[file].add(client)
        return self.record(TRACKER, RoleChanged(client, file, role))

    # Exchanges, as they should be

    def begin(
        self, owned: dict[int, Sequence[FileMetadata]] | None = None, wanted: dict[int, Sequence[str]] | None = None
    ) -> None:
        """P2 … D2: everything up to the second barrier, for all."""
        self.report(owned or {})
        self.ask(wanted or {})

    def report(self, owned: dict[int, Sequence[FileMetadata]]) -> None:
        """P2, T1, T2."""
        for rank in self.clients:
            self.own(rank, owned.get(rank, ()))
        self.barrier(1)

    def own(self, rank: int, files: Sequence[FileMetadata]) -> None:
        self.owned[rank] = tuple(files)
        self.message(rank, TRACKER, Metadata(tuple(files)))
        for metadata in files:
            self.files[metadata.name] = metadata
            self.role(rank, metadata.name, "seed")

    def ask(self, wanted: dict[int, Sequence[str]]) -> None:
        """D1, T3, T4."""
        for rank in self.clients:
            self.want(rank, wanted.get(rank, ()))
        self.barrier(2)

    def want(self, rank: int, files: Sequence[str]) -> None:
        self.wanted[rank] = tuple(files)
        self.message(rank, TRACKER, MetadataRequest(tuple(files)))
        self.message(TRACKER, rank, MetadataAnswer(tuple(self.files[file] for file in files)))

    def barrier(self, number: int) -> None:
        for rank in self.clients:
            self.message(TRACKER, rank, Barrier(number))

    def swarm(self, rank: int, file: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """D3, T6: a fresh list, which begins a round; gives its seeds and peers."""
        self.message(rank, TRACKER, SwarmRequest(file))
        if rank not in self.peers.setdefault(file, set()):
            self.role(rank, file, "peer")
        seeds, peers = (tuple(sorted(ranks - {rank})) for ranks in (self.seeds[file], self.peers[file]))
        numwant = self.header.numwant
        self.message(TRACKER, rank, SwarmAnswer(file, seeds[:numwant], peers[:numwant]))
        return seeds, peers

    def hit(self, rank: int, uploader: int, file: str, *segments: int) -> None:
        """D4, D6, U2: asked for and got, one after the other."""
        for segment in segments:
            self.message(rank, uploader, SegmentRequest(file, segment))
            self.message(uploader, rank, self.right(file, segment))

    def right(self, file: str, segment: int) -> Hit:
        return Hit(file, segment, self.files[file].segment(segment))

    def miss(self, rank: int, uploader: int, file: str, segment: int) -> None:
        self.message(rank, uploader, SegmentRequest(file, segment))
        self.message(uploader, rank, Miss(file, segment))

    def count(self, rank: int, seed: int, count: int) -> None:
        """D5, U3."""
        self.message(rank, seed, ConnectionCountRequest())
        self.message(seed, rank, ConnectionCount(count))

    def close(self, rank: int, uploader: int) -> None:
        self.message(rank, uploader, Close())

    def from_seed(self, rank: int, seed: int, file: str, segments: Iterable[int]) -> None:
        """D5, D6: from the only seed, whom nobody else has a connection with."""
        self.count(rank, seed, 0)
        self.hit(rank, seed, file, *segments)
        self.close(rank, seed)

    def download(self, rank: int, seed: int, file: str) -> None:
        """D3 … D7: a file of at most a quota, all of it from the only seed, with no peer in the way."""
        self.swarm(rank, file)
        self.from_seed(rank, seed, file, range(self.files[file].num_segments))
        self.complete(rank, file)

    def complete(self, rank: int, file: str) -> None:
        """D7, T7."""
        self.record(rank, FileWritten(file, self.files[file].num_segments), "download")
        self.message(rank, TRACKER, FileCompleted(file))
        self.role(rank, file, "seed")

    def finish(self, *ranks: int) -> None:
        """D8, T8; all that are alive where none is named."""
        for rank in ranks or self.alive:
            self.message(rank, TRACKER, Finished())

    def stop(self, *ranks: int) -> None:
        """T9, U5; all that are alive where none is named."""
        for rank in ranks or self.alive:
            self.message(TRACKER, rank, Stop())
            self.record(rank, ThreadEnded(), "upload")

    def end(self, *ranks: int) -> None:
        """These clients, or all, are finished, and everybody is stopped."""
        self.finish(*ranks)
        self.stop()

    # Faults

    def die(self, rank: int, *, is_coming_back: bool = False) -> int:
        """A client dies, and all others are told; gives the line of its death."""
        line = self.record(rank, Died("was killed"))
        self.dead.add(rank)
        self.lose(rank, is_coming_back=is_coming_back)
        return line

    def lose(self, rank: int, *, is_coming_back: bool = False) -> None:
        """Everybody else is told that this client is lost; the tracker's table here is kept in step."""
        self.tell(rank, Lost(is_coming_back))
        for ranks in (*self.seeds.values(), *self.peers.values()):
            ranks.discard(rank)

    def restart(self, rank: int, *, is_state_kept: bool = True) -> int:
        """A dead client is started again, and all others are told; gives the line of its beginning."""
        line = self.record(rank, Restarted(is_state_kept))
        self.dead.discard(rank)
        self.tell(rank, Returned())
        return line

    def tell(self, rank: int, message: AnyMessage) -> None:
        """What nobody sends: that a rank is lost, or has returned."""
        self.received(TRACKER, rank, message)
        for other in self.clients:
            if other != rank and other not in self.dead:
                for on in ("download", "upload"):
                    self.record(other, Received(on, rank, message), on)

    def report_again(self, rank: int) -> None:
        """P2 … D2 of a client that was started again: it finds both barriers open."""
        self.own(rank, self.owned[rank])
        self.message(TRACKER, rank, Barrier(1))
        self.want(rank, self.wanted[rank])
        self.message(TRACKER, rank, Barrier(2))

    def fault(
        self, rank: int, to: int, message: AnyMessage, verdict: Literal["dropped", "duplicated", "delayed", "corrupted"]
    ) -> int:
        """Something happens to what this rank has just sent."""
        return self.record(rank, MessageFaulted(verdict, channel_of(message), to, message), "download")

    # What becomes of it

    def inputs(self) -> tuple[ClientInput, ...]:
        """The input files that the clients here have followed."""
        ranks = range(1, len(self.clients) + 1 + self.more_inputs)
        return tuple(ClientInput(self.owned.get(rank, ()), self.wanted.get(rank, ())) for rank in ranks)

    def lines(self, outcome: Outcome = "complete") -> list[bytes]:
        last = [] if outcome is None else [encode_end(outcome, "", len(self.records) / 1000)]
        return [encode(self.header), *map(encode_record, self.records), *last]

    def write(self, path: Path, outcome: Outcome = "complete") -> Path:
        path.write_bytes(b"".join(line + b"\n" for line in self.lines(outcome)))
        return path

    def check(
        self,
        folder: Path,
        inputs: tuple[ClientInput, ...] | None = None,
        outcome: Outcome = "complete",
    ) -> Report:
        return check_trace(Trace(self.write(folder / "trace.jsonl", outcome)), inputs)

    def judge_first(self, num_events: int, inputs: tuple[ClientInput, ...] | None = None) -> Report:
        """What a checker says that hears of the first events while they happen, and of nothing after them."""
        return self._told(self.records[:num_events], inputs).report(True, "cut, without a last line")

    def judge_whole(self, inputs: tuple[ClientInput, ...] | None = None, course: Course = WHOLE_PROTOCOL) -> Report:
        """What a checker says that hears of all events, and that the run is over."""
        return self._told(self.records, inputs, course).report(False, "complete")

    def _told(
        self, records: list[Record], inputs: tuple[ClientInput, ...] | None, course: Course = WHOLE_PROTOCOL
    ) -> Checker:
        checker = Checker(self.header, inputs, course)
        for record in records:
            match record.event:
                case Sent(on, to, message):
                    checker.sent(record.rank, on, to, message, record.thread)
                case Received(on, source, message):
                    checker.received(record.rank, on, source, message, record.thread)
                case event:
                    checker.event(record.rank, record.thread, event)
        return checker

    def without(self, *kinds: str) -> "HandWritten":
        """The same history by a program that does not record these kinds of events, and does not say which it does."""
        other = HandWritten(self.header.clients)
        other.header = msgspec.structs.replace(self.header, events=None)
        other.records = [record for record in self.records if type(record.event).__name__ not in kinds]
        return other


def channel_of(message: AnyMessage) -> Channel:
    return "upload" if isinstance(message, TO_UPLOAD) else "download"


def blame(rule: Rule, text: str, expected: str, *lines: int, count: int = 1) -> Violation:
    return Violation(rule.name, rule.steps, text, expected, lines, count)


def violations(report: Report) -> list[Violation]:
    """All that the checker has against a run, whichever comes first."""
    found = (violation for judged in report.rules for violation in judged.violations)
    return [msgspec.structs.replace(violation, is_earliest=False) for violation in found]


def invalid(report: Report) -> set[str]:
    return {judged.rule for judged in report.rules if judged.verdict == "invalid"}


def unknown(report: Report) -> set[str]:
    return {judged.rule for judged in report.rules if judged.verdict == "unknown"}
