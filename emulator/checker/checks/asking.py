"""Checking what download threads ask: D1, D3 … D6, from the messages that they send."""

from emulator.checker import rules
from emulator.checker.checks import causes
from emulator.checker.checks.requests import RequestCheck
from emulator.checker.checks.rounds import RoundCheck
from emulator.checker.client import MAYBE, Client
from emulator.checker.known import Known
from emulator.checker.words import in_words
from emulator.protocol.messages import (
    TRACKER,
    AnyMessage,
    ConnectionCountRequest,
    HoldingsRequest,
    MetadataRequest,
    SegmentRequest,
    Stuck,
    SwarmRequest,
)

FILES_IN_ORDER = "files are downloaded in the order of the wants (D3)"
IN_ORDER = "the first segment that is missing is asked for (D3)"


class AskCheck:
    """What all download threads ask. Each method takes the line, the client, the other rank, and the message."""

    def __init__(self, known: Known, requests: RequestCheck, rounds: RoundCheck) -> None:
        self._known = known
        self._clients = known.clients
        self._add = known.add
        self._quota = known.header.quota
        self._is_peers_first = known.is_peers_first
        self._last_barrier = 2 if known.course.second_barrier else 1
        self._requests = requests
        self._rounds = rounds

    # Questions to the tracker

    def metadata_request(self, line: int, rank: int, to: int, message: MetadataRequest) -> None:
        client = self._clients[rank]
        self._requests.begin(line, client, to, message)
        client.requested.update(message.files)
        if self._known.inputs is None:
            client.wanted = (*client.wanted, *message.files) if self._known.course.metadata_by_file else message.files
        client.asked = line

    def swarm_request(self, line: int, rank: int, to: int, message: SwarmRequest) -> None:
        client = self._clients[rank]
        is_again = client.outstanding is not None and client.outstanding[2] == message
        self._rounds.end(line, client)
        if not client.barriers[self._last_barrier]:
            self._tell_early(line, client, f"the swarm of {message.file!r}")
        client.requested.add(message.file)
        self._known.held_by(client, message.file)
        if not self._known.are_wants_known(client) and message.file not in client.wanted:
            client.wanted = (*client.wanted, message.file)
        self._requests.begin(line, client, to, message)
        if client.away and not is_again:
            client.away = set(client.lost)
        if self._is_peers_first:
            due = next((file for file in client.wanted if not client.is_done_with(file)), None)
            if due is not None and due != message.file:
                text = f"client {rank} turns to {message.file!r} while {due!r}, which it wants earlier, is not complete"
                self._add(
                    rules.FILE_ORDER, (client.asked, line), text, f"it downloads {due!r} first (D3)", FILES_IN_ORDER
                )

    def stuck(self, line: int, rank: int, to: int, message: Stuck) -> None:
        client = self._clients[rank]
        self._rounds.end(line, client)
        if not client.barriers[self._last_barrier]:
            self._tell_early(line, client, f"what is lost of {message.file!r}")
        self._requests.begin(line, client, to, message)

    # Questions to other clients

    def segment_request(self, line: int, rank: int, to: int, message: SegmentRequest) -> None:
        client = self._clients[rank]
        if not self._check_ask(line, client, to, message):
            return
        file, segment, round = message.file, message.segment, client.round
        self._check_order(line, client, file, segment)
        if round is None or round.file != file:
            self._rounds.no_list(line, client, f"asks rank {to} for a segment of {file!r}")
            return
        if round.num_hits >= self._quota:
            text = f"client {rank} asks for a segment when it has got {round.num_hits} since its last swarm list"
            self._add(
                rules.QUOTA, (round.line, line), text, f"after {self._quota} segments it asks the tracker again (D3)"
            )
        if client.opened and to not in client.opened:
            self._rounds.leave_open(line, client, f"it turns to rank {to}")
        if to in round.seeds and (to not in round.peers or self._rounds.is_asked_as_seed(round, to)):
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
            self._rounds.no_list(line, client, f"asks rank {to} for its connections")
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
            self._rounds.no_list(line, client, f"asks rank {to} what it holds of {message.file!r}")
        elif to not in round.seeds and to not in round.peers:
            self._rounds.not_listed(line, client, round, to)

    # What holds for all of them

    def _check_ask(self, line: int, client: Client, to: int, request: AnyMessage) -> bool:
        """What holds for whatever is asked of another client."""
        is_other = to != TRACKER and to != client.rank
        if not is_other:
            whom = "the tracker" if to == TRACKER else "itself"
            text = f"client {client.rank} asks {whom}: {in_words(request)}"
            self._add(rules.TRACKER_HOLDS_NOTHING, (line,), text, "only other clients are asked")
        elif to in client.lost:
            text = f"client {client.rank} asks rank {to}, of which it knows that it is lost: {in_words(request)}"
            self._add(rules.LOST_ARE_NOT_ASKED, (line,), text, "it waits until it is told that the rank has returned")
        if not client.barriers[self._last_barrier]:
            self._tell_early(line, client, "another client")
        self._requests.begin(line, client, to, request)
        return is_other

    def _tell_early(self, line: int, client: Client, what: str) -> None:
        """D2: what is asked in D3 and later comes after the second signal, or the first where there is no second."""
        text = f"client {client.rank} asks for {what} before it got the tracker's"
        if self._last_barrier == 2:
            expected = "it waits for the signal (D2), then downloads (D3)"
            lines = (client.asked, line)
            self._add(rules.SECOND_BARRIER, lines, f"{text} second signal", expected, causes.BEFORE_SECOND_SIGNAL)
        else:
            expected = "it waits for the signal (P3), then downloads (D3)"
            lines = (client.declared, line)
            self._add(rules.FIRST_BARRIER, lines, f"{text} first signal", expected, causes.BEFORE_FIRST_SIGNAL)

    def _check_order(self, line: int, client: Client, file: str, segment: int) -> None:
        held = client.held.get(file)
        if held is None:
            held = self._known.held_by(client, file)
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
            self._add(
                rules.FILE_ORDER, (line,), text, f"it asks for segment {first}, the first that is missing", IN_ORDER
            )
