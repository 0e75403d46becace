"""Lower bounds on the makespan that hold for every strategy, with their proofs.

**Rounds** (`least_rounds`). Mundinger, Weber and Weiss, *Optimal scheduling of peer-to-peer file dissemination*,
Journal of Scheduling 11 (2008) 105–120, arXiv:cs/0606110: one server, N peers, a file of M equal parts, equal uplinks,
and downlinks that are no limit. The least makespan is 1 + floor(log2 N) / M times that of one copy of the file, which
is M + floor(log2 N) rounds of one part each. Schedules reach it, so no better bound can be proven for one seed.

The paper has no formula for S seeds. What is used here is proven as follows, for uploaders that send one segment after
the other, each in a time of 1 or more; it arrives when it is sent, or later. Cut time into rounds of 1.

- *The last part.* Before the end of round c = ceil(M / S), the seeds have sent at most S (c - 1) < M whole segments, so
  some segment has not been sent yet, and S clients hold it. A client that sends it in one round has held it before that
  round, and sends it once: those that hold it before the end of round c + j are at most S 2^j. In the end N + S
  clients hold it, which takes at least c + ceil(log2((N + S) / S)) - 1 rounds. For S = 1 this is M + floor(log2 N).
- *All parts.* By the same doubling, at most min(S 2^(k-1), N + S) segments are sent in round k. N M have to be.

Both hold for each file by itself: clients that do not want it never hold it, and other files only take up room.

**Fluid** (`_fluid_s`). Kumar and Ross, *Peer-assisted file distribution: the minimum distribution time*, HotWeb 2006:
seeds S, leechers L, a file of F bytes take at least F / min(d_min, u(S), (u(S) + u(L)) / |L|), and fluids reach it.
Each of the three terms says what some lines have to carry, and so holds for several files as well: a client gets all
that it wants through its downlink, one segment at a time, once it has come; all that is wanted leaves some uplink;
every wanted file leaves the uplinks of those that own it from the start, once at least.

Delays, links between zones, arrivals, departures and faults can only make a run longer, so the bounds hold for
them too, but are less tight. They do not apply where a client dies, since it does not get all of its files.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from emulator.protocol.files import ClientInput
from emulator.scenario.network import Network

BoundName = Literal["rounds", "fluid"]


class Bound(msgspec.Struct, frozen=True):
    """No run of this swarm on this network has a shorter makespan."""

    makespan_s: float
    name: BoundName
    """Which of the bounds of this module is the largest."""


class _Demand(msgspec.Struct, frozen=True):
    """One file that must be distributed: the clients that own it, and those that want it and do not own it."""

    num_segments: int
    owners: frozenset[int]
    wanters: frozenset[int]


def lower_bound(clients: Sequence[ClientInput], network: Network, arrivals_s: Sequence[float] = ()) -> Bound | None:
    """The largest of the bounds; None where no line limits anything, or nothing is wanted.

    `arrivals_s` says by rank, from 0 (the tracker), when each comes to the swarm; empty where all are there.
    """
    demands = _demands(clients)
    bounds = [
        Bound(max(_rounds_s(demands, network), default=0.0), "rounds"),
        Bound(max(_fluid_s(demands, network, arrivals_s), default=0.0), "fluid"),
    ]
    best = max(bounds, key=lambda bound: bound.makespan_s)
    return best if best.makespan_s > 0 else None


def least_rounds(num_segments: int, num_leechers: int, num_seeds: int = 1) -> int:
    """The fewest rounds, of the time of one upload each, in which all leechers can have a file."""
    if num_segments == 0 or num_leechers == 0:
        return 0
    return max(
        _rounds_of_last_part(num_segments, num_leechers, num_seeds),
        _rounds_of_all_parts(num_segments, num_leechers, num_seeds),
    )


def _rounds_of_last_part(num_segments: int, num_leechers: int, num_seeds: int) -> int:
    first = -(-num_segments // num_seeds)
    num_doublings = (-(-(num_leechers + num_seeds) // num_seeds) - 1).bit_length()  # ceil(log2(…)), without floats
    return first + num_doublings - 1


def _rounds_of_all_parts(num_segments: int, num_leechers: int, num_seeds: int) -> int:
    left, senders, num_rounds, everybody = num_segments * num_leechers, num_seeds, 0, num_leechers + num_seeds
    while senders < everybody and left > 0:
        left -= senders
        senders *= 2
        num_rounds += 1
    return num_rounds + max(0, -(-left // everybody))


def _demands(clients: Sequence[ClientInput]) -> list[_Demand]:
    """Every file that a client wants and does not have."""
    num_segments: dict[str, int] = {}
    owners: dict[str, set[int]] = {}
    wanters: dict[str, set[int]] = {}
    for rank, client in enumerate(clients, 1):
        for metadata in client.owned:
            num_segments[metadata.name] = metadata.num_segments
            owners.setdefault(metadata.name, set()).add(rank)
        for name in client.wanted:
            wanters.setdefault(name, set()).add(rank)
    return [
        _Demand(num_segments[name], frozenset(owners[name]), frozenset(wanters[name] - owners[name]))
        for name in wanters
        if num_segments[name] and wanters[name] - owners[name]
    ]


def _rounds_s(demands: Sequence[_Demand], network: Network) -> Iterator[float]:
    """For each file, with the fastest uplink of those that can have it."""
    for demand in demands:
        up_s = min(_segment_s(network, network.up[rank]) for rank in demand.owners | demand.wanters)
        yield least_rounds(demand.num_segments, len(demand.wanters), len(demand.owners)) * up_s


def _fluid_s(demands: Sequence[_Demand], network: Network, arrivals_s: Sequence[float]) -> Iterator[float]:
    """What each client's downlink, the owners' uplinks and all uplinks have to carry."""
    wanted: Counter[int] = Counter()
    of_owners: Counter[frozenset[int]] = Counter()
    taking_part: set[int] = set()
    for demand in demands:
        wanted.update(dict.fromkeys(demand.wanters, demand.num_segments))
        of_owners[demand.owners] += demand.num_segments
        taking_part |= demand.owners | demand.wanters
    for rank, num_segments in wanted.items():
        yield (arrivals_s[rank] if arrivals_s else 0.0) + num_segments * _segment_s(network, network.down[rank])
    for owners, num_segments in of_owners.items():
        yield num_segments * _shared_s(network, owners)
    yield of_owners.total() * _shared_s(network, frozenset().union(*of_owners))
    yield wanted.total() * _shared_s(network, taking_part)


def _segment_s(network: Network, bytes_per_s: float | None) -> float:
    return network.segment_bytes / bytes_per_s if bytes_per_s else 0.0


def _shared_s(network: Network, ranks: set[int] | frozenset[int]) -> float:
    """The time of one segment on all these uplinks together."""
    rates = [rate for rank in ranks if (rate := network.up[rank]) is not None]
    return _segment_s(network, sum(rates)) if len(rates) == len(ranks) and rates else 0.0
