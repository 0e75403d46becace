"""Real processes that die, come back, stand still and lose messages: the run goes on, and its trace keeps the rules."""

import os
import signal
from itertools import pairwise
from multiprocessing import current_process, resource_tracker
from pathlib import Path
from typing import TypeVar

import pytest

from emulator.checker.checker import check_trace
from emulator.engines.processes.wiring import Wiring
from emulator.errors import InputError, WorkerDied
from emulator.protocol.events import (
    Arrived,
    Died,
    Event,
    FaultBegan,
    FaultEnded,
    FileUnavailable,
    MessageFaulted,
    Received,
    Restarted,
    SegmentRejected,
    SegmentsTaken,
    Sent,
    ThreadStarted,
)
from emulator.protocol.messages import TRACKER, Lost, Returned
from emulator.protocol.round import Round
from emulator.running.result import RunResult
from emulator.running.run import run
from emulator.scenario.network import Network
from emulator.scenario.options import Options
from emulator.scenario.scenario import Scenario
from emulator.scenario.zones import Link, Zone
from emulator.strategies import DEFAULT, STRATEGIES
from emulator.strategies.peers_first import PeersFirst
from emulator.trace.reader import Trace
from emulator.trace.records import Record
from tests.engines.swarms import Recorder, leaves_nothing, seed_and_leechers

E = TypeVar("E", bound=Event)

LEECHERS = (2, 3, 4)
NUM_SEGMENTS = 80


@pytest.fixture(autouse=True, scope="module")
def resources_are_tracked() -> None:
    """The one process that `spawn` starts and that stays, as long as this one."""
    resource_tracker.ensure_running()


class Story:
    """A traced run of one seed and three leechers, its records, and what came of it."""

    def __init__(self, folder: Path, options: Options, scenario: Scenario | None = None) -> None:
        scenario = scenario or seed_and_leechers(folder / "in", 3, NUM_SEGMENTS)
        output, trace, recorder = folder / "out", folder / "trace.jsonl", Recorder()
        with leaves_nothing(output):
            self.result: RunResult = run(scenario, output, options, watch=lambda _: recorder, trace=trace)
        self.records: list[Record] = [
            Record(stamp.t, stamp.rank, stamp.thread, stamp.step, event)
            for _, stamps, events in Trace(trace)
            for stamp, event in zip(stamps, events, strict=True)
        ]
        self.told = recorder.records
        self.report = check_trace(Trace(trace), scenario.clients)

    def events(self, kind: type[E], rank: int | None = None) -> list[E]:
        return [
            record.event for record in self.records if isinstance(record.event, kind) and rank in (None, record.rank)
        ]

    def assert_valid(self) -> None:
        broken = [(judged.rule, judged.violations[:1]) for judged in self.report.rules if judged.verdict == "invalid"]
        assert broken == []


def story(folder: Path, *faults: str, **options: object) -> Story:
    """Slow enough for the parent to hear of segments, and to act, before all of them have come."""
    return Story(folder, Options(faults=faults, **{"pace": 500.0, **options}))  # type: ignore[arg-type]


# Deaths


def test_a_death_is_told_to_the_tracker_and_on_both_communicators_of_every_client(tmp_path: Path) -> None:
    told = story(tmp_path, "kill client 2 after 20 segments")
    heard = {
        (record.rank, record.event.on)
        for record in told.records
        if isinstance(record.event, Received) and record.event.message == Lost()
    }
    both = {(rank, on) for rank in (1, 3, 4) for on in ("download", "upload")}
    # A download thread may have ended before, and then reads nothing more.
    assert {(0, "download"), *(each for each in both if each[1] == "upload")} <= heard <= {(0, "download"), *both}
    assert told.events(Died) == [Died("was killed by SIGKILL")]
    assert told.events(Died, 2)
    assert told.result.died.keys() == {2}
    assert told.result.died[2].startswith("client 2 (process ")
    assert [check.client for check in told.result.verification.outputs if check.verdict == "missing"] == [2]
    assert told.result.exit_status == 1
    told.assert_valid()


def test_nothing_of_the_dead_is_read_after_its_death_was_told(tmp_path: Path) -> None:
    told = story(tmp_path, "kill client 2 after 20 segments")
    lost: set[tuple[int, str]] = set()
    for record in told.records:
        if isinstance(record.event, Received) and record.event.source == 2:
            place = (record.rank, record.event.on)
            assert place not in lost
            if record.event.message == Lost():
                lost.add(place)
    assert lost


def test_a_trace_has_what_a_killed_client_sent_and_others_received(tmp_path: Path) -> None:
    told = story(tmp_path, "kill client 2 after 20 segments")
    sent = [event.message for event in told.events(Sent, 2)]
    received = [event.message for event in told.events(Received) if event.source == 2]
    assert all(message in sent for message in received if not isinstance(message, Lost))


def test_the_death_of_the_only_owner_leaves_files_unavailable_and_the_run_ends(tmp_path: Path) -> None:
    told = story(tmp_path, "kill client 1 at 20%")
    assert told.events(Died, 1)
    lost = told.events(FileUnavailable)
    assert lost
    assert all(event.num_lost > 0 for event in lost)
    told.assert_valid()


def test_when_all_clients_die_the_run_ends(tmp_path: Path) -> None:
    told = story(tmp_path, "kill clients 1-4 at 10%")
    assert told.result.died.keys() == {1, 2, 3, 4}


def test_the_trackers_death_ends_the_run(tmp_path: Path) -> None:
    scenario, output = seed_and_leechers(tmp_path / "in", 3, NUM_SEGMENTS), tmp_path / "out"
    with leaves_nothing(output), pytest.raises(WorkerDied, match=r"the tracker .* was killed by SIGKILL; main"):
        run(scenario, output, Options(faults=("kill tracker at 20%",)))


def test_a_death_before_anything_was_said_does_not_keep_others_at_the_barrier(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    real = Wiring.keep_own

    def die(self: Wiring, rank: int) -> None:
        if rank == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        real(self, rank)

    monkeypatch.setattr(Wiring, "keep_own", die)
    told = Story(tmp_path, Options(start_method="fork"))
    assert told.result.died[3].endswith("it had not begun")
    assert [check.client for check in told.result.verification.outputs if check.verdict != "right"] == [3]
    told.assert_valid()


# Returns


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_client_that_comes_back_takes_part_again_with_what_it_had(tmp_path: Path, method: str) -> None:
    told = story(tmp_path, "kill client 2 after 40 segments and restart it after 0.01s", start_method=method)
    assert told.result.is_proven
    assert told.result.died == {}
    assert told.events(Restarted, 2) == [Restarted(True)]
    taken = [segment for event in told.events(SegmentsTaken, 2) for segment in event.segments]
    assert len(taken) == len(set(taken)) <= NUM_SEGMENTS  # nothing twice
    mains = [record for record in told.records if (record.rank, record.thread) == (2, "main")]
    assert len([record for record in mains if isinstance(record.event, ThreadStarted)]) == 2
    assert {record.rank for record in told.records if _tells(record, Returned)} == {0, 1, 3, 4}
    told.assert_valid()


def _tells(record: Record, kind: type) -> bool:
    return isinstance(record.event, Received) and isinstance(record.event.message, kind)


def test_without_its_state_a_client_that_comes_back_begins_anew(tmp_path: Path) -> None:
    told = story(tmp_path, "kill client 2 after 40 segments and restart it after 0.01s without its state")
    assert told.result.is_proven
    assert told.events(Restarted, 2) == [Restarted(False)]
    taken = [segment for event in told.events(SegmentsTaken, 2) for segment in event.segments]
    assert len(taken) > len(set(taken)) == NUM_SEGMENTS
    told.assert_valid()


def test_a_client_that_comes_back_is_told_who_is_dead(tmp_path: Path) -> None:
    told = story(
        tmp_path, "kill client 2 after 20 segments and restart it after 0.1s", "kill client 3 after 20 segments"
    )
    assert told.result.died.keys() == {3}
    assert Lost() in [event.message for event in told.events(Received, 2) if event.source == 3]
    told.assert_valid()


class Suicide:
    """A strategy that ends client 2's process, in each of its lives."""

    def run_round(self, round: Round) -> None:
        if current_process().name == "rank-2":
            os._exit(3)
        PeersFirst().run_round(round)


def test_a_client_that_always_dies_does_not_keep_a_run_from_its_end(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(STRATEGIES, DEFAULT, Suicide)
    monkeypatch.setattr("emulator.engines.lives.RESTART_S", 0.0)
    monkeypatch.setattr("emulator.engines.lives.MAX_RESTARTS", 3)
    scenario, output, recorder = seed_and_leechers(tmp_path / "in", 2), tmp_path / "out", Recorder()
    with leaves_nothing(output):
        result = run(scenario, output, Options(restart=True, start_method="fork"), watch=lambda _: recorder)
    assert sum(isinstance(record.event, Restarted) for record in recorder.records) == 3
    assert list(result.died) == [2]
    assert "ended with status 3" in result.died[2]


# Other faults


@pytest.mark.parametrize("who", ["client 2", "tracker"])
def test_who_is_paused_goes_on_and_is_never_taken_for_dead(tmp_path: Path, who: str) -> None:
    told = story(tmp_path, f"pause {who} at 20% for 0.2s")
    assert told.result.is_proven
    rank = TRACKER if who == "tracker" else 2
    (began,) = [record for record in told.records if isinstance(record.event, FaultBegan)]
    (ended,) = [record for record in told.records if isinstance(record.event, FaultEnded)]
    assert (began.rank, ended.rank) == (rank, rank)
    assert ended.time_s - began.time_s >= 0.2
    times_s = [record.time_s for record in told.records if record.rank == rank and record not in (began, ended)]
    # The signal comes a moment after the record.
    assert max(later_s - sooner_s for sooner_s, later_s in pairwise(times_s)) >= 0.19
    told.assert_valid()


@pytest.mark.parametrize(
    ("fault", "verdict"),
    [
        ("drop 2% of messages", "dropped"),
        ("duplicate 20% of messages", "duplicated"),
        ("delay 10% of messages by 2ms", "delayed"),
        ("reorder 10% of messages", "delayed"),
        ("corrupt 5% of segments", "corrupted"),
    ],
)
def test_messages_come_to_harm_and_outputs_do_not(tmp_path: Path, fault: str, verdict: str) -> None:
    told = story(tmp_path, fault)
    assert told.result.is_proven
    assert {event.verdict for event in told.events(MessageFaulted)} == {verdict}
    assert bool(told.events(SegmentRejected)) == (verdict == "corrupted")
    assert told.events(FaultBegan, 0) == [FaultBegan(fault)]
    told.assert_valid()


def test_a_cut_ends(tmp_path: Path) -> None:
    told = story(tmp_path, "cut off client 2 from tracker at 20% for 0.2s", "cut off clients 2-3 at 30% for 0.1s")
    assert told.result.is_proven
    assert len(told.events(FaultEnded)) == 2
    told.assert_valid()


def test_those_who_give_nothing_are_left_for_others(tmp_path: Path) -> None:
    told = story(tmp_path, "free rider client 2", "liar client 3")
    assert told.result.is_proven
    assert told.result.clients[1].num_uploaded == 0
    told.assert_valid()


def test_a_flash_crowd_comes_later(tmp_path: Path) -> None:
    told = story(tmp_path, "flash crowd of clients 3-4 at 0.1s")
    assert told.result.is_proven
    arrived = [record for record in told.records if isinstance(record.event, Arrived)]
    assert [record.rank for record in sorted(arrived, key=lambda each: each.rank)] == [3, 4]
    told.assert_valid()


def test_a_client_that_was_told_to_leave_departs(tmp_path: Path) -> None:
    told = story(tmp_path, stays_s=0.01)
    assert told.result.is_proven
    told.assert_valid()


# Networks


def test_segments_take_the_time_that_the_network_says(tmp_path: Path) -> None:
    network = Network.uniform(3, up=100.0, delay_s=0.0, segment_bytes=1)
    told = Story(tmp_path, Options(network=network), seed_and_leechers(tmp_path / "in", 1, 20))
    assert told.result.is_proven
    assert told.result.makespan_s is not None
    assert told.result.makespan_s >= 20 / 100
    told.assert_valid()


def test_with_a_delay_all_messages_take_it(tmp_path: Path) -> None:
    network = Network.uniform(3, delay_s=0.01)
    told = Story(tmp_path, Options(network=network), seed_and_leechers(tmp_path / "in", 1, 5))
    sent_s: dict[tuple[int, int, str], list[float]] = {}
    for record in told.records:
        match record.event:
            case Sent(on, to, _):
                sent_s.setdefault((record.rank, to, on), []).append(record.time_s)
            case Received(on, source, _):
                assert record.time_s - sent_s[source, record.rank, on].pop(0) >= 0.01
    told.assert_valid()


def test_links_that_transfers_share_are_refused(tmp_path: Path) -> None:
    zones = (Zone("here", (1,)), Zone("there", (2, 3, 4)))
    network = Network((None,) * 5, (None,) * 5, zones=zones, links=(Link(("here", "there"), bytes_per_s=1e6),))
    with pytest.raises(InputError) as failure:
        run(seed_and_leechers(tmp_path / "in", 3), tmp_path / "out", Options(network=network))
    assert str(failure.value) == (
        "the link between 'here' and 'there' has a rate that transfers share; "
        "run this with --engine virtual, or without"
    )
