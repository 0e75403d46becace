"""Checking what download threads get, and what becomes of it: D2 … D6, from the messages that they receive."""

from emulator.checker.checks.requests import BEATEN, DUE, LATE, UNASKED, RequestCheck
from emulator.checker.checks.rounds import RoundCheck
from emulator.checker.client import Client
from emulator.checker.known import Known
from emulator.checker.round import Round
from emulator.protocol.events import DownloadStarted, Restarted
from emulator.protocol.messages import (
    ConnectionCount,
    ConnectionCountRequest,
    Hit,
    Holdings,
    HoldingsRequest,
    Lost,
    MetadataAnswer,
    MetadataRequest,
    Miss,
    Returned,
    Stuck,
    StuckAnswer,
    SwarmAnswer,
    SwarmRequest,
)


class AnswerCheck:
    """The answers to all download threads. Each method takes the line, the client, the other rank, and the message."""

    def __init__(self, known: Known, requests: RequestCheck, rounds: RoundCheck) -> None:
        self._known = known
        self._clients = known.clients
        self._metadata = known.metadata
        self._requests = requests
        self._rounds = rounds

    # Answers of the tracker

    def metadata_answer(self, line: int, rank: int, source: int, message: MetadataAnswer) -> None:
        client = self._clients[rank]
        if not self._requests.end(line, client, source, message, MetadataRequest):
            return
        for metadata in message.files:
            self._known.begin_file(client, metadata)

    def swarm_answer(self, line: int, rank: int, source: int, message: SwarmAnswer) -> None:
        client = self._clients[rank]
        if self._requests.end(line, client, source, message, SwarmRequest):
            round = client.round = Round(line, rank, message.file, message.seeds, message.peers)
            if round.peers:
                self._known.seen.add("a peer is listed")
            if client.away or client.let_down or client.avoided:
                missing = client.away | client.avoided
                is_whole = missing.isdisjoint(round.seeds | round.peers) and client.let_down.isdisjoint(round.seeds)
                round.is_disturbed = not is_whole

    def stuck_answer(self, line: int, rank: int, source: int, message: StuckAnswer) -> None:
        client = self._clients[rank]
        if not self._requests.end(line, client, source, message, Stuck):
            return
        if message.num_lost > 0:
            client.told_lost.add(message.file)
        elif message.holders:
            # A round with those that the tracker knows to hold something, in which the strategy has no part.
            client.round = Round(line, rank, message.file, (), message.holders)
            client.round.is_disturbed = True

    # Answers of uploaders

    def hit(self, line: int, rank: int, source: int, message: Hit) -> None:
        client = self._clients[rank]
        answers = self._requests.end_segment(line, client, source, message)
        if answers != DUE:
            self._hit_late(line, client, source, answers)
            return
        if source not in client.opened:
            client.opened[source] = line
        metadata = self._metadata.get(message.file)
        segment, round, held = message.segment, client.round, client.held.get(message.file)
        if held is None:
            held = self._known.held_by(client, message.file)
        if metadata is not None and message.data != metadata.segment(segment):
            client.avoided.add(source)
            self._count_miss(client, source)
            return
        is_new = held is not None and 0 <= segment < len(held) and not held[segment]
        if held is not None and is_new:
            held[segment] = 1
            client.fresh = (held, segment)
            client.num_missing[message.file] -= 1
        if round is not None:
            round.num_hits += is_new
            round.num_misses = 0
            round.is_missed = False

    def _hit_late(self, line: int, client: Client, source: int, answers: int) -> None:
        """Nobody waits for this segment any more, but its uploader has opened a connection."""
        if answers in (LATE, BEATEN) and self._known.loses_messages:
            client.doubts[source] += 1
        elif answers == BEATEN:
            client.opened.setdefault(source, line)

    def miss(self, line: int, rank: int, source: int, message: Miss) -> None:
        client = self._clients[rank]
        if self._requests.end_segment(line, client, source, message) not in (UNASKED, LATE):
            self._count_miss(client, source)

    def _count_miss(self, client: Client, source: int) -> None:
        round = client.round
        if round is not None:
            self._rounds.count_miss(round, source)
            if source in round.seeds:
                client.let_down.add(source)

    def connection_count(self, line: int, rank: int, source: int, message: ConnectionCount) -> None:
        client = self._clients[rank]
        is_due = self._requests.end(line, client, source, message, ConnectionCountRequest)
        if is_due and client.round is not None and source in client.round.asked:
            client.round.counts[source] = message.count

    def holdings(self, line: int, rank: int, source: int, message: Holdings) -> None:
        self._requests.end(line, self._clients[rank], source, message, HoldingsRequest)

    # Who dies, who comes back, and what is left on a disk

    def lost(self, _line: int, rank: int, source: int, _message: Lost) -> None:
        """The thread is told that a rank is dead: its answers never come, its connections are no more."""
        client = self._clients[rank]
        client.lost.add(source)
        client.away.add(source)
        self._requests.lose(client, source)
        client.opened.pop(source, None)
        client.doubts.pop(source, None)
        round = client.round
        if round is not None and (source in round.seeds or source in round.peers):
            round.is_disturbed = True

    def returned(self, _line: int, rank: int, source: int, _message: Returned) -> None:
        self._clients[rank].lost.discard(source)

    def restarted(self, _line: int, rank: int, _thread: str, event: Restarted) -> None:
        """A client begins anew, with what its disk may hold."""
        before = self._clients[rank]
        client = self._clients.begin_anew(rank)
        client.is_again = True
        if event.is_state_kept:
            held = {file: held for file, held in before.held.items() if file not in before.owned}
            client.kept = (before.kept or {}) | held

    def began(self, _line: int, rank: int, _thread: str, event: DownloadStarted) -> None:
        """D3: the client says how much of a file was there already."""
        client = self._clients[rank]
        if client.kept is not None or self._known.header.is_resumed:
            client.count_present(event.file, event.num_present)
