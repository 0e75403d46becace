"""What Python's own fold says of a trace at a hundred moments, for the page's fold to be compared with."""

import json
from pathlib import Path
from typing import Any

from emulator.protocol.events import Received
from emulator.trace.reader import Trace
from emulator.trace.records import Record
from emulator.trace.statistics import SwarmStatistics
from emulator.trace.statistics.client import ClientStatistics
from emulator.view.page.block import frame
from emulator.view.page.encoder import Encoder
from emulator.view.page.report import about_facts

NUM_MOMENTS = 100


def write_data(trace: Path, data: Path, block_events: int) -> None:
    """The frames of a page, uncompressed, in blocks of about so many events."""
    encoder = Encoder()
    blocks = []
    with Trace(trace) as opened:
        for _, stamps, events in opened:
            for first in range(0, len(events), block_events):
                encoder.add(stamps[first : first + block_events], events[first : first + block_events])
                blocks.append(encoder.block())
    data.write_bytes(b"".join([frame(about_facts(trace, opened.header, encoder)), *blocks]))


def write_moments(trace: Path, path: Path) -> None:
    with Trace(trace) as opened:
        records = [
            Record(entry.stamp.t, entry.stamp.rank, entry.stamp.thread, entry.stamp.step, entry.event)
            for entry in opened.entries()
        ]
    statistics = SwarmStatistics(opened.header.clients)
    moments, position = [], 0
    for number in range(NUM_MOMENTS + 1):
        end = len(records) * number // NUM_MOMENTS
        # The page's own fold counts a visit at its end.
        statistics.add_all(each for each in records[position:end] if not isinstance(each.event, Received))
        position = end
        moments.append({"position": position, **swarm_facts(statistics)})
    path.write_text(json.dumps({"times": [record.time_s for record in records], "moments": moments}))


def swarm_facts(statistics: SwarmStatistics) -> dict[str, Any]:
    return {
        "barrier": statistics.barrier,
        "began": statistics.began_s,
        "numLists": statistics.num_lists,
        "numReported": statistics.num_reported,
        "numTransferred": statistics.num_transferred,
        "exchanged": sorted([*pair, num] for pair, num in statistics.given.items()),
        "active": dict(statistics.faults),
        "clients": [client_facts(client) for client in statistics.clients],
    }


def client_facts(client: ClientStatistics) -> dict[str, Any]:
    return {
        "fromPeers": client.num_from_peers,
        "fromSeeds": client.num_from_seeds,
        "held": client.num_held,
        "misses": client.num_misses,
        "rejected": client.num_rejected,
        "uploaded": client.num_uploaded,
        "given": client.num_given,
        "open": client.num_open,
        "mostOpen": client.most_connections,
        "rounds": client.num_rounds,
        "round": client.round,
        "restarts": client.num_restarts,
        "isDead": client.is_dead,
        "gaveUp": len(client.unavailable),
        "does": client.state,
        "downloading": client.downloading,
        "source": client.source,
        "pause": client.pause,
        "times": [client.finished_s, client.arrived_s, client.left_s, client.died_s, client.restarted_s],
        "roles": dict(client.roles),
        "written": dict(client.written_s),
        "numLost": dict(client.unavailable),
        "present": {file: list(progress.present) for file, progress in client.files.items()},
    }
