"""Checking the choices in a round, D4 … D6: those of `peers-first`, and what holds for all strategies."""

from emulator.checker import rules
from emulator.checker.checks import causes
from emulator.checker.checks.requests import RequestCheck
from emulator.checker.client import Client
from emulator.checker.known import Known
from emulator.checker.round import Round
from emulator.checker.rule import Rule
from emulator.protocol.messages import FileCompleted, Finished

SEEN_ALWAYS = frozenset({rules.PEERS_FIRST_RULE.name})
"""Rules of the strategy that can be told from the messages even where some of its choices leave none."""


class RoundCheck:
    """The rounds of all download threads."""

    def __init__(self, known: Known, requests: RequestCheck) -> None:
        self._known = known
        self._requests = requests
        self._add = known.add
        self._quota = known.header.quota
        self._is_peers_first = known.is_peers_first

    def _check(
        self, round: Round, rule: Rule, lines: tuple[int, ...], text: str, expected: str, cause: str = ""
    ) -> None:
        if self._is_peers_first and (not round.is_disturbed or rule.name in SEEN_ALWAYS):
            self._add(rule, lines, text, expected, cause)

    def ask_count(self, line: int, client: Client, round: Round, to: int) -> None:
        """D5: a rank is asked how many connections it has."""
        self.end_search(line, client, round)
        if to not in round.seeds:
            self._count_no_seed(line, client, round, to)
            return
        if to in round.asked:
            text = f"client {client.rank} asks seed {to} twice in one round for its connections"
            self._check(round, rules.THREE_COUNTS, (round.asked[to], line), text, "each seed is asked once (D5)")
        elif round.seed is not None:
            text = f"client {client.rank} asks seed {to} for its connections when it has taken seed {round.seed}"
            self._check(round, rules.THREE_COUNTS, (round.line, line), text, "it asks before it takes one (D5)")
        round.asked[to] = line

    def _count_no_seed(self, line: int, client: Client, round: Round, to: int) -> None:
        if to in round.peers:
            text = f"client {client.rank} asks peer {to} for its connections"
            self._check(round, rules.THREE_COUNTS, (round.line, line), text, "it asks seeds (D5)")
        else:
            self.not_listed(line, client, round, to)

    def not_listed(self, line: int, client: Client, round: Round, to: int) -> None:
        text = f"client {client.rank} asks rank {to}, which is not in its list of {round.file!r}"
        self._add(rules.FRESH_LIST, (round.line, line), text, "it asks those that are in the list of this round (D3)")

    def no_list(self, line: int, client: Client, what: str) -> None:
        """The client asks for something of a file whose list it does not have now."""
        round = client.round
        if round is None:
            text = f"client {client.rank} {what} without a list of its swarm"
            self._add(rules.FRESH_LIST, (line,), text, "it asks the tracker for the swarm first (D3)")
        else:
            text = f"client {client.rank} {what}, when line {round.line} has replaced its list by one of {round.file!r}"
            expected = "it asks the tracker for the swarm of the file again first (D3)"
            self._add(rules.FRESH_LIST, (round.line, line), text, expected)

    def is_asked_as_seed(self, round: Round, rank: int) -> bool:
        """Whether a rank of the list is asked for a segment as a seed; where seeds are also listed as peers, it is one
        as soon as the client turns to the seeds.
        """
        if rank not in round.seeds or rank not in round.peers:
            return rank in round.seeds
        return rank in round.asked or bool(round.search_ended)

    def ask_peer(self, line: int, client: Client, round: Round, peer: int) -> None:
        """D4: a peer is asked for a segment."""
        who = f"client {client.rank} asks peer {peer}"
        if round.search_ended:
            text = f"{who} when it has turned to the seeds"
            self._check(round, rules.PEERS_FIRST_RULE, (round.search_ended, line), text, "peers come first (D4)")
        elif round.num_misses >= 2:
            text = f"{who} after two misses in a row"
            self._check(round, rules.TWO_MISSES, (round.line, line), text, "it turns to the seeds (D5)")
        elif round.peer == peer and round.is_missed:
            text = f"{who} again right after its miss"
            self._check(round, rules.TWO_MISSES, (round.line, line), text, "it takes another peer (D4)")
        elif round.peer not in (None, peer) and not round.is_missed:
            text = f"{who} and leaves peer {round.peer} without a miss"
            self._check(round, rules.TWO_MISSES, (round.line, line), text, "it stays with a peer until a miss (D4)")
        round.peer = peer

    def count_miss(self, round: Round, source: int) -> None:
        round.is_missed = True
        round.num_misses += not self.is_asked_as_seed(round, source)

    def end_search(self, line: int, client: Client, round: Round) -> None:
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
            self._check(round, rules.TWO_MISSES, (round.line, line), text, expected)

    def ask_seed(self, line: int, client: Client, round: Round, seed: int) -> None:
        """D6: a seed is asked for a segment."""
        if round.seed == seed:
            return
        self._known.seen.add("a seed is taken")
        self.end_search(line, client, round)
        if round.seed is not None:
            text = f"client {client.rank} turns from seed {round.seed} to seed {seed} in one round"
            self._check(round, rules.LEAST_CONNECTED, (round.line, line), text, "it takes one seed a round (D5, D6)")
        elif len(round.asked) != min(3, len(round.seeds)):
            num_due = min(3, len(round.seeds))
            text = (
                f"client {client.rank} takes seed {seed} and has asked {len(round.asked)} of {len(round.seeds)} seeds"
            )
            self._check(
                round,
                rules.THREE_COUNTS,
                (round.line, line),
                text,
                f"it asks {num_due} seeds first (D5)",
                cause=causes.TOO_FEW_COUNTS,
            )
        elif round.counts.get(seed) != min(round.counts.values(), default=None):
            text = f"client {client.rank} takes seed {seed}, when the seeds have told of {_counts(round)}"
            lines = (*round.asked.values(), line)
            self._check(round, rules.LEAST_CONNECTED, lines, text, "it takes the seed with the fewest (D5)")
        round.seed = seed

    def end_at(self, line: int, rank: int, _to: int, _message: FileCompleted | Finished) -> None:
        """D7, D8: what the client tells the tracker ends its round."""
        self.end(line, self._known.clients[rank])

    def end(self, line: int, client: Client) -> None:
        """D3: the round, if there is one, is over."""
        if client.outstanding is not None and self._known.loses_messages:
            self._requests.give_up(client)
        if client.opened:
            self.leave_open(line, client, "it ends its round")
        round, client.round = client.round, None
        if round is None or round.num_hits >= self._quota or client.is_whole(round.file):
            return
        self.end_search(line, client, round)
        if round.seeds and (round.seed is None or not round.is_missed):
            text = f"client {client.rank} ends a round of {round.file!r} with {round.num_hits} segments"
            expected = f"it takes the rest of {self._quota} segments from a seed of its list (D5, D6)"
            self._check(round, rules.FULL_ROUND, (round.line, line), text, expected)

    def leave_open(self, line: int, client: Client, turn: str) -> None:
        for uploader, opened in client.opened.items() if self._known.course.close else ():
            text = f"client {client.rank} has not closed its connection with rank {uploader} when {turn}"
            self._add(rules.CLOSED_ONCE, (opened, line), text, causes.LEFT_OPEN)
        client.opened.clear()


def _counts(round: Round) -> str:
    """`2 connections (seed 1), 0 (seed 4)`."""
    told = [f"{count} (seed {seed})" for seed, count in round.counts.items()]
    return f"these connections: {', '.join(told)}" if told else "no connections"
