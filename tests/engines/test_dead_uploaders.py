"""A dead uploader's lines are free on every engine: nothing waits for what it would have sent."""

from pathlib import Path

import pytest

from emulator import Options, Scenario, run
from emulator.protocol.events import DownloadsFinished, Received, Restarted
from emulator.protocol.files import ClientInput
from emulator.protocol.messages import Hit, SegmentRequest
from emulator.scenario.network import Network
from emulator.scenario.zones import Link, Zone
from emulator.trace.reader import Entry, Trace
from tests.conformance.engines import ENGINES, Collector, Engine
from tests.engines.swarms import SEED, seed_and_leechers
from tests.protocol.scripted import file_of

SEGMENT_S = 0.05
NUM_LEECHERS = 20
QUICK_ENGINES = [pytest.param(engine, id=engine.name) for engine in ENGINES if engine.is_quick]


def is_received(entry: Entry, kind: type[Hit] | type[SegmentRequest]) -> bool:
    return isinstance(entry.event, Received) and isinstance(entry.event.message, kind)


def first_s(entries: list[Entry], source: int, after_s: float) -> float:
    """When the first segment of `source` arrives after that."""
    hits = [(entry.stamp.t, entry.event) for entry in entries if is_received(entry, Hit) and entry.stamp.t > after_s]
    return min(time_s for time_s, event in hits if isinstance(event, Received) and event.source == source)


@pytest.mark.parametrize("engine", QUICK_ENGINES)
def test_a_seed_that_comes_back_sends_at_once(engine: Engine, tmp_path: Path) -> None:
    """All leechers ask it at the same time, so that it dies with nearly a second of sending before it."""
    scenario = seed_and_leechers(tmp_path / "inputs", NUM_LEECHERS, num_segments=2)
    kill = "kill client 1 at 5% and restart it after 0.01s"
    options = Options(strategy="seeds-only", quota=1, pace=1 / SEGMENT_S, faults=(kill,), timeout_s=30.0)
    trace = tmp_path / "trace.jsonl"
    engine.run(scenario, tmp_path / "out", options, Collector(), trace)

    entries = list(Trace(trace).entries())
    (back_s,) = [entry.stamp.t for entry in entries if isinstance(entry.event, Restarted)]
    done = [entry for entry in entries if isinstance(entry.event, DownloadsFinished) and entry.stamp.t < back_s]
    num_waiting = NUM_LEECHERS - len(done)
    assert num_waiting > 14
    assert first_s(entries, SEED, back_s) - back_s < num_waiting / 2 * SEGMENT_S


# By hand, in virtual time: a line sends 8 segments a second, and a message takes 1/64 s


def played(tmp_path: Path, clients: tuple[ClientInput, ...], network: Network, **options: object) -> list[Entry]:
    trace = tmp_path / "trace.jsonl"
    given = Options(**{"engine": "virtual", "strategy": "seeds-only", "network": network, **options})  # type: ignore[arg-type]
    run(Scenario(Path("not-there"), clients, is_on_disk=False), None, given, trace=trace)
    return list(Trace(trace).entries())


def test_a_life_s_first_segment_takes_its_own_time_alone(tmp_path: Path) -> None:
    file = file_of(2)
    clients = (ClientInput((file,)), *[ClientInput((), (file.name,))] * 8)
    network = Network.uniform(len(clients) + 1, up=800.0, segment_bytes=100, delay_s=1 / 64)
    kill = "kill client 1 at 250ms and restart it after 125ms"
    entries = played(tmp_path, clients, network, faults=(kill,))
    asked_s = min(
        entry.stamp.t
        for entry in entries
        if entry.stamp.rank == SEED and entry.stamp.t > 0.375 and is_received(entry, SegmentRequest)
    )
    assert first_s(entries, SEED, 0.375) == asked_s + 1 / 8 + 1 / 64


def test_what_a_dead_seed_would_have_sent_over_a_link_does_not_hold_up_others(tmp_path: Path) -> None:
    """Client 1 has eight segments to send over the link when it dies.

    The client that wants a segment of client 2 comes 1/4 s after the barrier. It takes eight messages, that of the
    barrier included, until it has the segment.
    """
    lost, other = file_of(1, "lost"), file_of(1, "other")
    clients = (
        ClientInput((lost,)),
        ClientInput((other,)),
        *[ClientInput((), ("lost",))] * 8,
        ClientInput((), ("other",)),
    )
    zones = (Zone("here", (1, 2)), Zone("there", tuple(range(3, 12))))
    network = Network((None, *[800.0] * 11), (None,) * 12, 100, 1 / 64, zones, (Link(("here", "there"), None, 800.0),))
    arrivals_s = (0.0,) * 11 + (0.25,)
    entries = played(tmp_path, clients, network, arrivals_s=arrivals_s, faults=("kill client 1 at 250ms",))
    assert first_s(entries, 2, 0.25) == 0.25 + 8 / 64 + 1 / 8
