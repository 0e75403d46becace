"""Every strategy among uploaders that do not answer, lie, or answer far too late: what they can waste is bounded.

All runs are in virtual time and held to every rule of the protocol.
"""

from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from emulator import Network, Options, Scenario, run
from emulator.checker.checker import check_trace
from emulator.protocol.events import SegmentRejected
from emulator.protocol.files import ClientInput
from emulator.strategies import STRATEGIES
from emulator.trace.reader import Trace
from tests.conformance.engines import Collector
from tests.protocol.scripted import file_of

MEGA = 1_000_000

every_strategy = pytest.mark.parametrize("strategy", STRATEGIES)


class Ran(NamedTuple):
    makespan_s: float
    num_rejected: Counter[int]
    """Wrong segments, by the uploader that gave them."""


def run_swarm(
    folder: Path, strategy: str, num_segments: int, num_seeds: int, num_leechers: int, bytes_per_s: float, *faults: str
) -> Ran:
    """The first clients own the one file, all others want it; a segment is a megabyte."""
    file = file_of(num_segments)
    clients = (ClientInput((file,)),) * num_seeds + (ClientInput((), (file.name,)),) * num_leechers
    scenario = Scenario(Path("not-there"), clients, is_on_disk=False)
    network = Network.uniform(len(clients) + 1, up=bytes_per_s, segment_bytes=MEGA, delay_s=0.001)
    options = Options(engine="virtual", strategy=strategy, faults=faults, network=network)
    collector, trace = Collector(), folder / "trace.jsonl"
    result = run(scenario, None, options, lambda _: collector, trace)
    assert result.is_proven
    assert check_trace(Trace(trace), clients).verdict == "valid"
    assert result.makespan_s is not None
    events = [record.event for record in collector.records]
    return Ran(result.makespan_s, Counter(event.uploader for event in events if isinstance(event, SegmentRejected)))


@every_strategy
def test_two_peers_out_of_reach_of_each_other_take_the_file_from_the_idle_seed(tmp_path: Path, strategy: str) -> None:
    ran = run_swarm(tmp_path, strategy, 1, 1, 2, 10 * MEGA, "cut off client 2 from client 3 for 1000s")
    assert ran.makespan_s < 1.0


@every_strategy
def test_two_areas_out_of_reach_of_each_other_do_not_wait_for_the_end_of_the_cut(tmp_path: Path, strategy: str) -> None:
    fault = "cut off clients 2-6 from clients 7-11 for 1000s"
    ran = run_swarm(tmp_path, strategy, 20, 1, 10, 10 * MEGA, fault)
    # The seed alone needs 20 s for all ten; discovering who is out of reach takes 5 to 10 s.
    assert ran.makespan_s < 35.0


@every_strategy
def test_a_lying_seed_wastes_little_beside_an_honest_one(tmp_path: Path, strategy: str) -> None:
    ran = run_swarm(tmp_path, strategy, 200, 2, 1, MEGA, "liar client 2")
    assert 200.0 <= ran.makespan_s < 220.0
    assert 0 < ran.num_rejected[2] <= 20


@every_strategy
def test_a_lying_peer_wastes_little(tmp_path: Path, strategy: str) -> None:
    ran = run_swarm(tmp_path, strategy, 100, 1, 3, MEGA, "liar client 3")
    # Each of the two others can be lied to.
    assert ran.num_rejected.total() == ran.num_rejected[3] <= 2 * 20


def test_the_loser_of_a_race_does_not_delay_the_end(tmp_path: Path) -> None:
    ran = run_swarm(tmp_path, "endgame", 5, 2, 1, MEGA, "slow client 2 by 1000")
    assert ran.makespan_s == pytest.approx(5.013, abs=0.01)  # the loser's segments would come after 1,000 s and more
