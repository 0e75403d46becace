"""Nearly as fast as a swarm can be: uplinks stay busy, and a seed rarely gives a segment twice before all are out.

A segment is *out* when a client other than the first seeds holds it. Three ideas:

1. Take one segment at a time, from an uploader without open connections. No client queues while another uplink is idle.
2. Take the rarest segment first, judged by the latest answers of other clients.
3. Only a few clients, the *sources*, fetch from seeds what is not out yet. Each source fetches its own share of the
   file, so sources need not tell each other what they are fetching.
"""

from collections import Counter
from itertools import chain

from emulator.protocol.round import Round

NUM_SOURCES = 16
"""Number of sources: enough that one of them is free at any time."""
NUM_TRIED = 8
"""Uploaders that one try may ask in search of an idle one."""
NUM_ASKED = 16
"""Peers that a source asks for their segments before it takes one from a seed."""
NUM_REMEMBERED = 32
"""The latest answers, from which a client estimates availability."""
PAUSE = 5
"""Tries for which a source leaves the seeds alone after it took a segment from one."""
MAX_FAILURES = 10
"""Failed tries in a row after which the client asks the tracker for a new list. Must be greater than `PAUSE`."""
PATIENCE = 4.0
"""A client loses patience after this many rounds in a row without a segment, times the other clients in its list. It
may then be bold: take segments from a busy uploader, and any share from a seed. An uploader that never received a lost
close counts that connection as open for ever, so it is never idle again; and all sources may be dead. Each bold round
that gets a segment halves the client's patience."""
BOLDNESS = 0.125
"""Probability that an impatient client is bold in a round, so that not all of them are bold at once."""
STRAY = 0.05
"""Probability that a source whose last try failed takes another source's share; that source may be dead."""


class Swift:
    """The fastest: takes the rarest segment from an idle uploader; few clients fetch new ones from seeds."""

    def __init__(self) -> None:
        self._file: str | None = None
        self._pause = self._num_empty = 0
        self._patience = PATIENCE
        self._is_bold = False

    def run_round(self, round: Round) -> None:
        if round.file != self._file:
            self._begin(round)
        self._others = [*round.peers, *(seed for seed in round.seeds if seed not in self._origins)]
        self._seeds = [seed for seed in round.seeds if seed in self._origins]
        is_patient = self._num_empty < self._patience * len(self._others)
        self._is_bold = not is_patient and round.random.random() < BOLDNESS
        num_failures = 0
        while round.is_open and num_failures < MAX_FAILURES:
            if self._pause <= 0 and self._take_from_seed(round):
                num_failures, self._pause = 0, PAUSE
                if not self._others:
                    return  # a new list may name the first other clients
            elif self._take_from_idle(round):
                num_failures = self._pause = 0
            else:
                num_failures, self._pause = num_failures + 1, self._pause - 1
            self._has_failed = num_failures > 0
        self._num_empty = 0 if round.num_taken else self._num_empty + 1
        if self._is_bold and round.num_taken:
            self._patience /= 2

    def _begin(self, round: Round) -> None:
        """Begin a new file. The n-th client in a swarm is told of n others, so that number divides the shares."""
        self._file = round.file
        self._place = len(round.peers)
        self._origins = frozenset(round.seeds)
        self._pause = self._num_empty = 0
        self._turn = self._place  # so that sources begin one after the other
        self._seen = set(range(round.num_segments)).difference(round.missing())
        self._offers: dict[int, frozenset[int]] = {}
        self._has_failed = False

    # From peers, and from seeds that were peers before

    def _take_from_idle(self, round: Round) -> bool:
        is_all_out = len(self._seen) == round.num_segments
        others = round.answering([*self._others, *self._seeds] if is_all_out else self._others)
        for uploader in round.random.sample(others, min(NUM_TRIED, len(others))):
            offered = self._ask(round, uploader)
            if offered and self._is_idle(round, uploader):
                return self._take(round, uploader, self._rarest(round, offered))
        return False

    def _rarest(self, round: Round, offered: frozenset[int]) -> int:
        availability = Counter(chain.from_iterable(self._offers.values()))
        segments = sorted(offered)
        round.random.shuffle(segments)
        return min(segments, key=availability.__getitem__)

    # From seeds

    def _take_from_seed(self, round: Round) -> bool:
        """Take a segment that is not out from an idle seed. Asking peers takes time, so the seed is checked twice."""
        if self._turn > 0 and self._others:
            self._turn -= 1
            return False
        if not self._seeds or self._pick(round) is None:
            return False
        seed = round.random.choice(self._seeds)
        if not self._is_idle(round, seed):
            return False
        for peer in round.random.sample(self._others, min(NUM_ASKED, len(self._others))):
            self._ask(round, peer)
        segment = self._pick(round)
        if segment is None or (self._others and not self._is_idle(round, seed)):
            return False
        return self._take(round, seed, segment)

    def _pick(self, round: Round) -> int | None:
        """The segment to fetch from a seed next: of the client's own share if that is due, else one that is late."""
        unseen = [segment for segment in round.missing() if segment not in self._seen]
        num_sources, num_out = min(NUM_SOURCES, len(self._others) + 1), len(self._seen)
        # A client that came when there were more others than it can reach now takes over the share of one of them.
        place = self._place if self._place >= NUM_SOURCES else self._place % num_sources
        if place < num_sources:
            mine = [segment for segment in unseen if segment % num_sources == place]
            if mine and mine[0] <= num_out + num_sources:
                return mine[0]
            late = [segment for segment in unseen if segment < num_out - 2 * num_sources]
            if late:
                return round.random.choice(late)
        is_source = self._place < NUM_SOURCES
        if unseen and self._has_failed and (round.random.random() < STRAY if is_source else self._is_bold):
            return round.random.choice(unseen)
        return None

    # From either

    def _is_idle(self, round: Round, uploader: int) -> bool:
        num_open = round.count_connections(uploader)
        return num_open == 0 or (num_open is not None and self._is_bold)

    def _ask(self, round: Round, uploader: int) -> frozenset[int]:
        """What the uploader offers. The latest answers are remembered."""
        offered = round.ask_holdings(uploader)
        self._seen |= offered
        self._offers.pop(uploader, None)
        self._offers[uploader] = offered
        if len(self._offers) > NUM_REMEMBERED:
            del self._offers[next(iter(self._offers))]
        return offered

    def _take(self, round: Round, uploader: int, segment: int) -> bool:
        with round.connect(uploader) as visit:
            is_taken = visit.take(segment)
        if is_taken:
            self._seen.add(segment)
        return is_taken
