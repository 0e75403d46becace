"""Checking download threads: D1 … D8, from the messages that they send and receive."""

from emulator.checker import rules
from emulator.checker.checks.clients import MAYBE, Client, Known, Round
from emulator.checker.checks.findings import shown
from emulator.checker.checks.requests import BEATEN, DUE, LATE, UNASKED, RequestCheck
from emulator.checker.checks.rounds import RoundCheck
from emulator.protocol.events import DownloadStarted
from emulator.protocol.messages import (
    TRACKER,
    Barrier,
    Close,
    ConnectionCount,
    ConnectionCountRequest,
    FileCompleted,
    Finished,
    Hit,
    Holdings,
    HoldingsRequest,
    Leave,
    MetadataAnswer,
    MetadataRequest,
    Miss,
    SegmentRequest,
    Stuck,
    StuckAnswer,
    SwarmAnswer,
    SwarmRequest,
)


class DownloadCheck:
    """All download threads of a swarm. Each method takes the line, the client, the other rank, and the message."""

    def __init__(self, known: Known) -> None:
        header = known.header
        self._known = known
        self._clients = known.clients
        self._metadata = known.metadata
        self._add = known.add
        self._quota = header.quota
        self._is_peers_first = header.strategy == rules.PEERS_FIRST
        self._is_written_told = header.events is not None and "FileWritten" in header.events
        self._requests = RequestCheck(known)
        self._rounds = RoundCheck(known)

    # What a download thread sends

    def metadata_request(self, line: int, rank: int, to: int, message: MetadataRequest) -> None:
        client = self._clients[rank]
        if not client.barriers[1]:
            text = f"client {rank} asks for metadata before it got the tracker's first signal"
            self._add(
                rules.FIRST_BARRIER, (client.declared, line), text, "it waits for the signal (P3), then asks (D1)"
            )
        self._requests.begin(line, client, to, message)
        client.asked = line
        client.wanted = message.files

    def swarm_request(self, line: int, rank: int, to: int, message: SwarmRequest) -> None:
        client = self._clients[rank]
        is_again = client.outstanding is not None and client.outstanding[2] == message
        self._end_round(line, client)
        self._check_begun(line, client, f"the swarm of {message.file!r}")
        self._requests.begin(line, client, to, message)
        if client.away and not is_again:
            client.away = set(client.lost)
        if self._is_peers_first:
            due = next((file for file in client.wanted if not client.is_done_with(file)), None)
            if due is not None and due != message.file:
                text = f"client {rank} turns to {message.file!r} while {due!r}, which it wants earlier, is not complete"
                self._add(rules.FILE_ORDER, (client.asked, line), text, f"it downloads {due!r} first (D3)")

    def stuck(self, line: int, rank: int, to: int, message: Stuck) -> None:
        client = self._clients[rank]
        self._end_round(line, client)
        self._check_begun(line, client, f"what is lost of {message.file!r}")
        self._requests.begin(line, client, to, message)

    def segment_request(self, line: int, rank: int, to: int, message: SegmentRequest) -> None:
        client = self._clients[rank]
        if not self._check_ask(line, client, to, message):
            return
        file, segment, round = message.file, message.segment, client.round
        if round is None or round.file != file:
            text = f"client {rank} asks rank {to} for a segment of {file!r} without a list of its swarm"
            self._add(rules.FRESH_LIST, (line,), text, "it asks the tracker for the swarm first (D3)")
            return
        if round.num_hits >= self._quota:
            text = f"client {rank} asks for a segment when it has got {round.num_hits} since its last swarm list"
            self._add(
                rules.QUOTA, (round.line, line), text, f"after {self._quota} segments it asks the tracker again (D3)"
            )
        self._check_order(line, client, file, segment)
        if client.opened and to not in client.opened:
            self._rounds.leave_open(line, client, f"it turns to rank {to}")
        if to in round.seeds:
            self._rounds.ask_seed(line, client, round, to)
        elif to in round.peers:
            self._rounds.ask_peer(line, client, round, to)
        else:
            self._rounds.not_listed(line, client, round, to)

    def count_request(self, line: int, rank: int, to: int, message: ConnectionCountRequest) -> None:
        client = self._clients[rank]
        if not self._check_ask(line, client, to, message):
            return
        round = client.round
        if round is None:
            text = f"client {rank} asks rank {to} for its connections without a swarm list"
            self._add(rules.FRESH_LIST, (line,), text, "it asks the tracker for the swarm first (D3)")
            return
        if client.opened:
            self._rounds.leave_open(line, client, f"it asks rank {to} for its connections")
        self._rounds.ask_count(line, client, round, to)

    def holdings_request(self, line: int, rank: int, to: int, message: HoldingsRequest) -> None:
        client = self._clients[rank]
        if not self._check_ask(line, client, to, message):
            return
        round = client.round
        if round is None or round.file != message.file:
            text = f"client {rank} asks rank {to} what it holds of {message.file!r} without a list of its swarm"
            self._add(rules.FRESH_LIST, (line,), text, "it asks the tracker for the swarm first (D3)")
        elif to not in round.seeds and to not in round.peers:
            self._rounds.not_listed(line, client, round, to)

    def close(self, line: int, rank: int, to: int, _message: Close) -> None:
        client = self._clients[rank]
        client.settle()
        if client.opened.pop(to, None) is None and not self._is_doubted(client, to):
            text = f"client {rank} closes a connection with rank {to} that it does not have"
            self._add(rules.CLOSED_ONCE, (line,), text, "a close follows a connection that a hit has opened, once (U4)")

    def _is_doubted(self, client: Client, uploader: int) -> bool:
        """Whether the client may believe that the uploader believes in a connection; this close ends that."""
        if not client.doubts[uploader] and self._known.loses_messages:
            # Perhaps it waits no longer for an answer that may have opened one.
            if client.outstanding is not None and client.outstanding[1] == uploader:
                self._requests.give_up(client)
            elif self._requests.give_up_races(client, uploader):
                return True
        if client.doubts[uploader]:
            client.doubts[uploader] -= 1
            return True
        return False

    def file_completed(self, line: int, rank: int, _to: int, message: FileCompleted) -> None:
        client, file = self._clients[rank], message.file
        self._end_round(line, client)
        told = client.told.setdefault(file, line)
        expected = "it tells it once, when all segments are there (D7)"
        if told != line:
            self._add(rules.COMPLETION, (told, line), f"client {rank} tells twice that it has {file!r}", expected)
        elif file not in client.wanted or file in client.owned:
            text = f"client {rank} tells that it has {file!r}, which it did not have to download"
            self._add(rules.COMPLETION, (client.declared, client.asked, line), text, expected)
        elif not client.is_whole(file):
            num_missing = client.num_missing.get(file, "all")
            text = f"client {rank} tells that it has {file!r}, but {num_missing} segments are missing"
            self._add(rules.COMPLETION, (line,), text, expected)
        elif self._is_written_told and file not in client.written:
            text = f"client {rank} tells that it has {file!r} before its output is written"
            self._add(rules.COMPLETION, (line,), text, "the output is written first (D7)")

    def finished(self, line: int, rank: int, _to: int, _message: Finished) -> None:
        client = self._clients[rank]
        self._end_round(line, client)
        missing = [file for file in client.wanted if not client.is_done_with(file)]
        expected = "it is finished once, when every wanted file is there (D8)"
        if client.finished:
            self._add(rules.FINISHED, (client.finished, line), f"client {rank} is finished twice", expected)
        elif missing:
            text = f"client {rank} is finished without {missing[0]!r}"
            self._add(rules.FINISHED, (client.asked, line), text, expected)
        accounted = client.told.keys() | client.owned | client.unavailable.keys()
        for file in client.wanted if not missing else ():
            if file not in accounted:
                text = f"client {rank} is finished and has never told that it has {file!r}"
                self._add(rules.COMPLETION, (line,), text, "it tells the tracker when a file is complete (D7)")
        client.finished = client.finished or line

    def leave(self, line: int, rank: int, _to: int, _message: Leave) -> None:
        client = self._clients[rank]
        if client.left or not client.finished:
            text = f"client {rank} leaves {'twice' if client.left else 'before it is finished'}"
            self._add(rules.FINISHED, (client.left, line), text, "it leaves once, when it has what it wanted (D8)")
        client.left = client.left or line

    # What a download thread receives

    def barrier(self, line: int, rank: int, source: int, message: Barrier) -> None:
        if source == TRACKER and message.number in (1, 2):
            self._clients[rank].barriers[message.number] = line

    def metadata_answer(self, line: int, rank: int, source: int, message: MetadataAnswer) -> None:
        client = self._clients[rank]
        if not self._requests.end(line, client, source, message, MetadataRequest):
            return
        for metadata in message.files:
            if client.kept is not None or self._known.header.is_resumed:
                client.find_on_disk(metadata, self._known.header.is_resumed)
            else:
                client.open_file(metadata, 0)

    def swarm_answer(self, line: int, rank: int, source: int, message: SwarmAnswer) -> None:
        client = self._clients[rank]
        if self._requests.end(line, client, source, message, SwarmRequest):
            round = client.round = Round(line, rank, message.file, message.seeds, message.peers)
            if client.away or client.let_down:
                is_whole = client.away.isdisjoint(round.seeds | round.peers) and client.let_down.isdisjoint(round.seeds)
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
        if metadata is not None and message.data != metadata.segment(segment):
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
        if answers == LATE or (answers == BEATEN and self._known.loses_messages):
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

    def lost(self, rank: int, source: int) -> None:
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

    def returned(self, rank: int, source: int) -> None:
        self._clients[rank].lost.discard(source)

    def restarted(self, rank: int, is_state_kept: bool) -> None:
        """A client begins anew, with what its disk may hold."""
        before = self._clients[rank]
        client = self._clients[rank] = Client(rank)
        client.is_again = True
        if is_state_kept:
            held = {file: held for file, held in before.held.items() if file not in before.owned}
            client.kept = (before.kept or {}) | held

    def began(self, rank: int, event: DownloadStarted) -> None:
        """D3: the client says how much of a file was there already."""
        client = self._clients[rank]
        if client.kept is not None or self._known.header.is_resumed:
            client.count_present(event.file, event.num_present)

    # What holds for all requests

    def _end_round(self, line: int, client: Client) -> None:
        if client.outstanding is not None and self._known.loses_messages:
            self._requests.give_up(client)
        self._rounds.end(line, client)

    def _check_ask(self, line: int, client: Client, to: int, request: object) -> bool:
        """What holds for whatever is asked of another client."""
        if to in (TRACKER, client.rank):
            whom = "the tracker" if to == TRACKER else "itself"
            text = f"client {client.rank} asks {whom}: {shown(request)}"
            self._add(rules.TRACKER_HOLDS_NOTHING, (line,), text, "only other clients are asked")
        elif to in client.lost:
            text = f"client {client.rank} asks rank {to}, of which it knows that it is lost: {shown(request)}"
            self._add(rules.LOST_ARE_NOT_ASKED, (line,), text, "it waits until it is told that the rank has returned")
        self._check_begun(line, client, "another client")
        self._requests.begin(line, client, to, request)
        return to not in (TRACKER, client.rank)

    def _check_begun(self, line: int, client: Client, what: str) -> None:
        if not client.barriers[2]:
            text = f"client {client.rank} asks for {what} before it got the tracker's second signal"
            self._add(
                rules.SECOND_BARRIER, (client.asked, line), text, "it waits for the signal (D2), then downloads (D3)"
            )

    def _check_order(self, line: int, client: Client, file: str, segment: int) -> None:
        held = client.held.get(file)
        if held is None:
            return
        if not 0 <= segment < len(held):
            text = f"client {client.rank} asks for segment {segment} of {file!r}, which has {len(held)}"
            self._add(rules.ONCE_EACH, (line,), text, "only segments of the file are asked for, counted from 0")
            return
        if held[segment] == MAYBE:
            client.look_again(file, held, segment)
        if held[segment]:
            text = f"client {client.rank} asks for segment {segment} of {file!r}, which it has"
            self._add(rules.ONCE_EACH, (line,), text, "only missing segments are asked for")
        elif self._is_peers_first and not client.overtaken and (first := held.find(0)) != segment:
            text = f"client {client.rank} asks for segment {segment} of {file!r} while {first} is missing"
            self._add(rules.FILE_ORDER, (line,), text, f"it asks for segment {first}, the first that is missing")
