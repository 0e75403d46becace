"""Checking download threads: D1 … D8, from the messages that they send and receive."""

from collections.abc import Mapping

from emulator.protocol.files import FileMetadata
from emulator.protocol.messages import (
    TRACKER,
    Barrier,
    Close,
    ConnectionCount,
    ConnectionCountRequest,
    FileCompleted,
    Finished,
    Hit,
    MetadataAnswer,
    MetadataRequest,
    Miss,
    SegmentRequest,
    SwarmAnswer,
    SwarmRequest,
)
from emulator.trace import rules
from emulator.trace.checks.clients import Client, Round
from emulator.trace.checks.findings import Findings
from emulator.trace.format import Header


class DownloadCheck:
    """All download threads of a swarm. Each method takes the line, the client, the other rank, and the message."""

    def __init__(
        self, header: Header, clients: list[Client], metadata: Mapping[str, FileMetadata], findings: Findings
    ) -> None:
        self._clients = clients
        self._metadata = metadata
        self._add = findings.add
        self._quota = header.quota
        self._is_peers_first = header.strategy == rules.PEERS_FIRST
        self._is_written_told = header.events is not None and "FileWritten" in header.events

    # What a download thread sends

    def metadata_request(self, line: int, rank: int, to: int, message: MetadataRequest) -> None:
        client = self._clients[rank]
        if not client.barriers[1]:
            text = f"client {rank} asks for metadata before it got the tracker's first signal"
            self._add(
                rules.FIRST_BARRIER, (client.declared, line), text, "it waits for the signal (P3), then asks (D1)"
            )
        self._begin_request(line, client, to, message)
        client.asked = line
        client.wanted = message.files

    def swarm_request(self, line: int, rank: int, to: int, message: SwarmRequest) -> None:
        client = self._clients[rank]
        self._end_round(line, client)
        self._check_begun(line, client, f"the swarm of {message.file!r}")
        self._begin_request(line, client, to, message)
        if self._is_peers_first:
            due = next((file for file in client.wanted if not client.is_whole(file)), None)
            if due is not None and due != message.file:
                text = f"client {rank} turns to {message.file!r} while {due!r}, which it wants earlier, is not complete"
                self._add(rules.FILE_ORDER, (client.asked, line), text, f"it downloads {due!r} first (D3)")

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
            self._leave_open(line, client, f"it turns to rank {to}")
        if to in round.seeds:
            self._ask_seed(line, client, round, to)
        elif to in round.peers:
            self._ask_peer(line, client, round, to)
        else:
            self._not_listed(line, client, round, to)

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
            self._leave_open(line, client, f"it asks rank {to} for its connections")
        self._end_search(line, client, round)
        if to not in round.seeds:
            self._count_no_seed(line, client, round, to)
            return
        if to in round.asked:
            text = f"client {client.rank} asks seed {to} twice in one round for its connections"
            self._check_strategy(rules.THREE_COUNTS, (round.asked[to], line), text, "each seed is asked once (D5)")
        elif round.seed is not None:
            text = f"client {client.rank} asks seed {to} for its connections when it has taken seed {round.seed}"
            self._check_strategy(rules.THREE_COUNTS, (round.line, line), text, "it asks before it takes one (D5)")
        round.asked[to] = line

    def close(self, line: int, rank: int, to: int, _message: Close) -> None:
        client = self._clients[rank]
        client.settle()
        if client.opened.pop(to, None) is None:
            text = f"client {rank} closes a connection with rank {to} that it does not have"
            self._add(rules.CLOSED_ONCE, (line,), text, "a close follows a connection that a hit has opened, once (U4)")

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
        missing = [file for file in client.wanted if not client.is_whole(file)]
        expected = "it is finished once, when every wanted file is there (D8)"
        if client.finished:
            self._add(rules.FINISHED, (client.finished, line), f"client {rank} is finished twice", expected)
        elif missing:
            text = f"client {rank} is finished without {missing[0]!r}"
            self._add(rules.FINISHED, (client.asked, line), text, expected)
        untold = [file for file in client.wanted if file not in client.told and file not in client.owned]
        for file in untold if not missing else ():
            text = f"client {rank} is finished and has never told that it has {file!r}"
            self._add(rules.COMPLETION, (line,), text, "it tells the tracker when a file is complete (D7)")
        client.finished = client.finished or line

    # What a download thread receives

    def barrier(self, line: int, rank: int, _source: int, message: Barrier) -> None:
        if message.number in (1, 2):
            self._clients[rank].barriers[message.number] = line

    def metadata_answer(self, line: int, rank: int, source: int, message: MetadataAnswer) -> None:
        client = self._clients[rank]
        if self._end_request(line, client, source, message, MetadataRequest):
            for metadata in message.files:
                client.open_file(metadata, 0)

    def swarm_answer(self, line: int, rank: int, source: int, message: SwarmAnswer) -> None:
        client = self._clients[rank]
        if self._end_request(line, client, source, message, SwarmRequest):
            client.round = Round(line, rank, message)

    def hit(self, line: int, rank: int, source: int, message: Hit) -> None:
        client = self._clients[rank]
        if not self._end_segment_request(line, client, source, message):
            return
        if source not in client.opened:
            client.opened[source] = line
        metadata = self._metadata.get(message.file)
        segment, round, held = message.segment, client.round, client.held.get(message.file)
        if metadata is not None and message.data != metadata.segment(segment):
            self._count_miss(round, source)
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

    def miss(self, line: int, rank: int, source: int, message: Miss) -> None:
        client = self._clients[rank]
        if self._end_segment_request(line, client, source, message):
            self._count_miss(client.round, source)

    def connection_count(self, line: int, rank: int, source: int, message: ConnectionCount) -> None:
        client = self._clients[rank]
        is_due = self._end_request(line, client, source, message, ConnectionCountRequest)
        if is_due and client.round is not None and source in client.round.asked:
            client.round.counts[source] = message.count

    # Requests and answers

    def _begin_request(self, line: int, client: Client, to: int, request: object) -> None:
        client.settle()
        if client.outstanding is not None:
            before, asked, _ = client.outstanding
            client.overtaken.append(client.outstanding)
            text = f"client {client.rank} asks rank {to} while rank {asked} has not answered"
            self._add(rules.ONE_OUTSTANDING, (before, line), text, "it waits for the answer before it asks again")
        if client.finished:
            text = f"client {client.rank} asks rank {to} when it is finished"
            self._add(rules.FINISHED, (client.finished, line), text, "its download thread has ended (D8)")
        client.outstanding = (line, to, request)

    def _end_request(self, line: int, client: Client, source: int, answer: object, kind: type) -> bool:
        outstanding = client.outstanding
        if outstanding is not None and outstanding[1] == source and isinstance(outstanding[2], kind):
            client.outstanding = None
            return True
        for request in client.overtaken:
            if request[1] == source and isinstance(request[2], kind):
                client.overtaken.remove(request)
                return True
        self._unasked(line, client, source, answer)
        return False

    def _end_segment_request(self, line: int, client: Client, source: int, answer: Hit | Miss) -> bool:
        outstanding = client.outstanding
        if outstanding is not None and outstanding[1] == source:
            request = outstanding[2]
            if (
                isinstance(request, SegmentRequest)
                and request.segment == answer.segment
                and request.file == answer.file
            ):
                client.outstanding = None
                return True
        due = (source, SegmentRequest(answer.file, answer.segment))
        for late in client.overtaken:
            if late[1:] == due:
                client.overtaken.remove(late)
                return True
        self._unasked(line, client, source, answer)
        return False

    def _unasked(self, line: int, client: Client, source: int, answer: object) -> None:
        before, text = 0, "has asked nothing"
        if client.outstanding is not None:
            before, to, request = client.outstanding
            text = f"waits for rank {to} to answer {request!r:.80}"
        text = f"client {client.rank} gets {answer!r:.80} from rank {source}, but {text}"
        self._add(rules.ONE_ANSWER, (before, line), text, "one answer to each request, from the rank that was asked")

    def _check_ask(self, line: int, client: Client, to: int, request: object) -> bool:
        """What holds for whatever is asked of another client."""
        if to in (TRACKER, client.rank):
            whom = "the tracker" if to == TRACKER else "itself"
            text = f"client {client.rank} asks {whom}: {request!r:.80}"
            self._add(rules.TRACKER_HOLDS_NOTHING, (line,), text, "only other clients are asked")
        self._check_begun(line, client, "another client")
        self._begin_request(line, client, to, request)
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
        elif held[segment]:
            text = f"client {client.rank} asks for segment {segment} of {file!r}, which it has"
            self._add(rules.ONCE_EACH, (line,), text, "only missing segments are asked for")
        elif self._is_peers_first and not client.overtaken and (first := held.find(0)) != segment:
            text = f"client {client.rank} asks for segment {segment} of {file!r} while {first} is missing"
            self._add(rules.FILE_ORDER, (line,), text, f"it asks for segment {first}, the first that is missing")

    def _check_strategy(self, rule: rules.Rule, lines: tuple[int, ...], text: str, expected: str) -> None:
        if self._is_peers_first:
            self._add(rule, lines, text, expected)

    def _count_no_seed(self, line: int, client: Client, round: Round, to: int) -> None:
        if to in round.peers:
            text = f"client {client.rank} asks peer {to} for its connections"
            self._check_strategy(rules.THREE_COUNTS, (round.line, line), text, "it asks seeds (D5)")
        else:
            self._not_listed(line, client, round, to)

    def _not_listed(self, line: int, client: Client, round: Round, to: int) -> None:
        text = f"client {client.rank} asks rank {to}, which is not in its list of {round.file!r}"
        self._add(rules.FRESH_LIST, (round.line, line), text, "it asks those that are in the list of this round (D3)")

    def _leave_open(self, line: int, client: Client, turn: str) -> None:
        for uploader, opened in client.opened.items():
            text = f"client {client.rank} has not closed its connection with rank {uploader} when {turn}"
            self._add(rules.CLOSED_ONCE, (opened, line), text, "it sends a close when it leaves an uploader (D4, D6)")
        client.opened.clear()

    # D4 … D6

    def _count_miss(self, round: Round | None, source: int) -> None:
        if round is not None:
            round.is_missed = True
            round.num_misses += source not in round.seeds

    def _ask_peer(self, line: int, client: Client, round: Round, peer: int) -> None:
        who = f"client {client.rank} asks peer {peer}"
        if round.search_ended:
            text = f"{who} when it has turned to the seeds"
            self._check_strategy(rules.PEERS_FIRST_RULE, (round.search_ended, line), text, "peers come first (D4)")
        elif round.num_misses >= 2:
            text = f"{who} after two misses in a row"
            self._check_strategy(rules.TWO_MISSES, (round.line, line), text, "it turns to the seeds (D5)")
        elif round.peer == peer and round.is_missed:
            text = f"{who} again right after its miss"
            self._check_strategy(rules.TWO_MISSES, (round.line, line), text, "it takes another peer (D4)")
        elif round.peer not in (None, peer) and not round.is_missed:
            text = f"{who} and leaves peer {round.peer} without a miss"
            self._check_strategy(rules.TWO_MISSES, (round.line, line), text, "it stays with a peer until a miss (D4)")
        round.peer = peer

    def _end_search(self, line: int, client: Client, round: Round) -> None:
        """The client turns to the seeds, or ends the round: was the search among peers at its end?"""
        if round.search_ended:
            return
        round.search_ended = line
        if round.num_misses >= 2 or round.num_hits >= self._quota or client.is_whole(round.file):
            return
        others = round.peers - {round.peer} if round.is_missed else round.peers
        if others:
            text = f"client {client.rank} gives up the peers of {round.file!r} after {round.num_misses} misses in a row"
            expected = f"it goes on with {'another peer' if round.is_missed else 'a peer'} of its list (D4)"
            self._check_strategy(rules.TWO_MISSES, (round.line, line), text, expected)

    def _ask_seed(self, line: int, client: Client, round: Round, seed: int) -> None:
        if round.seed == seed:
            return
        self._end_search(line, client, round)
        if round.seed is not None:
            text = f"client {client.rank} turns from seed {round.seed} to seed {seed} in one round"
            self._check_strategy(rules.LEAST_CONNECTED, (round.line, line), text, "it takes one seed a round (D5, D6)")
        elif len(round.asked) != min(3, len(round.seeds)):
            num_due = min(3, len(round.seeds))
            text = (
                f"client {client.rank} takes seed {seed} and has asked {len(round.asked)} of {len(round.seeds)} seeds"
            )
            self._check_strategy(rules.THREE_COUNTS, (round.line, line), text, f"it asks {num_due} seeds first (D5)")
        elif round.counts.get(seed) != min(round.counts.values(), default=None):
            text = f"client {client.rank} takes seed {seed}, when the seeds have told these connections: {round.counts}"
            lines = (*round.asked.values(), line)
            self._check_strategy(rules.LEAST_CONNECTED, lines, text, "it takes the seed with the fewest (D5)")
        round.seed = seed

    def _end_round(self, line: int, client: Client) -> None:
        if client.opened:
            self._leave_open(line, client, "it ends its round")
        round, client.round = client.round, None
        if round is None or round.num_hits >= self._quota or client.is_whole(round.file):
            return
        self._end_search(line, client, round)
        if round.seeds and (round.seed is None or not round.is_missed):
            text = f"client {client.rank} ends a round of {round.file!r} with {round.num_hits} segments"
            expected = f"it takes the rest of {self._quota} segments from a seed of its list (D5, D6)"
            self._check_strategy(rules.FULL_ROUND, (round.line, line), text, expected)
