"""Every fault of the language in virtual time: what happens, exactly when, and what holds afterwards.

Each run is made twice, and has to be the same to the byte; and the checker has to find every trace valid.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeVar

import pytest

from emulator import Options, RunResult, Scenario, run
from emulator.checker.checker import check_trace
from emulator.errors import WorkerDied
from emulator.faults.rules import LOSABLE
from emulator.protocol.events import (
    AnyEvent,
    Arrived,
    BarrierOpened,
    Died,
    Event,
    FaultBegan,
    FaultEnded,
    FileUnavailable,
    MessageFaulted,
    Received,
    Restarted,
    SegmentRejected,
    Sent,
)
from emulator.protocol.files import ClientInput
from emulator.protocol.messages import TRACKER, AnyMessage, ConnectionCount, Hit, Lost, Miss
from emulator.scenario.network import Network
from emulator.trace.reader import Trace
from tests.protocol.scripted import file_of

E = TypeVar("E", bound=Event)

FILE = file_of(40, "file1")
SEED, LEECHER = ClientInput((FILE,)), ClientInput((), ("file1",))
LEECHERS = (2, 3, 4)


def swarm(num_seeds: int = 1, num_leechers: int = 3) -> Scenario:
    """Client 1, and perhaps others, have all 40 segments; the rest want them, and march in step."""
    return Scenario(Path("not-there"), (SEED,) * num_seeds + (LEECHER,) * num_leechers, is_on_disk=False)


class Said(NamedTuple):
    """A message that was sent, or received, at this time."""

    time_s: float
    source: int
    dest: int
    message: AnyMessage

    @property
    def is_hit(self) -> bool:
        return isinstance(self.message, Hit)


@dataclass
class Played:
    """A run that has ended, and all that happened in it, single messages included: when, to whom, and what."""

    result: RunResult
    events: list[tuple[float, int, AnyEvent]]

    def of(self, *kinds: type[E]) -> list[tuple[float, int, E]]:
        return [(time_s, rank, event) for time_s, rank, event in self.events if isinstance(event, kinds)]

    def sent(self) -> list[Said]:
        return [Said(time_s, rank, event.to, event.message) for time_s, rank, event in self.of(Sent)]

    def received(self) -> list[Said]:
        return [Said(time_s, event.source, rank, event.message) for time_s, rank, event in self.of(Received)]

    def faulted(self) -> Counter[str]:
        """What was done to messages, and how often."""
        return Counter(event.verdict for _, _, event in self.of(MessageFaulted))

    def num_losable(self) -> int:
        """Messages that were sent and may be lost."""
        return sum(type(said.message) in LOSABLE for said in self.sent())

    def num_got(self, rank: int) -> int:
        """Segments that arrived at a client."""
        return sum(said.dest == rank and said.is_hit for said in self.received())

    def complete(self) -> list[int]:
        return [check.client for check in self.result.verification.outputs if check.verdict == "right"]


def play(folder: Path, scenario: Scenario, *faults: str, verdict: str = "valid", **options: object) -> Played:
    given = Options(engine="virtual", faults=faults, timeout_s=30, **options)  # type: ignore[arg-type]
    traces = [folder / "trace.jsonl", folder / "again.jsonl"]
    results = [run(scenario, None, given, trace=trace) for trace in traces]
    assert traces[0].read_bytes() == traces[1].read_bytes()
    report = check_trace(Trace(traces[0]), scenario.clients)
    assert report.verdict == verdict, [rule.violations[:1] for rule in report.rules if rule.verdict != "valid"]
    return Played(results[0], list(events_of(traces[0])))


def events_of(trace: Path) -> Iterator[tuple[float, int, AnyEvent]]:
    for _, stamps, events in Trace(trace):
        for stamp, event in zip(stamps, events, strict=True):
            yield round(stamp.t, 9), stamp.rank, event


# Death


def test_a_client_is_killed_at_a_time_and_the_others_complete(tmp_path: Path) -> None:
    played = play(tmp_path, swarm(), "kill client 2 at 20ms")
    assert played.of(FaultBegan, Died) == [
        (0.02, 2, FaultBegan("kill client 2 at 20ms")),
        (0.02, 2, Died("was killed")),
    ]
    assert played.complete() == [3, 4]
    assert played.result.died == {2: "client 2 was killed; download thread at D6"}
    assert played.result.exit_status == 1
    assert max(time_s for time_s, rank, _ in played.events if rank == 2) == 0.02


def test_a_client_is_killed_when_a_share_of_all_segments_is_transferred(tmp_path: Path) -> None:
    played = play(tmp_path, swarm(), "kill client 3 at 40%")
    ((died_s, rank, _),) = played.of(Died)
    assert sum(said.is_hit for said in played.received() if said.time_s <= died_s) == 3 * 40 * 2 // 5
    assert (rank, played.complete()) == (3, [2, 4])


def test_each_client_is_killed_after_its_own_segments(tmp_path: Path) -> None:
    played = play(tmp_path, swarm(), "kill clients 2-3 after 25 segments")
    assert [played.num_got(rank) for rank in LEECHERS] == [25, 25, 40]
    assert [rank for _, rank, _ in played.of(Died)] == [2, 3]
    assert played.complete() == [4]


@pytest.mark.parametrize("number", [1, 2, 3, 17])
def test_a_client_is_killed_just_before_its_message(tmp_path: Path, number: int) -> None:
    """The first is its report, so that the barrier opens without it; the second its request for metadata."""
    played = play(tmp_path, swarm(), f"kill client 2 at message {number}")
    assert sum(said.source == 2 for said in played.sent()) == number - 1
    assert played.complete() == [3, 4]


def test_when_the_last_holder_dies_the_files_are_unavailable_and_counted(tmp_path: Path) -> None:
    played = play(tmp_path, swarm(), "kill client 1 at 40%")
    assert [(rank, event) for _, rank, event in played.of(FileUnavailable)] == [
        (rank, FileUnavailable("file1", num_present=17, num_lost=23)) for rank in LEECHERS
    ]
    assert (played.complete(), played.result.exit_status) == ([], 1)


def test_who_has_all_stands_in_for_a_seed_that_dies(tmp_path: Path) -> None:
    played = play(tmp_path, swarm(), "kill client 1 at 200ms", arrivals_s=(0, 0, 0, 0, 0.3))
    assert played.complete() == [2, 3, 4]
    assert played.num_got(4) == 40
    assert {said.source for said in played.sent() if said.is_hit and said.dest == 4} <= {2, 3}


def test_all_die_and_the_run_ends(tmp_path: Path) -> None:
    # Nothing is left that could show whether the rules of the end were kept.
    played = play(tmp_path, swarm(), "kill clients 1-4 at 30ms", verdict="unknown")
    assert played.complete() == []
    assert sorted(played.result.died) == [1, 2, 3, 4]


@pytest.mark.parametrize("at_s", ["1ms", "1.5ms", "40%", "95ms"])
def test_the_death_of_the_tracker_is_the_end(tmp_path: Path, at_s: str) -> None:
    output = tmp_path / "out"
    output.mkdir()
    options = Options(engine="virtual", faults=(f"kill tracker at {at_s}",))
    with pytest.raises(WorkerDied, match=r"^the tracker was killed; main thread at T[135]$") as failure:
        run(swarm(), output, options, trace=tmp_path / "trace.jsonl")
    assert failure.value.exit_status == 1
    events = list(events_of(tmp_path / "trace.jsonl"))
    ((died_s, rank, _),) = [happened for happened in events if isinstance(happened[2], Died)]
    assert (rank, events[-1][0]) == (TRACKER, died_s)
    assert list(output.iterdir()) == []


# Return


def test_who_comes_back_with_its_state_is_given_nothing_twice(tmp_path: Path) -> None:
    played = play(tmp_path, swarm(), "kill client 2 at 40% and restart it after 50ms")
    (died_s, *_), (restarted_s, rank, restarted) = played.of(Died, Restarted)
    assert (rank, restarted, round(restarted_s - died_s, 9)) == (2, Restarted(is_state_kept=True), 0.05)
    assert played.num_got(2) == 40
    assert (played.complete(), played.result.exit_status, played.result.died) == ([2, 3, 4], 0, {})


def test_who_comes_back_without_its_state_gets_all_again(tmp_path: Path) -> None:
    played = play(tmp_path, swarm(), "kill client 2 after 25 segments and restart it after 50ms without its state")
    assert [event for _, _, event in played.of(Restarted)] == [Restarted(is_state_kept=False)]
    assert played.num_got(2) == 25 + 40
    assert played.complete() == [2, 3, 4]


def test_a_seed_that_comes_back_is_waited_for(tmp_path: Path) -> None:
    played = play(tmp_path, swarm(), "kill client 1 at 40% and restart it after 3s")
    assert played.complete() == [2, 3, 4]
    assert [played.num_got(rank) for rank in LEECHERS] == [40, 40, 40]


def test_with_restart_every_client_comes_back(tmp_path: Path) -> None:
    played = play(tmp_path, swarm(), "kill clients 1-2 at 40%", "kill client 4 at 30ms", restart=True)
    assert sorted(rank for _, rank, _ in played.of(Restarted)) == [1, 2, 4]
    assert (played.complete(), played.result.exit_status) == ([2, 3, 4], 0)


def test_who_comes_back_finds_its_outputs_and_segments_in_the_folder(tmp_path: Path) -> None:
    faults = ("kill client 2 at 40% and restart it after 50ms",)
    result = run(swarm(), tmp_path / "out", Options(engine="virtual", faults=faults))
    assert result.is_proven
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [f"client{rank}_file1" for rank in LEECHERS]


# Standing still, and slowness


@pytest.mark.parametrize("who", ["client 1", "client 3", "tracker"])
def test_who_is_paused_does_nothing_and_all_complete_when_it_goes_on(tmp_path: Path, who: str) -> None:
    fault = f"pause {who} at 20ms for 1s"
    rank = TRACKER if who == "tracker" else int(who[-1])
    played = play(tmp_path, swarm(), fault)
    assert played.of(FaultBegan, FaultEnded) == [(0.02, rank, FaultBegan(fault)), (1.02, rank, FaultEnded(fault))]
    assert not [event for time_s, by, event in played.events if by == rank and 0.02 < time_s < 1.02]
    assert [event for time_s, by, event in played.events if by == rank and time_s >= 1.02]
    assert (played.complete(), played.result.exit_status) == ([2, 3, 4], 0)


def test_a_slow_client_s_messages_take_so_many_times_as_long(tmp_path: Path) -> None:
    """Barrier and swarm at 1 ms a message, connection count and 10 segments at 4, and the word to the tracker."""
    played = play(tmp_path, Scenario(Path("x"), (ten(), LEECHER), is_on_disk=False), "slow client 1 by 4")
    assert played.result.makespan_s == pytest.approx((1 + 2 + 2 * 4 + 10 * 2 * 4 + 1) * 0.001)


def ten() -> ClientInput:
    return ClientInput((file_of(10, "file1"),))


def test_a_slow_client_s_line_carries_so_many_times_less_and_is_as_before_when_it_ends(tmp_path: Path) -> None:
    """Without delay, a segment takes a second, and four while the fault lasts: two of them, and eight more."""
    network = Network.uniform(3, up=100.0, delay_s=0.0, segment_bytes=100)
    scenario = Scenario(Path("x"), (ten(), LEECHER), is_on_disk=False)
    played = play(tmp_path, scenario, "slow client 1 by 4 for 7s", network=network)
    assert played.result.makespan_s == pytest.approx(2 * 4 + 8 * 1)
    assert [time_s for time_s, _, _ in played.of(FaultEnded)] == [7.0]


@pytest.mark.parametrize("fault", ["slow client 2 by 4 at 100s", "drop 10% of messages at 100s for 1s"])
def test_nothing_happens_to_a_swarm_that_has_ended(tmp_path: Path, fault: str) -> None:
    played = play(tmp_path, swarm(), fault)
    assert played.of(FaultBegan, FaultEnded) == []
    assert played.result.elapsed_s < 1


# Cuts


def test_a_cut_drops_questions_and_answers_and_all_complete_after_it(tmp_path: Path) -> None:
    fault = "cut off client 2 at 20ms for 100ms"
    played = play(tmp_path, swarm(), fault)
    assert played.of(FaultBegan, FaultEnded) == [
        (0.02, 2, FaultBegan("cut off client 2 at 20ms for 0.1s")),
        (0.12, 2, FaultEnded("cut off client 2 at 20ms for 0.1s")),
    ]
    meanwhile = [said.source for said in played.received() if said.dest == 2 and 0.021 < said.time_s < 0.12]
    assert set(meanwhile) <= {TRACKER}
    assert played.faulted().keys() == {"dropped"}
    assert played.complete() == [2, 3, 4]


def test_a_cut_from_the_tracker_holds_back_what_is_told_once(tmp_path: Path) -> None:
    """Client 2's report arrives when the cut ends, and everybody has waited for it."""
    played = play(tmp_path, swarm(), "cut off client 2 from tracker for 1s")
    assert played.faulted() == {"delayed": 1}
    assert played.of(BarrierOpened)[0] == (1.001, TRACKER, BarrierOpened(1))
    assert played.complete() == [2, 3, 4]


def test_what_is_held_back_by_one_who_dies_is_lost_with_it(tmp_path: Path) -> None:
    played = play(tmp_path, swarm(), "cut off client 2 from tracker for 1s", "kill client 2 at 500ms")
    assert played.complete() == [3, 4]
    assert 0.5 < played.of(BarrierOpened)[0][0] < 0.51
    assert not [
        said for said in played.received() if (said.source, said.dest) == (2, TRACKER) and said.message != Lost()
    ]


# Messages


def test_what_is_dropped_is_asked_for_again(tmp_path: Path) -> None:
    played = play(tmp_path, swarm(), "drop 20% of messages")
    assert played.complete() == [2, 3, 4]
    num_sent = played.num_losable()
    assert 0.1 < played.faulted()["dropped"] / num_sent < 0.3
    assert len(played.of(Received)) == len(played.of(Sent)) - played.faulted()["dropped"]


def test_what_comes_twice_changes_nothing(tmp_path: Path) -> None:
    without, played = play(tmp_path, swarm()), play(tmp_path, swarm(), "duplicate 100% of messages")
    num_sent = played.num_losable()
    assert played.faulted() == {"duplicated": num_sent}
    assert played.complete() == [2, 3, 4]
    assert played.result.num_segments == without.result.num_segments == 120
    assert played.result.makespan_s == without.result.makespan_s


def test_what_is_delayed_takes_so_much_longer(tmp_path: Path) -> None:
    """Two messages for the swarm, the connection count and each of 10 segments; barrier and end are told once."""
    scenario = Scenario(Path("x"), (ten(), LEECHER), is_on_disk=False)
    played = play(tmp_path, scenario, "delay 100% of messages by 20ms")
    assert played.result.makespan_s == pytest.approx(0.001 + 12 * 2 * 0.021 + 0.001)
    assert played.faulted() == {"delayed": 12 * 2 + 1}  # and the close


def test_what_is_reordered_is_overtaken_and_all_complete(tmp_path: Path) -> None:
    played = play(tmp_path, swarm(), "reorder 60% of messages", quota=2)
    assert played.complete() == [2, 3, 4]
    assert any(is_overtaken(played, source, dest) for source in LEECHERS for dest in (1, *LEECHERS))


def is_overtaken(played: Played, source: int, dest: int) -> bool:
    """Whether messages on this way arrived in another order than that in which they were sent."""
    sent, received = (
        [said.message for said in all_said if (said.source, said.dest) == (source, dest)]
        for all_said in (played.sent(), played.received())
    )
    return sent != received


def test_every_wrong_segment_is_rejected_and_nothing_wrong_is_written(tmp_path: Path) -> None:
    played = play(tmp_path, swarm(), "corrupt 20% of segments")
    assert played.faulted()["corrupted"] == len(played.of(SegmentRejected)) > 10
    assert played.complete() == [2, 3, 4]
    assert [played.num_got(rank) for rank in LEECHERS] == [
        40 + sum(by == rank for _, by, _ in played.of(SegmentRejected)) for rank in LEECHERS
    ]


def test_faults_of_one_sender_leave_the_messages_of_others_alone(tmp_path: Path) -> None:
    played = play(tmp_path, swarm(2), "drop 30% of messages of client 2", "corrupt 50% of segments of client 1")
    whose = {(event.verdict, rank) for _, rank, event in played.of(MessageFaulted)}
    assert whose == {("dropped", 2), ("corrupted", 1)}
    assert played.complete() == [3, 4, 5]


# Those that do not do their part


def test_a_free_rider_gives_nothing_and_gets_everything(tmp_path: Path) -> None:
    played = play(tmp_path, swarm(2), "free rider client 2")
    answers = {type(said.message) for said in played.sent() if said.source == 2 and said.dest in (3, 4, 5)}
    assert answers == {ConnectionCount, Miss}
    assert played.complete() == [3, 4, 5]
    assert played.result.clients[1].num_uploaded == 0


@pytest.mark.parametrize("fault", ["free rider client 1", "liar client 1"])
def test_what_only_a_free_rider_or_a_liar_holds_is_unavailable(tmp_path: Path, fault: str) -> None:
    played = play(tmp_path, swarm(), fault)
    assert [event for _, _, event in played.of(FileUnavailable)] == [FileUnavailable("file1", 0, 40)] * 3
    assert (played.complete(), played.result.exit_status) == ([], 1)


def test_a_liar_s_segments_are_rejected_and_got_elsewhere(tmp_path: Path) -> None:
    played = play(tmp_path, swarm(2), "liar client 2")
    assert {event.uploader for _, _, event in played.of(SegmentRejected)} == {2}
    assert played.complete() == [3, 4, 5]
    assert sum(client.num_from_seeds + client.num_from_peers for client in played.result.clients) == 120


# Crowds


def test_a_flash_crowd_begins_at_its_time_after_the_second_barrier(tmp_path: Path) -> None:
    """The barrier opens when four messages in a row have arrived, each after 1 ms, and its signal takes another."""
    played = play(tmp_path, swarm(), "flash crowd of clients 3-4 at 200ms")
    assert played.of(Arrived) == [(0.204, 3, Arrived()), (0.204, 4, Arrived())]
    assert not [said for said in played.sent() if said.source in (3, 4) and 0.004 < said.time_s < 0.204]
    assert played.complete() == [2, 3, 4]
