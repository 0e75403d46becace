"""What tests of the fold share."""

import random
from collections import Counter, defaultdict, deque
from collections.abc import Sequence
from typing import Any

import msgspec
from hypothesis import strategies as st

from emulator.trace.records import Record
from emulator.trace.statistics import SwarmStatistics
from emulator.trace.statistics.client import FROM_PEER, FROM_SEED
from tests.view.made import made_run
from tests.view.screens import statistics_of

MADE_RUNS = st.builds(
    made_run,
    num_clients=st.integers(1, 12),
    num_files=st.integers(1, 5),
    num_segments=st.integers(1, 40),
    rng_seed=st.integers(0, 1_000),
)


def folded(num_clients: int, records: Sequence[Record]) -> SwarmStatistics:
    return statistics_of(num_clients, *records)


def figures(statistics: SwarmStatistics) -> dict[str, Any]:
    """All that does not depend on the order in which different ranks' records arrive."""
    own = {name: value for name, value in vars(statistics).items() if name != "recent"}
    return own | {"clients": [msgspec.structs.asdict(client) for client in statistics.clients]}


def assert_consistent(statistics: SwarmStatistics) -> None:
    clients = statistics.clients
    assert sum(client.num_got for client in clients) == sum(client.num_given for client in clients)
    assert statistics.num_transferred == statistics.given.total()
    for client in clients:
        assert client.num_got == sum(number for (_, to), number in statistics.given.items() if to == client.rank)
        assert client.num_given == sum(number for (by, _), number in statistics.given.items() if by == client.rank)
        assert 0 <= client.num_open <= client.most_connections
        assert client.num_uploaded >= 0
        assert client.latest_s <= statistics.latest_s
        for progress in client.files.values():
            present = Counter(progress.present)
            assert progress.num_present == progress.num_segments - present[0] <= progress.num_segments
            assert 0 <= progress.share <= 1
        maps = [Counter(progress.present) for progress in client.files.values()]
        assert client.num_from_peers == sum(present[FROM_PEER] for present in maps)
        assert client.num_from_seeds == sum(present[FROM_SEED] for present in maps)
        assert client.written_s.keys() <= client.files.keys()
        assert client.downloading is None or client.downloading in client.files
    roles = defaultdict[str, Counter[str]](Counter)
    for client in clients:
        for file, role in client.roles.items():
            roles[file][role] += 1
    assert {file: +counts for file, counts in statistics.roles.items()} == roles
    assert (statistics.makespan_s is not None) == (statistics.num_finished == len(clients))


def interleaved(records: Sequence[Record], random_: random.Random) -> list[Record]:
    """As they might arrive live: each rank's in its order, those of different ranks in any."""
    queues = defaultdict[int, deque[Record]](deque)
    for each in records:
        queues[each.rank].append(each)
    arrived: list[Record] = []
    while queues:
        rank = random_.choice(list(queues))
        arrived.append(queues[rank].popleft())
        if not queues[rank]:
            del queues[rank]
    return arrived
