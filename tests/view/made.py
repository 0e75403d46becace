"""Whole runs made by hand: the same records every time, as the protocol would give them, without a process."""

import heapq
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from emulator.protocol.events import (
    AnyEvent,
    BarrierOpened,
    BarrierPassed,
    ClientFinished,
    ConnectionClosed,
    ConnectionOpened,
    Died,
    DownloadsFinished,
    DownloadStarted,
    FaultBegan,
    FileUnavailable,
    FileWritten,
    PeerChosen,
    Reported,
    Restarted,
    Role,
    RoleChanged,
    RoundBegan,
    RoundEnded,
    SeedChosen,
    SegmentsTaken,
    ThreadEnded,
    ThreadStarted,
)
from emulator.trace.records import Record, ThreadName
from emulator.view.dashboard.facts import Facts

QUOTA = 10


@dataclass(frozen=True)
class MadeRun:
    facts: Facts
    records: list[Record]
    """In the order of time, as in a trace."""


def made_run(
    num_clients: int,
    num_files: int = 4,
    num_segments: int = 30,
    rng_seed: int = 0,
    name: Callable[[int], str] = "file{}".format,
) -> MadeRun:
    """Client 1 owns the first file, client 2 the second …; everybody wants some of the others."""
    swarm = _Swarm(num_clients, [name(number) for number in range(1, num_files + 1)], num_segments, rng_seed)
    goals = [sum(swarm.sizes[file] for file in swarm.wanted[rank]) for rank in swarm.ranks]
    wanted = [swarm.wanted[rank] for rank in swarm.ranks]
    return MadeRun(Facts("a run made by hand", goals, wanted), swarm.run())


def gone_wrong(made: MadeRun, share: float = 0.6) -> MadeRun:
    """The run up to there, and then: client 3 dies, 5 dies and comes back, 4 stands still, 2 gives a file up."""
    records = made.records[: int(share * len(made.records))]
    now_s, num_before = records[-1].time_s, len(records)
    wanted = made.facts.wanted

    def happens(rank: int, event: AnyEvent, thread: ThreadName = "main", step: str = "") -> None:
        at_s = now_s + 0.001 * (len(records) - num_before)
        records.append(Record(round(at_s, 6), rank, thread, step, event))

    pause = "pause client 4 at 100ms for 1s"
    happens(0, FaultBegan("drop 10% of messages"))
    happens(4, FaultBegan(pause))
    for rank, cause in ((3, "was killed by SIGKILL"), (5, "ended by itself with exit status 1")):
        happens(rank, Died(cause))
    happens(5, Restarted(True))
    happens(5, DownloadStarted(wanted[4][0], 40, 20), "download", "D3")
    happens(2, FileUnavailable(wanted[1][-1], 12, 7), "download", "D7")
    return MadeRun(made.facts, records)


class _Swarm:
    """A generator a client, which yields for how long it waits; the one whose time is next goes on."""

    def __init__(self, num_clients: int, files: list[str], num_segments: int, rng_seed: int) -> None:
        self.ranks = range(1, num_clients + 1)
        self.sizes = {file: num_segments + 7 * (index % 3) for index, file in enumerate(files)}
        self.owned = {
            rank: [file for index, file in enumerate(files) if index % num_clients + 1 == rank] for rank in self.ranks
        }
        self.wanted = {rank: self._wishes(rank, files) for rank in self.ranks}
        self._holds: dict[tuple[int, str], set[int]] = {}
        self._roles: dict[str, dict[int, Role]] = {file: {} for file in files}
        self._open = dict.fromkeys(self.ranks, 0)
        self._num_reported = self._num_passed = self._num_finished = self._barrier = 0
        self._random = random.Random(rng_seed)
        self._now_s = 0.0
        self._records: list[Record] = []

    def _wishes(self, rank: int, files: list[str]) -> list[str]:
        wishes = [files[(rank + offset) % len(files)] for offset in range(min(4, len(files)))]
        return [file for file in wishes if file not in self.owned[rank]]

    def run(self) -> list[Record]:
        waiting = [(0.001 * rank, rank, self._client(rank)) for rank in self.ranks]
        while waiting:
            self._now_s, rank, client = heapq.heappop(waiting)
            wait_s = next(client, None)
            if wait_s is not None:
                heapq.heappush(waiting, (self._now_s + wait_s, rank, client))
        return self._records

    def _record(self, rank: int, event: AnyEvent, thread: ThreadName, step: str) -> None:
        self._records.append(Record(round(self._now_s, 6), rank, thread, step, event))

    def _tracker(self, event: AnyEvent, step: str) -> None:
        self._record(0, event, "main", step)

    def _role(self, rank: int, file: str, role: Role, step: str) -> None:
        self._roles[file][rank] = role
        self._tracker(RoleChanged(rank, file, role), step)

    def _client(self, rank: int) -> Iterator[float]:
        self._record(rank, ThreadStarted(1000 + rank), "main", "P1")
        yield self._random.uniform(0.001, 0.02)
        yield from self._report(rank)
        for file in self.wanted[rank]:
            yield from self._download(rank, file)
        self._record(rank, DownloadsFinished(), "download", "D8")
        self._tracker(ClientFinished(rank), "T8")
        self._num_finished += 1
        while self._num_finished < len(self.ranks):
            yield 0.01
        self._record(rank, ThreadEnded(), "main", "P4")

    def _report(self, rank: int) -> Iterator[float]:
        self._record(rank, Reported(len(self.owned[rank])), "main", "P2")
        for file in self.owned[rank]:
            self._holds[rank, file] = set(range(self.sizes[file]))
            self._role(rank, file, "seed", "T1")
        self._num_reported += 1
        if self._num_reported == len(self.ranks):
            self._barrier = 1
            self._tracker(BarrierOpened(1), "T2")
        while self._barrier < 1:
            yield 0.002
        self._record(rank, BarrierPassed(1), "main", "P3")
        self._num_passed += 1
        if self._num_passed == len(self.ranks):
            self._barrier = 2
            self._tracker(BarrierOpened(2), "T4")
        while self._barrier < 2:
            yield 0.002
        self._record(rank, BarrierPassed(2), "download", "D2")

    def _download(self, rank: int, file: str) -> Iterator[float]:
        held = self._holds[rank, file] = set()
        self._record(rank, DownloadStarted(file, self.sizes[file], 0), "download", "D3")
        number = 0
        while len(held) < self.sizes[file]:
            number += 1
            before = len(held)
            known = {
                role: tuple(sorted(other for other, its in self._roles[file].items() if its == role and other != rank))
                for role in ("seed", "peer")
            }
            self._record(rank, RoundBegan(file, number, known["seed"], known["peer"]), "download", "D3")
            yield self._random.uniform(0.001, 0.003)
            if known["peer"]:
                peer = self._random.choice(known["peer"])
                self._record(rank, PeerChosen(file, peer, known["peer"], 0), "download", "D4")
                yield from self._visit(rank, file, peer, is_seed=False)
            if len(held) == before:
                asked = known["seed"][:3]
                counts = tuple(self._open[seed] for seed in asked)
                seed = asked[counts.index(min(counts))]
                self._record(rank, SeedChosen(file, seed, asked, counts), "download", "D5")
                yield from self._visit(rank, file, seed, is_seed=True)
            if rank not in self._roles[file]:
                self._role(rank, file, "peer", "T6")
            self._record(rank, RoundEnded(file, number, len(held) - before), "download", "D3")
        self._record(rank, FileWritten(file, self.sizes[file]), "download", "D7")
        self._role(rank, file, "seed", "T7")

    def _visit(self, rank: int, file: str, other: int, *, is_seed: bool) -> Iterator[float]:
        held = self._holds[rank, file]
        missing = [segment for segment in range(self.sizes[file]) if segment not in held]
        segments = tuple(segment for segment in missing if segment in self._holds[other, file])[:QUOTA]
        if segments:
            self._open[other] += 1
            self._record(other, ConnectionOpened(rank, self._open[other]), "upload", "U2")
        yield self._random.uniform(0.002, 0.01)
        held.update(segments)
        is_missed = len(segments) < min(QUOTA, len(missing))
        step = "D6" if is_seed else "D4"
        self._record(rank, SegmentsTaken(file, other, is_seed, segments, is_missed), "download", step)
        if segments:
            self._open[other] -= 1
            self._record(other, ConnectionClosed(rank, len(segments), self._open[other]), "upload", "U4")
