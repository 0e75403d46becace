"""Nearly the fastest that a swarm can be: every uplink busy, and no segment twice from the seeds before all are out.

Three ideas. One segment at a time from whoever has no connection open: nobody waits in a queue while another uplink
is idle. The rarest segment first, by what others have told of late. And seeds, which alone have what nobody has yet,
serve few clients, the sources, each with a share of the file of its own: what is out need not be told.
"""

from collections import Counter
from itertools import chain

from emulator.protocol.round import Round

NUM_SOURCES = 16
"""Clients that fetch from seeds what nobody has yet; enough for one of them to be free at any time."""
NUM_TRIED = 8
"""Uploaders that are tried for one that is idle, before the client looks around anew."""
NUM_ASKED = 16
"""Peers that are asked what is out already, before a seed is."""
NUM_REMEMBERED = 32
"""Answers by which availability is judged; older ones say less."""
PAUSE = 5
"""After a visit to a seed, a client with nothing else to get leaves it to others for so many tries."""
MOST_FAILURES = 10
"""Tries in a row that come to nothing, after which the tracker is asked for another list. More than `PAUSE`."""
PATIENCE = 4.0
"""Rounds in a row without a segment, for each other client in the list, after which anything goes; half as many each
time that it helps. A busy uploader will do then: one that never heard of a connection's end, as the close was lost, is
never idle again. So will any share at a seed: all sources may be dead."""
BOLDNESS = 0.125
"""How often a client does so then: not all at once."""
STRAY = 0.05
"""How often a source that finds nothing elsewhere looks for another one's share at a seed: that one may be dead."""


class Swift:
    """The fastest: the rarest segment from an idle peer; a few clients fetch from seeds what nobody has yet."""

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
        while round.is_open and num_failures < MOST_FAILURES:
            if self._pause <= 0 and self._take_from_seed(round):
                num_failures, self._pause = 0, PAUSE
                if not self._others:
                    return  # for a new list: others come
            elif self._take_from_idle(round):
                num_failures = self._pause = 0
            else:
                num_failures, self._pause = num_failures + 1, self._pause - 1
            self._has_failed = num_failures > 0
        self._num_empty = 0 if round.num_taken else self._num_empty + 1
        if self._is_bold and round.num_taken:
            self._patience /= 2

    def _begin(self, round: Round) -> None:
        """A new file. Who comes n-th to its swarm is told of n others: that alone shares out the work, unspoken."""
        self._file = round.file
        self._place = len(round.peers)
        self._origins = frozenset(round.seeds)
        self._pause = self._num_empty = 0
        self._turn = self._place  # sources begin one after the other
        self._seen = set(range(round.num_segments)).difference(round.missing())
        self._offers: dict[int, frozenset[int]] = {}
        self._has_failed = False

    # From peers, and from those that were peers

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
        """Look twice whether a seed is idle: it takes a while to find out what is not out yet."""
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
        """What this client should bring out next: of its share, if that is due, or what somebody else is late with."""
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

    # Both

    def _is_idle(self, round: Round, uploader: int) -> bool:
        num_open = round.count_connections(uploader)
        return num_open == 0 or (num_open is not None and self._is_bold)

    def _ask(self, round: Round, uploader: int) -> frozenset[int]:
        """What it offers; kept, as long as it is one of the latest answers."""
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
